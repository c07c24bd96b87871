//! The store in PostgreSQL, for any number of replicas. A replica keeps nothing in memory that
//! another one needs.
//!
//! Work runs in its own transaction, which locks the row of its calendar (S2). After the commit,
//! `notify` tells the other replicas.

mod notify;
mod open;
mod sql;
mod writer;

use async_trait::async_trait;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;
use sqlx::{PgPool, Postgres, Row};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::backend::Backend;
use super::rows::impl_columns;
use super::sql::impl_connection;
use super::{ErasedWork, IfMissing, OnCommit, OpenError};
use crate::domain::CalendarId;
pub(super) use open::copy_target;

/// The store in a PostgreSQL database.
pub(super) struct PostgresStore {
    pool: PgPool,
    notifier: notify::Notifier,
    tasks: TaskTracker,
    /// Cancelled when the store refuses new work.
    closing: CancellationToken,
    /// Cancelled when all work is done.
    closed: CancellationToken,
}

impl PostgresStore {
    pub(super) async fn open(
        url: &str,
        connections: u32,
        if_missing: IfMissing,
        tasks: &TaskTracker,
    ) -> Result<Self, OpenError> {
        let (options, pool) = open::database(url, connections, if_missing).await?;
        let closing = CancellationToken::new();
        let closed = CancellationToken::new();
        let notifier = notify::Notifier::start(options, tasks, &closed);
        Ok(Self { pool, notifier, tasks: tasks.clone(), closing, closed })
    }
}

impl_columns!(sqlx::postgres::PgRow);
impl_connection!(Postgres, sqlx::PgConnection, sql::SQL, ids_to_array);

fn ids_to_array(ids: &[CalendarId]) -> Vec<uuid::Uuid> {
    ids.iter().map(|it| it.0).collect()
}

#[async_trait]
impl Backend for PostgresStore {
    type Db = Postgres;

    fn readers(&self) -> &PgPool {
        &self.pool
    }

    async fn submit(&self, work: ErasedWork) -> super::Result<()> {
        self.run_work(work).await
    }

    fn on_commit(&self, callback: OnCommit) {
        self.notifier.on_commit(callback);
    }

    async fn close(&self) {
        self.closing.cancel();
        self.pool.close().await;
        self.closed.cancel();
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.closed.cancel();
    }
}

/// Whether a retry may succeed: the server is starting, stopping, full or out of connections, or
/// another transaction held a lock.
pub(super) fn is_transient(error: &dyn DatabaseError) -> bool {
    let Some(error) = error.try_downcast_ref::<PgDatabaseError>() else { return false };
    is_conflict(error) || matches!(&error.code()[..2], "08" | "53" | "55" | "57" | "58")
}

/// Whether a concurrent transaction caused the error, so that the work can be run again at once.
/// This includes unique violations: the second run finds the row that the other one has inserted.
fn is_conflict(error: &PgDatabaseError) -> bool {
    matches!(error.code(), "40001" | "40P01" | "23505")
}
