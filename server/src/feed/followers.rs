//! The positions of one calendar's subscribers. They are only for statistics.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::lock;
use crate::domain::Revision;

/// The positions of all subscribers of a calendar.
#[derive(Default)]
pub(super) struct Followers {
    positions: Mutex<HashMap<u64, Arc<AtomicU64>>>,
    next_number: AtomicU64,
}

impl Followers {
    /// Adds a subscriber at a position.
    pub(super) fn join(self: &Arc<Self>, at: Revision) -> Follower {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let position = Arc::new(AtomicU64::new(at.get()));
        lock(&self.positions).insert(number, position.clone());
        Follower { all: self.clone(), number, position }
    }

    /// Returns the number of subscribers, and the position of the slowest one.
    pub(super) fn slowest(&self) -> (usize, Option<u64>) {
        let positions = lock(&self.positions);
        (positions.len(), positions.values().map(|it| it.load(Ordering::Relaxed)).min())
    }
}

/// The entry of one subscriber, which is removed when this is dropped.
pub(super) struct Follower {
    all: Arc<Followers>,
    number: u64,
    position: Arc<AtomicU64>,
}

impl Follower {
    /// Sets the revision up to which the subscriber has received everything.
    pub(super) fn set_position(&self, position: Revision) {
        self.position.store(position.get(), Ordering::Relaxed);
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        lock(&self.all.positions).remove(&self.number);
    }
}
