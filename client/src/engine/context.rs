//! The shared state of the engine's parts: the cache, the generator of random numbers, the actions
//! to be done, and the requests in flight.
//!
//! A part gets the context and its own state, but never the state of another part.

use std::collections::{HashMap, VecDeque};

use cynic_cache::{Cache, Scope};
use fastrand::Rng;

use super::requests::Purpose;
use super::{Action, RequestId};
use crate::model::scalars::{DateTime, Revision};
use crate::transport::SubscriptionId;

/// The shared state of the engine's parts.
pub(super) struct Context {
    pub(super) cache: Cache,
    pub(super) rng: Rng,
    /// Actions that [`Engine::poll`](super::Engine::poll) returns next, the oldest first.
    pub(super) actions: VecDeque<Action>,
    /// Requests without a response yet.
    pub(super) in_flight: HashMap<RequestId, Purpose>,
    last_number: u64,
}

impl Context {
    pub(super) fn new(cache: Cache, rng: Rng) -> Self {
        Self { cache, rng, actions: VecDeque::new(), in_flight: HashMap::new(), last_number: 0 }
    }

    /// Returns a number that no request, subscription or watch of this engine has.
    pub(super) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Sends a request.
    pub(super) fn send(&mut self, body: String, purpose: Purpose) {
        let id = RequestId(self.next_number());
        self.actions.push_back(Action::Send { id, body });
        self.in_flight.insert(id, purpose);
    }

    /// Starts a subscription. The connection must be open.
    pub(super) fn subscribe(&mut self, id: SubscriptionId, body: String) {
        self.actions.push_back(Action::Subscribe { id, body });
    }

    /// Tells the cache that changes of a scope were missed, up to a revision.
    pub(super) fn reset_scope(&self, scope: &Scope, revision: Revision) {
        self.cache.update(|batch| batch.reset(scope, revision));
    }

    /// Creates an id: a UUID of version 7, so that ids sort by the time of their creation.
    pub(super) fn new_id(&mut self, at: DateTime) -> String {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
        let mut random = [0; 10];
        self.rng.fill(&mut random);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
    }
}
