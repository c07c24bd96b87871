//! Connections of a pool, lent for a while.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Database, Pool};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::Result;

/// A connection that does not answer by then is dead, even if nobody has said so.
pub(super) const ANSWER: Duration = Duration::from_secs(2);

/// A connection that goes back when it is dropped. Its pool then asks whether it is alive, and would wait for as long as the
/// network does, while it counts as one of so many; two such, and nobody gets any. So that wait has an end here.
pub(super) struct PooledConnection<D: Database>(PoolConnection<D>);

impl<D: Database> PooledConnection<D> {
    pub(super) async fn of(pool: &Pool<D>) -> Result<Self> {
        Ok(Self(pool.acquire().await?))
    }
}

impl<D: Database> Deref for PooledConnection<D> {
    type Target = D::Connection;

    fn deref(&self) -> &D::Connection {
        &self.0
    }
}

impl<D: Database> DerefMut for PooledConnection<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        &mut self.0
    }
}

impl<D: Database> Drop for PooledConnection<D> {
    fn drop(&mut self) {
        // (When everything ends, so does this. No option of a pool limits its own question, and the way back, which can be
        // waited for, is public but not in sqlx's pages.)
        if let Ok(runtime) = Handle::try_current() {
            let back = timeout(ANSWER, self.0.return_to_pool());
            runtime.spawn(async move { _ = back.await });
        }
    }
}
