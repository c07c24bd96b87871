//! [`Batch`]: several changes of the cache, applied as one.

use std::fmt;

use crate::base::WriteOutcome;
use crate::core::{Core, DropGuard, Dropped, SharedCore};
use crate::error::{PredictionError, ResponseError};
use crate::in_flight::RequestId;
use crate::layers::{Edit, MutationId, Prediction};
use crate::normalize::ServerError;
use crate::prepared::Prepared;
use crate::record::{EntityId, Revision};
use crate::view::{EntityKey, Scope};

/// A registered request whose response has not been applied; see [`Cache::begin`].
///
/// Dropping it abandons the request: its ranges count as missing again. A response that was
/// [deferred](WriteOutcome::Deferred) is applied all the same.
///
/// [`Cache::begin`]: crate::Cache::begin
#[must_use = "dropping this abandons the request"]
pub struct InFlight {
    pub(crate) id: RequestId,
    _guard: DropGuard,
}

impl InFlight {
    pub(crate) fn new(core: &SharedCore, id: RequestId) -> Self {
        Self { id, _guard: DropGuard::new(core, Dropped::Request(id)) }
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("InFlight").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The result of applying a response.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Applied {
    /// Whether the response is in effect.
    pub outcome: WriteOutcome,
    /// The errors of the response. A field that an error concerns is unknown, not null.
    pub errors: Vec<ServerError>,
}

/// Several changes that become visible together; see [`Cache::update`].
///
/// [`Cache::update`]: crate::Cache::update
pub struct Batch<'a> {
    pub(crate) core: &'a mut Core,
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Batch").finish_non_exhaustive()
    }
}

