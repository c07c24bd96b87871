//! The core: base, layers and watches behind one mutex.
//!
//! Changes become visible in one place only, [`Core::publish`], which [`update`] runs before it
//! unlocks the core.

mod apply;
mod evict;
mod publish;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::Waker;

use crate::base::Base;
use crate::document::{Bound, Plans};
use crate::in_flight::RequestId;
use crate::layers::Layers;
use crate::rules::Rules;
use crate::view::Overlay;
use crate::watches::{WatchId, Watches};

/// Everything that a cache holds.
pub(crate) struct Core {
    pub(crate) rules: Rules,
    pub(crate) base: Base,
    pub(crate) layers: Layers,
    /// The visible records of the entities that layers touch. Only `publish` writes it.
    pub(crate) overlay: Overlay,
    pub(crate) watches: Watches,
    pub(crate) plans: Plans,
    /// The queries that a [`RetainGuard`](crate::RetainGuard) protects, by the guard's number.
    pub(crate) retained: Vec<(u64, Arc<Bound>)>,
    pub(crate) next_retained: u64,
    pub(crate) limit: Option<Limit>,
    /// The tasks to wake once the mutex is unlocked.
    wakers: Vec<Waker>,
    /// Handles that the program has dropped while the core was locked.
    pub(crate) dropped: Arc<Mutex<Vec<Dropped>>>,
}

/// A handle that the program has dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dropped {
    Request(RequestId),
    Watch(WatchId),
    Retained(u64),
}

/// Reports to the core that a handle was dropped.
///
/// A handle may be dropped inside a closure that runs under the mutex. Then the core handles it
/// when that closure ends.
pub(crate) struct DropGuard {
    core: SharedCore,
    dropped: Arc<Mutex<Vec<Dropped>>>,
    handle: Dropped,
}

impl DropGuard {
    pub(crate) fn new(core: &SharedCore, handle: Dropped) -> Self {
        let dropped = lock(core).dropped.clone();
        Self { core: core.clone(), dropped, handle }
    }
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        lock(&self.dropped).push(self.handle);
        // If the core is locked, `finish` handles the drop before it unlocks.
        match self.core.try_lock() {
            Ok(core) => finish(core),
            Err(TryLockError::Poisoned(core)) => finish(core.into_inner()),
            Err(TryLockError::WouldBlock) => {}
        }
    }
}

/// A limit on the memory of records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// The bytes that an eviction leaves at most.
    pub(crate) bytes: usize,
    /// The bytes above which the next eviction starts. Each eviction visits all entities, so this
    /// is a fifth above the size that the last one left.
    pub(crate) evict_above: usize,
}

/// The core, shared by the cache, its watches and its guards.
pub(crate) type SharedCore = Arc<Mutex<Core>>;

/// Runs a closure on the core, publishes its changes, unlocks the core, and wakes the notified
/// tasks.
pub(crate) fn update<R>(core: &Mutex<Core>, change: impl FnOnce(&mut Core) -> R) -> R {
    let mut guard = lock(core);
    let result = change(&mut guard);
    finish(guard);
    result
}

/// Ends what dropped handles stand for, publishes all changes, unlocks the core, and wakes the
/// notified tasks.
fn finish(mut core: MutexGuard<'_, Core>) {
    let dropped = std::mem::take(&mut *lock(&core.dropped));
    dropped.into_iter().for_each(|it| core.on_dropped(it));
    core.publish();
    core.enforce_limit();
    let wakers = std::mem::take(&mut core.wakers);
    drop(core);
    for waker in wakers {
        waker.wake();
    }
}

/// Locks a mutex, even if it is poisoned.
///
/// A closure of the program may panic under the mutex. Each call that it completed has left the
/// core consistent, so the core remains usable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    pub(crate) fn new(rules: Rules, base: Base) -> Self {
        Self {
            rules,
            base,
            layers: Layers::default(),
            overlay: Overlay::default(),
            watches: Watches::default(),
            plans: Plans::default(),
            retained: Vec::new(),
            next_retained: 0,
            limit: None,
            wakers: Vec::new(),
            dropped: Arc::default(),
        }
    }

    fn on_dropped(&mut self, dropped: Dropped) {
        match dropped {
            Dropped::Request(request) => self.abandon(request),
            Dropped::Watch(watch) => self.unwatch(watch),
            Dropped::Retained(number) => self.retained.retain(|(it, _)| *it != number),
        }
    }
}
