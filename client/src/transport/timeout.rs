//! A limit for the time of anything that waits for the network.

use std::time::Duration;

use futures_util::future::{self, Either};

use crate::model::error::TransportError;
use crate::runtime;

/// Fails if the work takes longer than `timeout`.
pub(super) async fn with_timeout<T>(
    timeout: Duration,
    work: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    match future::select(Box::pin(work), Box::pin(runtime::sleep(timeout))).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(TransportError::new("no response in time")),
    }
}
