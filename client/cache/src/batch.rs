//! [`Batch`]: how a cache is told what happened.

use crate::base::WriteOutcome;
use crate::core::{Core, DropGuard, Dropped, SharedCore};
use crate::error::{PredictionError, ResponseError};
use crate::in_flight::RequestId;
use crate::layers::{Edit, MutationId, Prediction};
use crate::normalize::ServerError;
use crate::prepared::Prepared;
use crate::record::{EntityId, Revision};
use crate::view::{EntityKey, Scope};

/// A request in flight. The cache remembers what it may tell of until it is answered; dropping it
/// gives it up.
#[must_use = "a request that is dropped is given up"]
pub struct InFlight {
    pub(crate) id: RequestId,
    _guard: DropGuard,
}

impl InFlight {
    pub(crate) fn new(core: &SharedCore, id: RequestId) -> Self {
        Self { id, _guard: DropGuard::new(core, Dropped::Request(id)) }
    }
}

/// What became of an answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Applied {
    /// What became of the ranges that were asked for.
    pub outcome: WriteOutcome,
    /// What the server could not do. What depends on it is not known, rather than null.
    pub errors: Vec<ServerError>,
}

/// What happened, told as one change.
pub struct Batch<'a> {
    pub(crate) core: &'a mut Core,
}

