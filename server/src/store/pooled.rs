//! Connections borrowed from a pool.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Database, Pool};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::Result;

/// The time limit for returning a connection to its pool. A connection that takes longer is dead.
const RETURN_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that returns to its pool when it is dropped.
///
/// The pool pings a returned connection. If the network is dead, the ping takes as long as the
/// network's own timeout, and the connection counts as in use until then. A few such connections
/// would exhaust the pool, so [`RETURN_TIMEOUT`] limits the ping.
pub(super) struct PooledConnection<D: Database>(PoolConnection<D>);

impl<D: Database> PooledConnection<D> {
    pub(super) async fn acquire(pool: &Pool<D>) -> Result<Self> {
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
        // `return_to_pool` is public but undocumented in sqlx. No pool option limits the ping.
        // Without a runtime the process is ending, and the connection with it.
        if let Ok(runtime) = Handle::try_current() {
            let returned = timeout(RETURN_TIMEOUT, self.0.return_to_pool());
            runtime.spawn(async move { _ = returned.await });
        }
    }
}
