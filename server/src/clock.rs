//! The current time. No other module reads the machine's clock for it.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::Instant;

/// A source of the current time. Tests use their own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}

impl Clock {
    /// Creates a clock that reads the machine's time.
    #[allow(clippy::disallowed_methods, reason = "the only place that reads the machine's clock")]
    pub fn system() -> Self {
        Self::from(|| {
            let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Instant::from_unix(elapsed.as_secs().cast_signed())
        })
    }

    /// Creates a clock that returns the result of `now`.
    pub fn from(now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Returns the current time, in whole seconds.
    pub fn now(&self) -> Instant {
        (self.0)()
    }
}
