//! How far each subscriber is: looked at by operators, and nothing depends on it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::lock;
use crate::domain::Revision;

/// Where the subscribers of one calendar are.
#[derive(Default)]
pub(super) struct Followers {
    positions: Mutex<HashMap<u64, Arc<AtomicU64>>>,
    numbers: AtomicU64,
}

impl Followers {
    /// One more, at a position.
    pub(super) fn join(self: &Arc<Self>, at: Revision) -> Follower {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let position = Arc::new(AtomicU64::new(at.get()));
        lock(&self.positions).insert(number, position.clone());
        Follower { all: self.clone(), number, position }
    }

    /// How many there are, and where the last of them is.
    pub(super) fn last(&self) -> (usize, Option<u64>) {
        let positions = lock(&self.positions);
        (positions.len(), positions.values().map(|it| it.load(Ordering::Relaxed)).min())
    }
}

/// One subscriber's entry, until it is dropped.
pub(super) struct Follower {
    all: Arc<Followers>,
    number: u64,
    position: Arc<AtomicU64>,
}

impl Follower {
    /// It has been told everything up to there.
    pub(super) fn set_position(&self, position: Revision) {
        self.position.store(position.get(), Ordering::Relaxed);
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        lock(&self.all.positions).remove(&self.number);
    }
}