impl Batch<'_> {
    /// The answer to a request, as it came: JSON with `data` and `errors`. A second answer to the same
    /// request says nothing.
    ///
    /// # Errors
    ///
    /// If it is no answer to this operation; the base is as before.
    pub fn apply_response<F>(
        &mut self,
        request: &InFlight,
        operation: &Prepared<F>,
        response: &[u8],
    ) -> Result<Applied, ResponseError> {
        if !self.core.base.requests.is_in_flight(request.id) {
            // An answer that came twice: what it must not bring back is not remembered any more.
            return Ok(Applied { outcome: WriteOutcome::Stale, errors: Vec::new() });
        }
        let bound = operation.bound(&self.core.base.store.names);
        let (outcome, errors) = self.core.apply_response(Some(request.id), bound, response)?;
        Ok(Applied { outcome, errors })
    }

    /// Writes data that no request of this cache has fetched: JSON with `data` and `errors`.
    ///
    /// # Errors
    ///
    /// If it is no answer to this operation; the base is as before.
    pub fn write<F>(
        &mut self,
        operation: &Prepared<F>,
        response: &[u8],
    ) -> Result<Applied, ResponseError> {
        let bound = operation.bound(&self.core.base.store.names);
        let (outcome, errors) = self.core.apply_response(None, bound, response)?;
        Ok(Applied { outcome, errors })
    }

    /// An event of a scope's log: what a subscription sent, and the revision that it brings.
    ///
    /// An event enters if it concerns a stretch that is covered or asked for, or an entity that is held.
    ///
    /// # Errors
    ///
    /// If it is no answer to this operation; the base is as before, and so is the position.
    pub fn apply_event<F>(
        &mut self,
        scope: &Scope,
        revision: Revision,
        operation: &Prepared<F>,
        event: &[u8],
    ) -> Result<Vec<ServerError>, ResponseError> {
        let bound = operation.bound(&self.core.base.store.names);
        let errors = self.core.apply_event(bound, event)?;
        self.advance(scope, revision);
        Ok(errors)
    }

    /// A scope's log has been heard up to here, though nothing was in it for us.
    pub fn advance(&mut self, scope: &Scope, to: Revision) {
        if let Some(scope) = self.core.scope(scope) {
            self.core.advance(scope, to);
        }
    }

    /// From now on every change of the scope is heard, from [`Cache::position`](crate::Cache::position) on, and told
    /// by [`Batch::apply_event`]; answers from a later revision then wait for it. Or no longer. What was answered before, at
    /// an earlier revision than that, is stale now.
    pub fn follow(&mut self, scope: &Scope) {
        self.set_followed(scope, true);
    }

    /// The changes of the scope are not heard any more.
    pub fn unfollow(&mut self, scope: &Scope) {
        self.set_followed(scope, false);
    }

    fn set_followed(&mut self, scope: &Scope, is_followed: bool) {
        if let Some(scope) = self.core.scope(scope) {
            let state = self.core.base.scopes.get_mut(scope);
            let was_followed = std::mem::replace(&mut state.is_followed, is_followed);
            if is_followed && !was_followed {
                // What is still to be answered must be no older than what will be heard.
                if let Some(position) = state.position {
                    state.coverage.raise_floors(position);
                }
                if state.coverage.mark_behind_stale() {
                    self.core.base.touched.coverage(scope);
                }
            }
            self.core.admit_deferred(scope);
        }
    }

    /// The log does not reach back to where we are; it goes on from `revision`. What is shown stays, and is
    /// stale until it is asked for again.
    pub fn reset(&mut self, scope: &Scope, revision: Revision) {
        if let Some(scope) = self.core.scope(scope) {
            self.core.reset(scope, revision);
        }
    }

    /// An entity was deleted at a revision: nothing older brings it back.
    pub fn delete(&mut self, entity: &EntityKey, at: Option<Revision>) {
        let type_name = self.core.base.store.names.intern(&entity.type_name);
        let entity = self.core.base.store.entities.intern(type_name, &entity.key).0;
        self.core.base.delete(&self.core.rules, entity, at);
    }

    /// A field of a query's root, by its name in the answer, gives this entity: that is known before anything was
    /// asked, where an argument is the entity's key. It is shown as soon as anything tells of it, predictions too, is null
    /// when it is deleted, and missing as long as nothing is known. An answer in which the field is null takes the
    /// link away.
    pub fn link<F>(&mut self, query: &Prepared<F>, field: &str, entity: &EntityKey) {
        let bound = query.bound(&self.core.base.store.names).clone();
        let root = bound.plan.root().into_iter().flat_map(|it| &it.slots);
        let mut slots = root.filter(|it| *it.response == *field && it.child.is_some());
        if let Some(key) = slots.find_map(|it| bound.key(it)) {
            let type_name = self.core.base.store.names.intern(&entity.type_name);
            let to = self.core.base.store.entities.intern(type_name, &entity.key).0;
            self.core.base.link(key, to);
        }
    }

    /// A mutation is answered: its prediction goes. Tell the answer in the same batch, so that nobody
    /// sees what was before. An unknown one changes nothing; returns whether it was known.
    pub fn settle(&mut self, by: impl Into<MutationId>) -> bool {
        let base = &self.core.base;
        let now = |entity: EntityId, edit: &Edit| {
            let field = edit.field()?;
            let value = base.store.entities.record(entity)?.field(&base.store.shapes, field)?;
            Some(Edit::Set(field, value.into()))
        };
        self.core.layers.settle(&by.into(), now)
    }

    /// A mutation was refused: its prediction goes, and nothing else.
    pub fn roll_back(&mut self, by: impl Into<MutationId>) -> bool {
        self.core.layers.remove(&by.into())
    }

    /// A mutation has failed and is still wanted: its prediction stays and says so.
    pub fn mark_failed(&mut self, by: impl Into<MutationId>) -> bool {
        self.core.layers.mark(&by.into(), true)
    }

    /// A mutation that has failed is tried again: its prediction is pending as before.
    pub fn mark_pending(&mut self, by: impl Into<MutationId>) -> bool {
        self.core.layers.mark(&by.into(), false)
    }

    /// [`Cache::predict`](crate::Cache::predict) as a part of this change.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn predict(
        &mut self,
        by: impl Into<MutationId>,
        prediction: impl Into<Prediction>,
    ) -> Result<(), PredictionError> {
        self.core.predict(by.into(), prediction.into())
    }
}
