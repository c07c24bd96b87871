//! Tombstones and markers: what may not come back, and for how long that must be remembered.
//!
//! Whatever leaves the base leaves a guard. It refuses what is older than what we know; it goes when
//! nothing older can arrive any more: every request that was sent before is over, and the log has been
//! heard up to there.

use hashbrown::HashMap;

use crate::collections::ScopeId;
use crate::in_flight::{RequestId, Requests};
use crate::record::{EntityId, Revision};

/// What is remembered of an entity that is not in the base.
#[derive(Clone, Copy, Debug)]
struct Guard {
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
pub(crate) enum Told {
    InLog(Option<ScopeId>),
    Otherwise(Option<ScopeId>),
}

/// Every guard.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    guards: HashMap<EntityId, Guard>,
}

impl Guards {
    /// It is not there as of `at`, and nothing up to then brings it back.
    pub(crate) fn absent(
        &mut self,
        entity: EntityId,
        at: Revision,
        told: Told,
        requests: &Requests,
    ) {
        self.add(entity, at, at, told, requests);
    }

    /// It is there as of `at` and is not kept; nothing older comes in its stead.
    pub(crate) fn unkept(
        &mut self,
        entity: EntityId,
        at: Revision,
        told: Told,
        requests: &Requests,
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
        told: Told,
        requests: &Requests,
    ) {
        let (scope, told) = match told {
            Told::InLog(scope) => (scope, Some(known_at)),
            Told::Otherwise(scope) => (scope, None),
        };
        let guard = Guard { refuses, known_at, learned: requests.next(), scope, told };
        let known = self.guards.entry(entity).or_insert(guard);
        if guard.refuses >= known.refuses {
            *known = guard;
        }
    }

    /// Whether an account of `entity` is refused that is of `revision`, and part of a range that was read
    /// at `range`, if of any.
    pub(crate) fn refuse(
        &self,
        entity: EntityId,
        revision: Option<Revision>,
        range: Option<Option<Revision>>,
    ) -> bool {
        self.guards.get(&entity).is_some_and(|it| {
            let knows_better = range.is_some_and(|at| at.is_none_or(|at| at >= it.known_at));
            revision <= Some(it.refuses) && !knows_better
        })
    }

    pub(crate) fn remove(&mut self, entity: EntityId) {
        self.guards.remove(&entity);
    }

    /// What was known of a scope is of a past that is no more, since the server was restored.
    pub(crate) fn lose(&mut self, scope: ScopeId) {
        self.guards.retain(|_, it| it.scope.is_some_and(|it| it != scope));
    }

    /// Takes away what has done its service. `is_heard` says whether the log of a scope has been heard up to
    /// a revision; without a scope, the logs of all.
    pub(crate) fn prune(
        &mut self,
        requests: &Requests,
        is_heard: impl Fn(Option<ScopeId>, Revision) -> bool,
    ) {
        self.guards.retain(|_, guard| {
            let is_told = guard.told.is_none_or(|at| is_heard(guard.scope, at));
            !(is_told && requests.are_over(guard.learned))
        });
    }

    /// Those that the end of this program must not end, since a log is to be heard first: whose, what it refuses, and
    /// where it is told.
    pub(crate) fn lasting(
        &self,
    ) -> impl Iterator<Item = (EntityId, Revision, Revision, Option<ScopeId>)> {
        self.guards
            .iter()
            .filter_map(|(entity, it)| Some((*entity, it.refuses, it.told?, it.scope)))
    }

    /// One of another program's life.
    pub(crate) fn restore(
        &mut self,
        (entity, refuses, at, scope): (EntityId, Revision, Revision, Option<ScopeId>),
        requests: &Requests,
    ) {
        self.add(entity, refuses, at, Told::InLog(scope), requests);
    }

    pub(crate) fn contains(&self, entity: EntityId) -> bool {
        self.guards.contains_key(&entity)
    }

    pub(crate) fn len(&self) -> usize {
        self.guards.len()
    }
}