impl Batch<'_> {
    /// Applies the response to a request: JSON with `data` and `errors`, as the server sent it.
    ///
    /// The request ends with this call, unless the response is [deferred](WriteOutcome::Deferred).
    /// After that, another response to the same request is ignored and reported as
    /// [`WriteOutcome::Stale`].
    ///
    /// # Errors
    ///
    /// Fails if the response does not fit the operation. The stored data is unchanged, and the
    /// request has ended.
    ///
    /// # Panics
    ///
    /// Panics if another cache prepared the operation.
    pub fn apply_response<F>(
        &mut self,
        request: &InFlight,
        operation: &Prepared<F>,
        response: &[u8],
    ) -> Result<Applied, ResponseError> {
        if !self.core.base.requests.is_in_flight(request.id) {
            // The tombstones that a late response must respect may be gone already.
            return Ok(Applied { outcome: WriteOutcome::Stale, errors: Vec::new() });
        }
        let bound = operation.bound(&self.core.base.store.names);
        let (outcome, errors) = self.core.apply_response(Some(request.id), bound, response)?;
        Ok(Applied { outcome, errors })
    }

    /// Writes data that no registered request has fetched, such as data embedded in a page: JSON
    /// with `data` and `errors`.
    ///
    /// In a followed scope, a range is accepted only if it names a revision that is not below the
    /// position. Use [`Batch::apply_response`] for responses to requests of this program.
    ///
    /// # Errors
    ///
    /// Fails if the data does not fit the operation. The stored data is unchanged.
    ///
    /// # Panics
    ///
    /// Panics if another cache prepared the operation.
    pub fn write<F>(
        &mut self,
        operation: &Prepared<F>,
        response: &[u8],
    ) -> Result<Applied, ResponseError> {
        let bound = operation.bound(&self.core.base.store.names);
        let (outcome, errors) = self.core.apply_response(None, bound, response)?;
        Ok(Applied { outcome, errors })
    }

    /// Applies an event of a scope's log and advances the position to `revision`.
    ///
    /// `event` is one message of the subscription `operation`: JSON with `data` and `errors`.
    /// A member of a collection that the cache does not hold yet is stored only if it lies in a
    /// range that is covered or in flight. Returns the errors of the event.
    ///
    /// # Errors
    ///
    /// Fails if the event does not fit the operation. The stored data and the position are
    /// unchanged.
    ///
    /// # Panics
    ///
    /// Panics if another cache prepared the operation.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod library { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/doctest.in")); }
    /// # use library::*;
    /// use cynic::{QueryBuilder, SubscriptionBuilder};
    /// use cynic_cache::{Cache, Scope};
    ///
    /// let cache = Cache::new(Library)?;
    /// let shelf = Scope::new("Loan", "s1");
    /// let query = cache.prepare(&LoansQuery::build(monday()))?;
    /// let changes = cache.prepare(&LoanChanges::build(ChangesVariables { shelf: "s1".into() }))?;
    ///
    /// cache.write(&query, NO_LOANS)?;
    /// cache.update(|batch| batch.follow(&shelf));
    /// assert_eq!(cache.position(&shelf), Some(7));
    ///
    /// // The server sends a change of revision 8: a loan on Monday.
    /// cache.update(|batch| batch.apply_event(&shelf, 8, &changes, LOAN_CREATED))?;
    /// assert_eq!(cache.position(&shelf), Some(8));
    /// assert_eq!(cache.read(&query).data().unwrap().loans.items[0].title, "Emma");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// Advances the position of a scope: its log up to `to` is applied, or holds nothing for this
    /// program.
    ///
    /// Deferred responses up to that revision are applied now. A position never goes back; see
    /// [`Batch::reset`] for that.
    pub fn advance(&mut self, scope: &Scope, to: Revision) {
        if let Some(scope) = self.core.scope(scope) {
            self.core.advance(scope, to);
        }
    }

    /// Declares that from now on the program receives every change of a scope after
    /// [`Cache::position`] and passes it to [`Batch::apply_event`].
    ///
    /// While a scope is followed, a response that was read at a later revision is deferred until
    /// the events reach it. A range that was fetched at an earlier revision than the position may
    /// have missed changes, so it becomes stale.
    ///
    /// [`Cache::position`]: crate::Cache::position
    pub fn follow(&mut self, scope: &Scope) {
        self.set_followed(scope, true);
    }

    /// Declares that the program no longer receives the changes of a scope.
    ///
    /// Deferred responses are applied at once.
    pub fn unfollow(&mut self, scope: &Scope) {
        self.set_followed(scope, false);
    }

    fn set_followed(&mut self, scope: &Scope, is_followed: bool) {
        if let Some(scope) = self.core.scope(scope) {
            let state = self.core.base.scopes.get_mut(scope);
            let was_followed = std::mem::replace(&mut state.is_followed, is_followed);
            if is_followed && !was_followed {
                // A response in flight must not be older than the first event to come.
                if let Some(position) = state.position {
                    state.coverage.raise_floors(position);
                }
                if state.coverage.mark_behind_stale() {
                    self.core.base.touched.add_coverage(scope);
                }
            }
            self.core.admit_deferred(scope);
        }
    }

    /// Sets the position of a scope whose log no longer reaches back to it, for example after a
    /// long time offline or because the server was restored from a backup.
    ///
    /// Views keep what they display. All covered ranges of the scope become stale, so they are
    /// missing until they are fetched again. A `revision` below the position means that the server
    /// was restored: responses in flight are void, and stored revisions no longer block older data.
    pub fn reset(&mut self, scope: &Scope, revision: Revision) {
        if let Some(scope) = self.core.scope(scope) {
            self.core.reset(scope, revision);
        }
    }

    /// Deletes an entity as of a revision. Older data does not bring it back.
    ///
    /// Nothing happens if the stored revision is above `at`. With `None` the entity is deleted
    /// whatever its revision, and the next response that contains it brings it back.
    pub fn delete(&mut self, entity: &EntityKey, at: Option<Revision>) {
        let type_name = self.core.base.store.names.intern(&entity.type_name);
        let entity = self.core.base.store.entities.intern(type_name, &entity.key).0;
        self.core.base.delete(&self.core.rules, entity, at);
    }

    /// Declares that a field of the query root returns a certain entity, before any response says
    /// so. This suits fields with the entity's key as an argument, such as `book(id: "b1")`.
    ///
    /// `field` is the field's name in the response: its alias, if it has one. The field displays
    /// the entity as soon as a response or a prediction provides it, null once the entity is
    /// deleted, and is missing otherwise. A response in which the field is null removes the link.
    ///
    /// # Panics
    ///
    /// Panics if another cache prepared the query.
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

    /// Removes the prediction of a mutation that succeeded.
    ///
    /// Apply the mutation's response or event in the same batch; otherwise views fall back to the
    /// older data in between. If an older mutation of the same field is still pending, views show
    /// the stored value and not the older prediction.
    ///
    /// Returns `true` if the mutation was pending. For an unknown or settled mutation nothing
    /// changes, and the result is `false`.
    pub fn settle(&mut self, mutation: impl Into<MutationId>) -> bool {
        let base = &self.core.base;
        let stored_value = |entity: EntityId, edit: &Edit| {
            let field = edit.field()?;
            let value = base.store.entities.record(entity)?.field(&base.store.shapes, field)?;
            Some(Edit::Set(field, value.into()))
        };
        self.core.layers.settle(&mutation.into(), stored_value)
    }

    /// Removes the prediction of a mutation that the server rejected, and nothing else.
    ///
    /// Returns `true` if the mutation was pending. For an unknown or settled mutation nothing
    /// changes, and the result is `false`.
    pub fn roll_back(&mut self, mutation: impl Into<MutationId>) -> bool {
        self.core.layers.remove(&mutation.into())
    }

    /// Marks a mutation as failed. Its prediction stays, and its entities have
    /// [`Status::Failed`](crate::Status::Failed).
    ///
    /// Returns `true` if the mutation was pending or failed, and `false` if it is unknown or
    /// settled.
    pub fn mark_failed(&mut self, mutation: impl Into<MutationId>) -> bool {
        self.core.layers.mark_failed(&mutation.into())
    }

    /// Marks a failed mutation as pending again, for example because it is retried.
    ///
    /// Returns `true` if the mutation was pending or failed, and `false` if it is unknown or
    /// settled.
    pub fn mark_pending(&mut self, mutation: impl Into<MutationId>) -> bool {
        self.core.layers.mark_pending(&mutation.into())
    }

    /// Adds the prediction of a mutation; see [`Cache::predict`](crate::Cache::predict).
    ///
    /// # Errors
    ///
    /// Fails if the prediction does not fit the mutation or the schema, or if the id is in use by
    /// another pending mutation. Nothing is changed.
    pub fn predict(
        &mut self,
        mutation: impl Into<MutationId>,
        prediction: impl Into<Prediction>,
    ) -> Result<(), PredictionError> {
        self.core.predict(mutation.into(), prediction.into())
    }
}
