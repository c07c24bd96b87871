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
    /// Refuses `entity` up to `refuses`, from now on.
    pub(crate) fn add(
        &mut self,
        entity: EntityId,
        refuses: Revision,
        told: Option<(ScopeId, Revision)>,
        requests: &Requests,
    ) {
        let guard = Guard { refuses, learned: requests.now(), told };
        let known = self.guards.entry(entity).or_insert(guard);
        if refuses >= known.refuses {
            *known = guard;
        }
    }

    /// The revision up to which `entity` is refused.
    pub(crate) fn refuses(&self, entity: EntityId) -> Option<Revision> {
        self.guards.get(&entity).map(|it| it.refuses)
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
