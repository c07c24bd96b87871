//! Calendars in one SQLite file: WAL, every commit flushed, one writer and a few readers.
//!
//! The writer is a task with a queue. It takes what has queued up, gives each piece of work a
//! savepoint and commits once for all of them, so that twenty writers share one flush. Nothing
//! else ever writes, so `BEGIN IMMEDIATE` never waits for another connection of ours.

mod apply;
mod backup;
mod columns;
mod open;
mod read;
mod transaction;
mod upkeep;
mod writer;

use std::path::Path;

use sqlx::SqlitePool;
use sqlx::error::DatabaseError;
use sqlx::sqlite::SqliteError;
use tokio_util::task::TaskTracker;

use super::{Missing, OpenError};
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
        missing: Missing,
        tasks: &TaskTracker,
    ) -> Result<Self, OpenError> {
        let (options, connection) = open::database(path, missing).await?;
        let readers = open::readers(&options);
        let writer = writer::Writer::start(options, connection, tasks);
        Ok(Self { readers, writer })
    }
}

/// Whether trying again may help.
pub(super) fn is_passing(error: &dyn DatabaseError) -> bool {
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
