//! Tombstones: which old records must not enter the base again, and how long that is remembered.
//!
//! An entity with a revision that leaves the base leaves a tombstone, which blocks older records of
//! it. A tombstone is removed once no older record can arrive: all requests that were sent before
//! it have ended, and the position of the scope has passed its revision.

use hashbrown::HashMap;

use crate::collections::ScopeId;
use crate::in_flight::{InFlightRequests, RequestId};
use crate::record::{EntityId, Revision};

/// The bookkeeping for an entity that is not in the base.
#[derive(Clone, Copy, Debug)]
struct Tombstone {
    /// Records up to this revision are blocked.
    blocked_to: Revision,
    /// A range that was read at this revision or later is not blocked.
    known_at: Revision,
    /// Responses to requests before this one may still carry older records.
    created_before: RequestId,
    /// The scope of the entity, if it is known.
    scope: Option<ScopeId>,
    /// The revision at which the scope's log has the change, if it has.
    logged_at: Option<Revision>,
}

/// Whether the log of a scope contains the change that a tombstone is about. If so, the tombstone
/// stays until the position has passed it. `None` means that the scope is unknown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LogCoverage {
    Logged(Option<ScopeId>),
    Unlogged(Option<ScopeId>),
}

/// All tombstones, by entity.
#[derive(Debug, Default)]
pub(crate) struct Tombstones {
    tombstones: HashMap<EntityId, Tombstone>,
}

impl Tombstones {
    /// Notes that an entity does not exist as of `at`. Its records up to `at` are blocked.
    pub(crate) fn mark_deleted(
        &mut self,
        entity: EntityId,
        at: Revision,
        log: LogCoverage,
        requests: &InFlightRequests,
    ) {
        self.add(entity, at, at, log, requests);
    }

    /// Notes that the base has dropped an entity of revision `at`. Its older records are blocked.
    pub(crate) fn mark_forgotten(
        &mut self,
        entity: EntityId,
        at: Revision,
        log: LogCoverage,
        requests: &InFlightRequests,
    ) {
        if let Some(blocked_to) = at.checked_sub(1) {
            self.add(entity, blocked_to, at, log, requests);
        }
    }

    fn add(
        &mut self,
        entity: EntityId,
        blocked_to: Revision,
        known_at: Revision,
        log: LogCoverage,
        requests: &InFlightRequests,
    ) {
        let (scope, logged_at) = match log {
            LogCoverage::Logged(scope) => (scope, Some(known_at)),
            LogCoverage::Unlogged(scope) => (scope, None),
        };
        let created_before = requests.next_id();
        let tombstone = Tombstone { blocked_to, known_at, created_before, scope, logged_at };
        let known = self.tombstones.entry(entity).or_insert(tombstone);
        if tombstone.blocked_to >= known.blocked_to {
            *known = tombstone;
        }
    }

    /// Returns whether a record of `entity` with `revision` is blocked. `range` is the revision of
    /// the range that contains the record, if it is part of one.
    pub(crate) fn blocks(
        &self,
        entity: EntityId,
        revision: Option<Revision>,
        range: Option<Option<Revision>>,
    ) -> bool {
        self.tombstones.get(&entity).is_some_and(|it| {
            let is_from_newer_range = range.is_some_and(|at| at.is_none_or(|at| at >= it.known_at));
            revision <= Some(it.blocked_to) && !is_from_newer_range
        })
    }

    pub(crate) fn remove(&mut self, entity: EntityId) {
        self.tombstones.remove(&entity);
    }

    /// Removes the tombstones of a scope, and those of unknown scopes, after the server was
    /// restored.
    pub(crate) fn clear_scope(&mut self, scope: ScopeId) {
        self.tombstones.retain(|_, it| it.scope.is_some_and(|it| it != scope));
    }

    /// Removes the tombstones that are no longer needed.
    ///
    /// `has_passed` returns whether the position of a scope has reached a revision. Without a scope
    /// it answers for all scopes.
    pub(crate) fn prune(
        &mut self,
        requests: &InFlightRequests,
        has_passed: impl Fn(Option<ScopeId>, Revision) -> bool,
    ) {
        self.tombstones.retain(|_, tombstone| {
            let is_passed = tombstone.logged_at.is_none_or(|at| has_passed(tombstone.scope, at));
            !(is_passed && requests.all_finished_before(tombstone.created_before))
        });
    }

    /// Returns the tombstones that a snapshot must contain, because a log has their change: the
    /// entity, the blocked revision, the revision in the log, and the scope.
    pub(crate) fn persistent(
        &self,
    ) -> impl Iterator<Item = (EntityId, Revision, Revision, Option<ScopeId>)> {
        self.tombstones
            .iter()
            .filter_map(|(entity, it)| Some((*entity, it.blocked_to, it.logged_at?, it.scope)))
    }

    /// Adds a tombstone of a snapshot.
    pub(crate) fn restore(
        &mut self,
        (entity, blocked_to, at, scope): (EntityId, Revision, Revision, Option<ScopeId>),
        requests: &InFlightRequests,
    ) {
        self.add(entity, blocked_to, at, LogCoverage::Logged(scope), requests);
    }

    pub(crate) fn contains(&self, entity: EntityId) -> bool {
        self.tombstones.contains_key(&entity)
    }

    pub(crate) fn len(&self) -> usize {
        self.tombstones.len()
    }
}
