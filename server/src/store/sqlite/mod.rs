//! Calendars in one SQLite file: WAL, every commit flushed, one writer and a few readers.
//!
//! The writer is a task with a queue. It takes what has queued up, gives each piece of work a
//! savepoint and commits once for all of them, so that twenty writers share one flush. Nothing
//! else ever writes, so `BEGIN IMMEDIATE` never waits for another connection of ours.

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
use super::rows::reads_columns;
use super::sql::connects;
use super::{ErasedWork, IfMissing, OnCommit, OpenError};
use crate::domain::CalendarId;
pub(super) use backup::backup;
pub(super) use open::source;

/// The store in one file. Dropping it ends the writer, after what is queued.
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

reads_columns!(sqlx::sqlite::SqliteRow);
connects!(Sqlite, sqlx::SqliteConnection, sql::SQL, hex_list);

/// SQLite takes no list as an argument; JSON is one.
fn hex_list(ids: &[CalendarId]) -> String {
    let ids: Vec<_> = ids.iter().map(|it| format!("\"{}\"", it.0.simple())).collect();
    format!("[{}]", ids.join(","))
}

#[async_trait]
impl Backend for SqliteStore {
    type Db = Sqlite;

    fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    async fn submit(&self, job: Box<dyn ErasedWork>) -> super::Result<()> {
        self.writer.submit(job).await
    }

    fn on_commit(&self, wake: OnCommit) {
        self.writer.on_commit(wake);
    }

    async fn close(&self) {
        self.writer.close();
        self.readers.close().await;
    }
}

/// Whether trying again may help.
pub(super) fn is_transient(error: &dyn DatabaseError) -> bool {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const IO: i32 = 10;
    const FULL: i32 = 13;
    let is_ours = error.try_downcast_ref::<SqliteError>().is_some();
    is_ours && matches!(code(error), Some(BUSY | LOCKED | IO | FULL))
}

/// SQLite's primary result code; sqlx gives the extended one, as text.
fn code(error: &dyn DatabaseError) -> Option<i32> {
    error.code()?.parse::<i32>().ok().map(|it| it & 0xff)
}

#[cfg(test)]
mod tests;
