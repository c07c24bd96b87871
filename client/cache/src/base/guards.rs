//! Tombstones and markers: what may not come back, and for how long that must be remembered.
//!
//! Whatever leaves the base leaves a guard. It refuses what is older than what we know; it goes when
//! nothing older can arrive any more: every request that was sent before is over, and the log has been
//! heard up to there.

use hashbrown::HashMap;

use crate::collections::ScopeId;
use crate::record::{EntityId, Revision};
use crate::requests::{RequestId, Requests};

/// What is remembered of an entity that is not in the base.
#[derive(Clone, Copy, Debug)]
struct Guard {
    /// Nothing of this revision, or an older one, comes in.
    refuses: Revision,
    /// A range that was read at this revision, or later, knows better.
    known_at: Revision,
    /// Requests before this one may not know of it.
    learned: RequestId,
    /// The log in which it is told, if that is followed, and where.
    told: Option<(ScopeId, Revision)>,
}

/// Every guard.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    guards: HashMap<EntityId, Guard>,
}

impl Guards {
    /// It is not there as of `at`, and nothing up to then brings it back. What is told in the log of a scope
    /// is remembered until that has been heard.
    pub(crate) fn absent(
        &mut self,
        entity: EntityId,
        at: Revision,
        told: Option<ScopeId>,
        requests: &Requests,
    ) {
        let told = told.map(|it| (it, at));
        self.add(entity, Guard { refuses: at, known_at: at, learned: requests.next(), told });
    }

    /// It is there as of `at` and is not kept; nothing older comes in its stead.
    pub(crate) fn unkept(
        &mut self,
        entity: EntityId,
        at: Revision,
        told: Option<ScopeId>,
        requests: &Requests,
    ) {
        let Some(refuses) = at.checked_sub(1) else { return };
        let told = told.map(|it| (it, at));
        self.add(entity, Guard { refuses, known_at: at, learned: requests.next(), told });
    }

    fn add(&mut self, entity: EntityId, guard: Guard) {
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

    /// What was told in the log of a scope was not told, since the server was restored. (What guards an
    /// absence names no log; it may refuse once what a range brings, and is then asked again.)
    pub(crate) fn lose(&mut self, scope: ScopeId) {
        self.guards.retain(|_, it| it.told.is_none_or(|(it, _)| it != scope));
    }

    /// Takes away what has done its service.
    pub(crate) fn prune(
        &mut self,
        requests: &Requests,
        position: impl Fn(ScopeId) -> Option<Revision>,
    ) {
        self.guards.retain(|_, guard| {
            let is_heard =
                guard.told.is_none_or(|(scope, at)| position(scope).is_none_or(|it| it >= at));
            !(is_heard && requests.are_over(guard.learned))
        });
    }

    pub(crate) fn contains(&self, entity: EntityId) -> bool {
        self.guards.contains_key(&entity)
    }

    pub(crate) fn len(&self) -> usize {
        self.guards.len()
    }
}
