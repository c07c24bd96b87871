//! Calendars in PostgreSQL, for as many servers as there are: nothing is kept in memory that another one needs.
//!
//! Each piece of work has a transaction of its own, which locks the row of its calendar (S2). A commit is told to the others by
//! `notify`, after it and outside of it.

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
use super::rows::reads_columns;
use super::sql::connects;
use super::{ErasedWork, IfMissing, OnCommit, OpenError};
use crate::domain::CalendarId;
pub(super) use open::target;

/// The store in a database of a PostgreSQL server.
pub(super) struct PostgresStore {
    pool: PgPool,
    wakeups: notify::Wakeups,
    tasks: TaskTracker,
    /// Nothing more is taken.
    closing: CancellationToken,
    /// All is done, and told.
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
        let (closing, closed) = (CancellationToken::new(), CancellationToken::new());
        let wakeups = notify::Wakeups::start(options, tasks, &closed);
        Ok(Self { pool, wakeups, tasks: tasks.clone(), closing, closed })
    }
}

reads_columns!(sqlx::postgres::PgRow);
connects!(Postgres, sqlx::PgConnection, sql::SQL, list);

fn list(ids: &[CalendarId]) -> Vec<uuid::Uuid> {
    ids.iter().map(|it| it.0).collect()
}

#[async_trait]
impl Backend for PostgresStore {
    type Db = Postgres;

    fn readers(&self) -> &PgPool {
        &self.pool
    }

    async fn submit(&self, job: Box<dyn ErasedWork>) -> super::Result<()> {
        self.do_job(job).await
    }

    fn on_commit(&self, wake: OnCommit) {
        self.wakeups.on_commit(wake);
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

/// Whether trying again may help: the server is stopping, starting, full or out of connections, or somebody held a lock.
pub(super) fn is_transient(error: &dyn DatabaseError) -> bool {
    let Some(error) = error.try_downcast_ref::<PgDatabaseError>() else { return false };
    is_in_the_way(error) || matches!(&error.code()[..2], "08" | "53" | "55" | "57" | "58")
}

/// Whether another transaction was in the way, so that the same work may be done again at once. (Whoever comes second
/// under one key finds the first when it looks again.)
fn is_in_the_way(error: &PgDatabaseError) -> bool {
    matches!(error.code(), "40001" | "40P01" | "23505")
}
