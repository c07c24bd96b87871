//! In a browser: its tasks, its timers, its clock.

use std::future::Future;

use gloo_timers::future::TimeoutFuture;
use send_wrapper::SendWrapper;

use crate::engine::Millis;
use crate::model::scalars::DateTime;

/// What a task may take along: there is one thread.
pub(crate) trait Moves: 'static {}

impl<T: 'static> Moves for T {}

/// Lets a task run by itself; it ends when what it waits for is gone.
pub(crate) fn spawn(task: impl Future<Output = ()> + Moves) {
    wasm_bindgen_futures::spawn_local(task);
}

/// Whether tasks can run here.
pub(crate) fn is_here() -> bool {
    true
}

/// Timers of a browser are not `Send`, and there is one thread.
pub(crate) fn sleep(millis: Millis) -> impl Future<Output = ()> + Send {
    SendWrapper::new(TimeoutFuture::new(u32::try_from(millis).unwrap_or(u32::MAX)))
}

/// Milliseconds since it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(f64);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(js_sys::Date::now())
    }

    pub(crate) fn now(self) -> Millis {
        (js_sys::Date::now() - self.0).max(0.0) as Millis
    }

    /// The time of day at which it shows so much.
    pub(crate) fn day(self, at: Millis) -> DateTime {
        DateTime::from_timestamp_millis(self.0 as i64 + at as i64).unwrap_or_default()
    }
}

/// The time of day.
pub(crate) fn today() -> DateTime {
    DateTime::from_timestamp_millis(js_sys::Date::now() as i64).unwrap_or_default()
}

/// A seed that nobody else has.
pub(crate) fn entropy() -> u64 {
    let half = || u64::from((js_sys::Math::random() * f64::from(u32::MAX)) as u32);
    half() << 32 | half()
}
