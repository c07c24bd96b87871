//! What differs between platforms: tasks, clocks, chance.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::Millis;
use crate::model::scalars::DateTime;

/// What a task may take along: to another thread.
pub(crate) trait Moves: Send + 'static {}

impl<T: Send + 'static> Moves for T {}

/// Lets a task run by itself; it ends when what it waits for is gone.
#[allow(clippy::disallowed_methods, reason = "this is where the client's tasks begin")]
pub(crate) fn spawn(task: impl Future<Output = ()> + Moves) {
    tokio::spawn(task);
}

/// Whether tasks can run here.
pub(crate) fn is_here() -> bool {
    tokio::runtime::Handle::try_current().is_ok()
}

pub(crate) async fn sleep(millis: Millis) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// Milliseconds since it was made, and when that was. It is tokio's, so that a test's virtual time is its time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant, DateTime);

impl Clock {
    #[allow(clippy::disallowed_methods, reason = "the client's clock")]
    pub(crate) fn new() -> Self {
        Self(Instant::now(), today())
    }

    pub(crate) fn now(self) -> Millis {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(Millis::MAX)
    }

    /// The time of day at which it shows so much.
    pub(crate) fn day(self, at: Millis) -> DateTime {
        self.1 + Duration::from_millis(at)
    }
}

/// The time of day.
#[allow(clippy::disallowed_methods, reason = "ids have the time of day in them")]
pub(crate) fn today() -> DateTime {
    std::time::SystemTime::now().into()
}

/// A seed that nobody else has: the keys that std gives its tables come from the system.
pub(crate) fn entropy() -> u64 {
    RandomState::new().hash_one(0)
}
