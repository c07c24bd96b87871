//! What is each store's own.

use sqlx::{Database, Pool};

use super::pooled::PooledConnection;
use super::sql::Connection;
use super::{ErasedWork, OnCommit, Result};

/// What is each store's own: where it reads, and how it commits and tells.
#[async_trait::async_trait]
pub(super) trait Backend: Send + Sync + 'static {
    /// Its kind of database.
    type Db: Database<Connection: Connection>;

    /// Connections to read with.
    fn readers(&self) -> &Pool<Self::Db>;

    /// One of them.
    async fn reader(&self) -> Result<PooledConnection<Self::Db>> {
        PooledConnection::of(self.readers()).await
    }

    /// See [`super::Store::submit`].
    async fn submit(&self, job: Box<dyn ErasedWork>) -> Result<()>;

    /// See [`super::Log::on_commit`].
    fn on_commit(&self, wake: OnCommit);

    /// See [`super::Store::close`].
    async fn close(&self);
}
