//! Work that one transaction does.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tracing::Instrument;

use super::{Result, Store, StoreError, Transaction};

/// A piece of work that one transaction does whole or not at all. It may be run again when the
/// transaction could not be committed.
#[async_trait]
pub trait Work: Send + Sync + 'static {
    /// What it comes to.
    type Done: Send + 'static;

    /// Loads, decides and writes.
    async fn run(&self, tx: &mut dyn Transaction) -> Result<Self::Done>;
}

/// Does `work`, and answers what it came to once that is committed.
pub async fn write<W: Work>(store: &dyn Store, work: W) -> Result<W::Done> {
    let done = Arc::new(Mutex::new(None));
    let job = Box::new(Slot { work, done: done.clone() });
    store.submit(job).instrument(tracing::info_span!("commit")).await?;
    let done = done.lock().unwrap_or_else(PoisonError::into_inner).take();
    done.ok_or_else(|| StoreError::Failed("committed without having run".into()))
}

/// [`Work`] whatever it comes to: what a store's queue holds.
#[async_trait]
pub trait ErasedWork: Send + Sync {
    /// Runs it.
    async fn run(&self, tx: &mut dyn Transaction) -> Result<()>;
}

struct Slot<W: Work> {
    work: W,
    done: Arc<Mutex<Option<W::Done>>>,
}

#[async_trait]
impl<W: Work> ErasedWork for Slot<W> {
    async fn run(&self, tx: &mut dyn Transaction) -> Result<()> {
        let done = self.work.run(tx).await?;
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        Ok(())
    }
}
