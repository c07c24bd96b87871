//! The core: base, layers and watches behind one lock, and the one door by which a change becomes
//! visible.

mod forget;
mod publish;
mod told;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::base::Base;
use crate::document::{Bound, Plans};
use crate::layers::Layers;
use crate::rules::Rules;
use crate::view::Overlay;
use crate::watches::Watches;

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
    pub(crate) retained_next: u64,
    /// How many bytes records may take, and when that is to be looked at again.
    pub(crate) limit: Option<Limit>,
    /// Who is to be woken when the lock is given back.
    wakers: Vec<Waker>,
}

/// A bound on memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) bytes: usize,
    /// Looking costs a walk over everything, so the next look is a fifth away from the last.
    pub(crate) look_at: usize,
}

/// A core that is shared by the cache and its watches.
pub(crate) type SharedCore = Arc<Mutex<Core>>;

/// Does something with the core and publishes it, all under one lock; those who are told of it are woken
/// when the lock is free again.
pub(crate) fn with<R>(core: &Mutex<Core>, act: impl FnOnce(&mut Core) -> R) -> R {
    let mut guard = lock(core);
    let done = act(&mut guard);
    guard.publish();
    guard.keep_to_limit();
    let wakers = std::mem::take(&mut guard.wakers);
    drop(guard);
    for waker in wakers {
        waker.wake();
    }
    done
}

/// The core, for a look. A closure of the program that panicked has left nothing half done: it runs before
/// anything is changed.
pub(crate) fn lock(core: &Mutex<Core>) -> MutexGuard<'_, Core> {
    core.lock().unwrap_or_else(PoisonError::into_inner)
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
            retained_next: 0,
            limit: None,
            wakers: Vec::new(),
        }
    }
}
