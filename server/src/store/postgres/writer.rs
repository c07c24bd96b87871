//! Runs work, each in its own transaction.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use sqlx::postgres::PgDatabaseError;
use sqlx::{Connection, PgPool};

use super::super::pooled::PooledConnection;
use super::super::transaction::OpenTransaction;
use super::super::{ErasedWork, Result, StoreError};
use super::{PostgresStore, is_conflict};
use crate::domain::{CalendarId, Revision};

/// The maximum number of runs of work that conflicts with concurrent transactions.
const MAX_ATTEMPTS: usize = 8;

impl PostgresStore {
    /// Runs work in its own task, so that it finishes even if its caller is gone.
    pub(super) async fn run_work(&self, work: ErasedWork) -> Result<()> {
        if self.closing.is_cancelled() {
            return Err(StoreError::Unavailable("the store is closed".into()));
        }
        let pool = self.pool.clone();
        let notifier = self.notifier.clone();
        let done = self.tasks.spawn(async move {
            let heads = run_with_retries(&pool, &work).await?;
            notifier.notify(heads);
            Ok(())
        });
        done.await.unwrap_or_else(|error| Err(StoreError::Failed(error.into())))
    }
}

/// Runs work until it does not conflict with a concurrent transaction. Returns the heads that it
/// has moved.
async fn run_with_retries(pool: &PgPool, work: &ErasedWork) -> Result<Vec<(CalendarId, Revision)>> {
    let mut attempt = 1;
    loop {
        match run_once(pool, work).await {
            Err(error) if attempt < MAX_ATTEMPTS && is_caused_by_conflict(&error) => attempt += 1,
            result => return result,
        }
    }
}

async fn run_once(pool: &PgPool, work: &ErasedWork) -> Result<Vec<(CalendarId, Revision)>> {
    let mut connection = PooledConnection::acquire(pool).await?;
    let mut transaction = connection.begin().await?;
    let mut tx = OpenTransaction::new(&mut *transaction);
    // A panic is a bug, but its transaction must be rolled back like any other that fails.
    let result = AssertUnwindSafe(work.run(&mut tx)).catch_unwind().await;
    let heads = tx.heads;
    match result.unwrap_or_else(|_| Err(StoreError::Failed("work panicked".into()))) {
        Ok(()) => {
            // If the connection is lost here, the outcome is unknown. The client finds out by a
            // retry with the same mutation id.
            transaction.commit().await.map_err(|error| StoreError::Unavailable(error.into()))?;
            Ok(heads)
        }
        Err(error) => {
            // If this fails, the connection is broken and the server rolls back.
            let _ = transaction.rollback().await;
            Err(error)
        }
    }
}

fn is_caused_by_conflict(error: &StoreError) -> bool {
    let source = std::error::Error::source(error);
    let database = source.and_then(|it| it.downcast_ref::<sqlx::Error>()?.as_database_error());
    database.and_then(|it| it.try_downcast_ref::<PgDatabaseError>()).is_some_and(is_conflict)
}
