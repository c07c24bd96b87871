//! The core: base, layers and watches behind one lock, and the one door by which a change becomes
//! visible.

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
    /// What is shown of the entities that layers touch; written by `publish` alone.
    pub(crate) overlay: Overlay,
    pub(crate) watches: Watches,
    pub(crate) plans: Plans,
    /// Operations whose answers are kept though nobody watches them, by their number.
    pub(crate) retained: Vec<(u64, Arc<Bound>)>,
    pub(crate) next_retained: u64,
    /// How many bytes records may take, and when that is to be looked at again.
    pub(crate) limit: Option<Limit>,
    /// Who is to be woken when the lock is given back.
    wakers: Vec<Waker>,
    /// What was let go meanwhile.
    pub(crate) dropped: Arc<Mutex<Vec<Dropped>>>,
}

/// What a program has let go of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dropped {
    Request(RequestId),
    Watch(WatchId),
    Retained(u64),
}

/// Something that ends when a program lets go of it; even in a closure that runs under the lock, where it
/// ends with that closure.
pub(crate) struct DropGuard {
    pub(crate) core: SharedCore,
    dropped: Arc<Mutex<Vec<Dropped>>>,
    is: Dropped,
}

impl DropGuard {
    pub(crate) fn new(core: &SharedCore, is: Dropped) -> Self {
        let dropped = lock(core).dropped.clone();
        Self { core: core.clone(), dropped, is }
    }
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        lock(&self.dropped).push(self.is);
        // Whoever has the lock looks when they give it back.
        match self.core.try_lock() {
            Ok(core) => finish(core),
            Err(TryLockError::Poisoned(core)) => finish(core.into_inner()),
            Err(TryLockError::WouldBlock) => {}
        }
    }
}

/// A bound on memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) bytes: usize,
    /// Looking costs a walk over everything, so the next look is a fifth away from the last.
    pub(crate) evict_above: usize,
}

/// A core that is shared by the cache and its watches.
pub(crate) type SharedCore = Arc<Mutex<Core>>;

/// Does something with the core and publishes it, all under one lock; those who are told of it are woken
/// when the lock is free again.
pub(crate) fn with<R>(core: &Mutex<Core>, act: impl FnOnce(&mut Core) -> R) -> R {
    let mut guard = lock(core);
    let done = act(&mut guard);
    finish(guard);
    done
}

/// Publishes, gives the lock back, and wakes those who were told of something.
fn finish(mut core: MutexGuard<'_, Core>) {
    let gone = std::mem::take(&mut *lock(&core.dropped));
    gone.into_iter().for_each(|it| core.on_dropped(it));
    core.publish();
    core.enforce_limit();
    let wakers = std::mem::take(&mut core.wakers);
    drop(core);
    for waker in wakers {
        waker.wake();
    }
}

/// What a lock holds, for a look. A closure of the program that panicked under it may have told less than it
/// meant to; what it has told is whole.
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

    fn on_dropped(&mut self, gone: Dropped) {
        match gone {
            Dropped::Request(request) => self.abandon(request),
            Dropped::Watch(watch) => self.unwatch(watch),
            Dropped::Retained(number) => self.retained.retain(|(it, _)| *it != number),
        }
    }
}
