//! What is each store's own.

use sqlx::{Database, Pool};

use super::pooled::Lent;
use super::sql::Connection;
use super::{Job, Result, Wake};

/// What is each store's own: where it reads, and how it commits and tells.
#[async_trait::async_trait]
pub(super) trait Base: Send + Sync + 'static {
    /// Its kind of database.
    type Db: Database<Connection: Connection>;

    /// Connections to read with.
    fn readers(&self) -> &Pool<Self::Db>;

    /// One of them.
    async fn reader(&self) -> Result<Lent<Self::Db>> {
        Lent::of(self.readers()).await
    }

    /// See [`super::Store::submit`].
    async fn submit(&self, job: Box<dyn Job>) -> Result<()>;

    /// See [`super::Log::on_commit`].
    fn on_commit(&self, wake: Wake);

    /// See [`super::Store::close`].
    async fn close(&self);
}
