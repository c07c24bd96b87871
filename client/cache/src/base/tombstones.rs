//! Tombstones and markers: what may not come back, and for how long that must be remembered.
//!
//! Whatever leaves the base leaves a guard. It refuses what is older than what we know; it goes when
//! nothing older can arrive any more: every request that was sent before is over, and the log has been
//! heard up to there.

use hashbrown::HashMap;

use crate::collections::ScopeId;
use crate::in_flight::{InFlightRequests, RequestId};
use crate::record::{EntityId, Revision};

/// What is remembered of an entity that is not in the base.
#[derive(Clone, Copy, Debug)]
struct Tombstone {
    /// Nothing of this revision, or an older one, comes in.
    refuses: Revision,
    /// A range that was read at this revision, or later, knows better.
    known_at: Revision,
    /// Requests before this one may not know of it.
    learned: RequestId,
    /// The scope that it was in, if that is known.
    scope: Option<ScopeId>,
    /// Where it is told in the scope's log, if it is.
    told: Option<Revision>,
}

/// Whether it will be told in the log of a scope, too; then it is remembered until that has been heard.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LogCoverage {
    Logged(Option<ScopeId>),
    Unlogged(Option<ScopeId>),
}

/// Every guard.
#[derive(Debug, Default)]
pub(crate) struct Tombstones {
    tombstones: HashMap<EntityId, Tombstone>,
}

impl Tombstones {
    /// It is not there as of `at`, and nothing up to then brings it back.
    pub(crate) fn mark_deleted(
        &mut self,
        entity: EntityId,
        at: Revision,
        told: LogCoverage,
        requests: &InFlightRequests,
    ) {
        self.add(entity, at, at, told, requests);
    }

    /// It is there as of `at` and is not kept; nothing older comes in its stead.
    pub(crate) fn mark_forgotten(
        &mut self,
        entity: EntityId,
        at: Revision,
        told: LogCoverage,
        requests: &InFlightRequests,
    ) {
        if let Some(refuses) = at.checked_sub(1) {
            self.add(entity, refuses, at, told, requests);
        }
    }

    fn add(
        &mut self,
        entity: EntityId,
        refuses: Revision,
        known_at: Revision,
        told: LogCoverage,
        requests: &InFlightRequests,
    ) {
        let (scope, told) = match told {
            LogCoverage::Logged(scope) => (scope, Some(known_at)),
            LogCoverage::Unlogged(scope) => (scope, None),
        };
        let tombstone = Tombstone { refuses, known_at, learned: requests.next_id(), scope, told };
        let known = self.tombstones.entry(entity).or_insert(tombstone);
        if tombstone.refuses >= known.refuses {
            *known = tombstone;
        }
    }

    /// Whether an account of `entity` is refused that is of `revision`, and part of a range that was read
    /// at `range`, if of any.
    pub(crate) fn blocks(
        &self,
        entity: EntityId,
        revision: Option<Revision>,
        range: Option<Option<Revision>>,
    ) -> bool {
        self.tombstones.get(&entity).is_some_and(|it| {
            let knows_better = range.is_some_and(|at| at.is_none_or(|at| at >= it.known_at));
            revision <= Some(it.refuses) && !knows_better
        })
    }

    pub(crate) fn remove(&mut self, entity: EntityId) {
        self.tombstones.remove(&entity);
    }

    /// What was known of a scope is of a past that is no more, since the server was restored.
    pub(crate) fn clear_scope(&mut self, scope: ScopeId) {
        self.tombstones.retain(|_, it| it.scope.is_some_and(|it| it != scope));
    }

    /// Takes away what has done its service. `is_heard` says whether the log of a scope has been heard up to
    /// a revision; without a scope, the logs of all.
    pub(crate) fn prune(
        &mut self,
        requests: &InFlightRequests,
        is_heard: impl Fn(Option<ScopeId>, Revision) -> bool,
    ) {
        self.tombstones.retain(|_, tombstone| {
            let is_told = tombstone.told.is_none_or(|at| is_heard(tombstone.scope, at));
            !(is_told && requests.all_finished_before(tombstone.learned))
        });
    }

    /// Those that the end of this program must not end, since a log is to be heard first: whose, what it refuses, and
    /// where it is told.
    pub(crate) fn persistent(
        &self,
    ) -> impl Iterator<Item = (EntityId, Revision, Revision, Option<ScopeId>)> {
        self.tombstones
            .iter()
            .filter_map(|(entity, it)| Some((*entity, it.refuses, it.told?, it.scope)))
    }

    /// One of another program's life.
    pub(crate) fn restore(
        &mut self,
        (entity, refuses, at, scope): (EntityId, Revision, Revision, Option<ScopeId>),
        requests: &InFlightRequests,
    ) {
        self.add(entity, refuses, at, LogCoverage::Logged(scope), requests);
    }

    pub(crate) fn contains(&self, entity: EntityId) -> bool {
        self.tombstones.contains_key(&entity)
    }

    pub(crate) fn len(&self) -> usize {
        self.tombstones.len()
    }
}
