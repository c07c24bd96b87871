//! Tasks, timers and clocks on tokio.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::Millis;
use crate::model::scalars::DateTime;

/// Bounds a task: on this platform it may move to another thread.
pub(crate) trait MaybeSend: Send + 'static {}

impl<T: Send + 'static> MaybeSend for T {}

/// Starts a task that nothing awaits.
#[allow(clippy::disallowed_methods, reason = "the client starts all its tasks here")]
pub(crate) fn spawn(task: impl Future<Output = ()> + MaybeSend) {
    tokio::spawn(task);
}

/// Returns whether tasks can be started, that is, whether the caller is in a tokio runtime.
pub(crate) fn can_spawn() -> bool {
    tokio::runtime::Handle::try_current().is_ok()
}

pub(crate) async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Counts milliseconds since its creation. It follows tokio's clock, and so the virtual time of
/// tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    started_wall_time: DateTime,
}

impl Clock {
    #[allow(clippy::disallowed_methods, reason = "the client's clock")]
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), started_wall_time: wall_time() }
    }

    pub(crate) fn now(self) -> Millis {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }

    /// Converts a time on this clock to the wall time.
    pub(crate) fn to_wall_time(self, at: Millis) -> DateTime {
        self.started_wall_time + Duration::from_millis(at)
    }
}

/// Returns the current time of the system.
#[allow(clippy::disallowed_methods, reason = "ids contain the wall time")]
pub(crate) fn wall_time() -> DateTime {
    std::time::SystemTime::now().into()
}

/// Returns a seed that differs between programs: std seeds its hash tables from the system.
pub(crate) fn random_seed() -> u64 {
    RandomState::new().hash_one(0)
}
