//! The store in one SQLite file: WAL, every commit flushed, one writer and a few readers.
//!
//! The writer is a task with a queue. It takes the queued work, gives each item a savepoint, and
//! commits once for all of them, so that concurrent writers share one flush. No other connection
//! writes, so `BEGIN IMMEDIATE` never waits for one of ours.

mod backup;
mod open;
mod sql;
mod writer;

use std::path::Path;

use async_trait::async_trait;
use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteError;
use sqlx::{Row, Sqlite, SqlitePool};
use tokio_util::task::TaskTracker;

use super::backend::Backend;
use super::rows::impl_columns;
use super::sql::impl_connection;
use super::{ErasedWork, IfMissing, OnCommit, OpenError};
use crate::domain::CalendarId;
pub(super) use backup::backup;
pub(super) use open::copy_source;

/// The store in one file. When it is dropped, the writer ends after the queued work.
pub(super) struct SqliteStore {
    readers: SqlitePool,
    writer: writer::Writer,
}

impl SqliteStore {
    pub(super) async fn open(
        path: &Path,
        if_missing: IfMissing,
        tasks: &TaskTracker,
    ) -> Result<Self, OpenError> {
        let (options, connection) = open::database(path, if_missing).await?;
        let readers = open::readers(&options);
        let writer = writer::Writer::start(options, connection, tasks);
        Ok(Self { readers, writer })
    }
}

impl_columns!(sqlx::sqlite::SqliteRow);
impl_connection!(Sqlite, sqlx::SqliteConnection, sql::SQL, ids_to_json);

/// Writes ids as a JSON array, because SQLite has no array parameters.
fn ids_to_json(ids: &[CalendarId]) -> String {
    let ids: Vec<_> = ids.iter().map(|it| format!("\"{}\"", it.0.simple())).collect();
    format!("[{}]", ids.join(","))
}

#[async_trait]
impl Backend for SqliteStore {
    type Db = Sqlite;

    fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    async fn submit(&self, work: ErasedWork) -> super::Result<()> {
        self.writer.submit(work).await
    }

    fn on_commit(&self, callback: OnCommit) {
        self.writer.on_commit(callback);
    }

    async fn close(&self) {
        self.writer.close();
        self.readers.close().await;
    }
}

/// Whether a retry may succeed.
pub(super) fn is_transient(error: &dyn DatabaseError) -> bool {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const IO: i32 = 10;
    const FULL: i32 = 13;
    let is_sqlite = error.try_downcast_ref::<SqliteError>().is_some();
    is_sqlite && matches!(primary_code(error), Some(BUSY | LOCKED | IO | FULL))
}

/// Returns SQLite's primary result code. sqlx has the extended code, as text.
fn primary_code(error: &dyn DatabaseError) -> Option<i32> {
    error.code()?.parse::<i32>().ok().map(|it| it & 0xff)
}

#[cfg(test)]
mod tests;
