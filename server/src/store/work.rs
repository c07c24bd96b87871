//! Work that a store runs in one transaction.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use tracing::Instrument;

use super::{Result, Store, StoreError, Transaction};

/// Work that one transaction does completely or not at all. A store may run it again if the
/// transaction could not be committed.
#[async_trait]
pub trait Work: Send + Sync + 'static {
    /// The result of the work.
    type Output: Send + 'static;

    /// Loads, decides and writes.
    async fn run(&self, tx: &mut dyn Transaction) -> Result<Self::Output>;
}

/// Runs `work`, and returns its output once the transaction is committed.
pub async fn write<W: Work>(store: &dyn Store, work: W) -> Result<W::Output> {
    let output = Arc::new(Mutex::new(None));
    let work = ErasedWork::new(work, output.clone());
    store.submit(work).instrument(tracing::info_span!("commit")).await?;
    let output = output.lock().unwrap_or_else(PoisonError::into_inner).take();
    output.ok_or_else(|| StoreError::Failed("committed without having run".into()))
}

type Run = dyn for<'t> Fn(&'t mut dyn Transaction) -> BoxFuture<'t, Result<()>> + Send + Sync;

/// [`Work`] of any output type, so that a store can queue it.
pub struct ErasedWork(Box<Run>);

impl fmt::Debug for ErasedWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErasedWork").finish_non_exhaustive()
    }
}

impl ErasedWork {
    /// Erases the type of `work`; each run stores its result in `output`.
    fn new<W: Work>(work: W, output: Arc<Mutex<Option<W::Output>>>) -> Self {
        let work = Arc::new(work);
        Self(Box::new(move |tx| {
            let work = work.clone();
            let output = output.clone();
            Box::pin(async move {
                let result = work.run(tx).await?;
                *output.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                Ok(())
            })
        }))
    }

    /// Runs the work.
    pub(super) async fn run(&self, tx: &mut dyn Transaction) -> Result<()> {
        (self.0)(tx).await
    }
}
