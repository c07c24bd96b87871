//! Tasks, timers and clocks in a browser.

use std::future::Future;
use std::time::Duration;

use gloo_timers::future::TimeoutFuture;
use send_wrapper::SendWrapper;

use crate::engine::Millis;
use crate::model::scalars::DateTime;

/// Bounds a task: on this platform there is one thread, so it need not be `Send`.
pub(crate) trait MaybeSend: 'static {}

impl<T: 'static> MaybeSend for T {}

/// Starts a task that nothing awaits.
pub(crate) fn spawn(task: impl Future<Output = ()> + MaybeSend) {
    wasm_bindgen_futures::spawn_local(task);
}

/// Returns whether tasks can be started, which is always so in a browser.
pub(crate) fn can_spawn() -> bool {
    true
}

/// Waits on a timer of the browser. The timer is not `Send`, but there is one thread.
pub(crate) fn sleep(duration: Duration) -> impl Future<Output = ()> + Send {
    let millis = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
    SendWrapper::new(TimeoutFuture::new(millis))
}

/// Counts milliseconds since its creation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// Milliseconds since the Unix epoch.
    started: f64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { started: js_sys::Date::now() }
    }

    pub(crate) fn now(self) -> Millis {
        (js_sys::Date::now() - self.started).max(0.0) as Millis
    }

    /// Converts a time on this clock to the wall time.
    pub(crate) fn to_wall_time(self, at: Millis) -> DateTime {
        DateTime::from_timestamp_millis(self.started as i64 + at as i64).unwrap_or_default()
    }
}

/// Returns the current time of the browser.
pub(crate) fn wall_time() -> DateTime {
    DateTime::from_timestamp_millis(js_sys::Date::now() as i64).unwrap_or_default()
}

/// Returns a seed that differs between programs.
pub(crate) fn random_seed() -> u64 {
    let half = || u64::from((js_sys::Math::random() * f64::from(u32::MAX)) as u32);
    half() << 32 | half()
}
