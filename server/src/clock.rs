//! What time it is: the one place that asks the machine.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::Instant;

/// A source of the present; tests have their own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[allow(clippy::disallowed_methods, reason = "this is the clock that the others ask")]
    pub fn system() -> Self {
        Self::from(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Instant::from_unix(since.as_secs().cast_signed())
        })
    }

    /// A clock that shows what `now` says.
    pub fn from(now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present second.
    pub fn now(&self) -> Instant {
        (self.0)()
    }
}
