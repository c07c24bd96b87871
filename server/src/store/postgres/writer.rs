//! One transaction for each piece of work.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use sqlx::postgres::PgDatabaseError;
use sqlx::{Connection, PgPool};

use super::super::pooled::PooledConnection;
use super::super::transaction::Open;
use super::super::{ErasedWork, Result, StoreError};
use super::{PostgresStore, is_in_the_way};
use crate::domain::{CalendarId, Revision};

/// How often work is begun anew because others were in the way.
const ATTEMPTS: usize = 8;

impl PostgresStore {
    /// Does a job in a task of its own: a caller that goes away changes nothing.
    pub(super) async fn do_job(&self, job: Box<dyn ErasedWork>) -> Result<()> {
        if self.closing.is_cancelled() {
            return Err(StoreError::Unavailable("the store is closed".into()));
        }
        let (pool, wakeups) = (self.pool.clone(), self.wakeups.clone());
        let done = self.tasks.spawn(async move {
            let heads = with_patience(&pool, job.as_ref()).await?;
            wakeups.committed(heads);
            Ok(())
        });
        done.await.unwrap_or_else(|error| Err(StoreError::Failed(error.into())))
    }
}

/// Begins anew what others were in the way of.
async fn with_patience(pool: &PgPool, job: &dyn ErasedWork) -> Result<Vec<(CalendarId, Revision)>> {
    let mut attempt = 1;
    loop {
        match once(pool, job).await {
            Err(error) if attempt < ATTEMPTS && was_in_the_way(&error) => attempt += 1,
            done => return done,
        }
    }
}

async fn once(pool: &PgPool, job: &dyn ErasedWork) -> Result<Vec<(CalendarId, Revision)>> {
    let mut connection = PooledConnection::of(pool).await?;
    let mut tx = connection.begin().await?;
    let mut open = Open::new(&mut *tx);
    // A panic is a bug; its transaction is rolled back like any other that fails.
    let result = AssertUnwindSafe(job.run(&mut open)).catch_unwind().await;
    let heads = open.heads;
    match result.unwrap_or_else(|_| Err(StoreError::Failed("a job panicked".into()))) {
        Ok(()) => {
            // If the line is lost here nobody knows what came of it; the same mutation id settles it.
            tx.commit().await.map_err(|error| StoreError::Unavailable(error.into()))?;
            Ok(heads)
        }
        Err(error) => {
            // (A connection that is broken rolls back by itself.)
            let _ = tx.rollback().await;
            Err(error)
        }
    }
}

fn was_in_the_way(error: &StoreError) -> bool {
    let source = std::error::Error::source(error);
    let database = source.and_then(|it| it.downcast_ref::<sqlx::Error>()?.as_database_error());
    database.and_then(|it| it.try_downcast_ref::<PgDatabaseError>()).is_some_and(is_in_the_way)
}
