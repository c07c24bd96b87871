//! The part of a store that differs between databases.

use sqlx::{Database, Pool};

use super::pooled::PooledConnection;
use super::sql::Connection;
use super::{ErasedWork, OnCommit, Result};

/// A database: how to read, commit and notify. Everything else is the same for all databases.
#[async_trait::async_trait]
pub(super) trait Backend: Send + Sync + 'static {
    /// The sqlx driver.
    type Db: Database<Connection: Connection>;

    /// Returns the connections for reading.
    fn readers(&self) -> &Pool<Self::Db>;

    /// Borrows a connection for reading.
    async fn reader(&self) -> Result<PooledConnection<Self::Db>> {
        PooledConnection::acquire(self.readers()).await
    }

    /// Implements [`super::Store::submit`] for this database.
    async fn submit(&self, work: ErasedWork) -> Result<()>;

    /// Implements [`super::Log::on_commit`] for this database.
    fn on_commit(&self, callback: OnCommit);

    /// Implements [`super::Store::close`] for this database.
    async fn close(&self);
}
