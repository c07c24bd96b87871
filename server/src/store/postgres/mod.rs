//! Calendars in PostgreSQL, for as many servers as there are: nothing is kept in memory that another one needs.
//!
//! Each piece of work has a transaction of its own, which locks the row of its calendar (S2). A commit is told to the others by
//! `notify`, after it and outside of it.

mod apply;
mod columns;
mod open;
mod read;
mod transaction;
mod upkeep;
mod wakeups;
mod writer;

use sqlx::PgPool;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Missing, OpenError};
pub(super) use open::target;

/// The store in a database of a PostgreSQL server.
pub(super) struct PostgresStore {
    pool: PgPool,
    wakeups: wakeups::Wakeups,
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
        missing: Missing,
        tasks: &TaskTracker,
    ) -> Result<Self, OpenError> {
        let (options, pool) = open::database(url, connections, missing).await?;
        let (closing, closed) = (CancellationToken::new(), CancellationToken::new());
        let wakeups = wakeups::Wakeups::start(options, tasks, &closed);
        Ok(Self { pool, wakeups, tasks: tasks.clone(), closing, closed })
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.closed.cancel();
    }
}

/// Whether trying again may help: the server is stopping, starting, full or out of connections, or somebody held a lock.
pub(super) fn is_passing(error: &dyn DatabaseError) -> bool {
    let Some(error) = error.try_downcast_ref::<PgDatabaseError>() else { return false };
    is_in_the_way(error) || matches!(&error.code()[..2], "08" | "53" | "55" | "57" | "58")
}

/// Whether another transaction was in the way, so that the same work may be done again at once. (Whoever comes second
/// under one key finds the first when it looks again.)
fn is_in_the_way(error: &PgDatabaseError) -> bool {
    matches!(error.code(), "40001" | "40P01" | "23505")
}
