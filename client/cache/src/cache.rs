//! [`Cache`]: what a program holds, and [`Batch`]: how it is told what happened.

use std::sync::{Arc, Mutex};

use cynic_parser::common::OperationType;
use serde::de::DeserializeOwned;

use crate::base::{Base, Entered};
use crate::collections::{ScopeId, Span};
use crate::core::{Core, Limit, SharedCore, lock, with};
use crate::denormalize::{ReadError, Reader};
use crate::error::{AnswerError, OperationError, PredictionError, SetupError, SnapshotError};
use crate::layers::{
    Drafting, Edit, Given, MutationId, Prediction, Status, edits_of, edits_of_answer,
};
use crate::normalize::{self, ServerError};
use crate::policy::Policy;
use crate::prepared::{Operable, Prepared};
use crate::record::{EntityId, Names, Revision};
use crate::requests::RequestId;
use crate::rules::Rules;
use crate::view::{EntityKey, Lack, Sight, Stretch, View};
use crate::watch::Watch;

/// A normalized cache. Cheap to clone; all clones are one cache.
///
/// It has no socket, no clock and no executor: it is told what the server said and what a mutation is expected
/// to do, and shows what follows from that.
#[derive(Clone)]
pub struct Cache {
    core: SharedCore,
}

/// The scope of a collection: the loans of one shelf, the entries of one calendar. It has a log of
/// its own, and a position in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    member: String,
    key: String,
}

impl Scope {
    /// The scope `key` of the collection whose members are of this type.
    pub fn new(member: &str, key: &str) -> Self {
        Self { member: member.to_owned(), key: key.to_owned() }
    }
}

/// A request in flight. The cache remembers what it may tell of until it is answered; dropping it
/// gives it up.
#[must_use = "a request that is dropped is given up"]
pub struct Request {
    id: RequestId,
    core: SharedCore,
}

impl Drop for Request {
    fn drop(&mut self) {
        with(&self.core, |core| {
            // One that waits for its moment is no longer ours to give up.
            let waits = |it: &crate::collections::Scope| {
                it.waiting.iter().any(|it| it.request == Some(self.id))
            };
            if !core.base.scopes.iter().any(|(_, it)| waits(it)) {
                core.end(Some(self.id));
            }
        });
    }
}

/// What became of an answer.
#[derive(Debug)]
pub struct Answered {
    /// What became of the ranges that were asked for.
    pub entered: Entered,
    /// What the server could not do. What depends on it is not known, rather than null.
    pub errors: Vec<ServerError>,
}

/// Holds an operation's answer in memory though nobody watches it.
#[must_use = "what is retained is let go when this is dropped"]
pub struct Retained {
    number: u64,
    core: SharedCore,
}

impl Drop for Retained {
    fn drop(&mut self) {
        lock(&self.core).retained.retain(|(it, _)| *it != self.number);
    }
}

impl Cache {
    /// An empty cache.
    ///
    /// # Errors
    ///
    /// If the policy and its schema do not fit together.
    pub fn new(policy: impl Policy) -> Result<Self, SetupError> {
        let mut names = Names::default();
        let rules = Rules::new(&policy, &mut names)?;
        let base = Base::new(names, rules.schema.root(OperationType::Query));
        Ok(Self { core: Arc::new(Mutex::new(Core::new(rules, base))) })
    }

    /// Makes an operation ready: compiled once for all variables, and remembered.
    ///
    /// # Errors
    ///
    /// If it selects what the schema does not have; a mistake in the program.
    pub fn prepare<O: Operable>(
        &self,
        operation: &O,
    ) -> Result<Prepared<O::Fragment>, OperationError> {
        let variables = operation.variables();
        let variables = variables.map_err(|error| OperationError::Variables(error.to_string()))?;
        let core = &mut *lock(&self.core);
        let names = &mut core.base.names;
        let bound = core.plans.bound(operation.text(), &variables, &core.rules, names)?;
        Ok(Prepared::new(bound, &variables, operation.name()))
    }

    /// What the cache shows of a query now. For a single look; whoever looks again wants a [`Watch`].
    pub fn read<F: DeserializeOwned>(&self, query: &Prepared<F>) -> View<F> {
        let core = lock(&self.core);
        let sight = Sight { base: &core.base, overlay: &core.overlay };
        let reader = Reader::new(sight, &core.rules, &query.bound, None, &|_, _| None);
        reader.read().unwrap_or_else(|error| unreadable(&error))
    }

    /// Follows what the cache shows of a query.
    pub fn watch<F>(&self, query: &Prepared<F>) -> Watch<F> {
        Watch::new(self.core.clone(), query.clone())
    }

    /// Says that an operation is about to be sent, a mutation too. Every request must be announced: until
    /// it is answered the cache remembers what it must not believe from it.
    pub fn ask<F>(&self, query: &Prepared<F>) -> Request {
        let id = with(&self.core, |core| {
            let id = core.base.requests.send();
            for listing in query.bound.listings() {
                let Some(scope) = &listing.scope else { continue };
                let scope = core.base.scopes.intern(listing.collection, scope);
                let state = core.base.scopes.get_mut(scope);
                let span = Span { start: listing.start, end: listing.end };
                let floor = state.position.filter(|_| state.is_followed);
                state.coverage.ask(id, span, listing.fields.clone(), floor);
            }
            id
        });
        Request { id, core: self.core.clone() }
    }

    /// The stretches that must be asked for so that a query becomes complete: neither covered nor
    /// asked for already.
    pub fn wanted<F>(&self, query: &Prepared<F>) -> Vec<Stretch> {
        lock(&self.core).wanted(&query.bound)
    }

    /// Tells the cache what happened, as one change: whoever watches sees all of it or nothing.
    pub fn update<R>(&self, tell: impl FnOnce(&mut Batch<'_>) -> R) -> R {
        with(&self.core, |core| tell(&mut Batch { core }))
    }

    /// [`Batch::answer`] by itself.
    ///
    /// # Errors
    ///
    /// If the answer does not fit; the base is as before.
    pub fn answer<F>(
        &self,
        request: &Request,
        operation: &Prepared<F>,
        answer: &[u8],
    ) -> Result<Answered, AnswerError> {
        self.update(|batch| batch.answer(Some(request), operation, answer))
    }

    /// Shows at once what a mutation is expected to do, until it is settled or rolled back.
    ///
    /// # Errors
    ///
    /// If the prediction does not fit the mutation or the schema; nothing is changed.
    pub fn predict(
        &self,
        by: impl Into<MutationId>,
        prediction: impl Into<Prediction>,
    ) -> Result<(), PredictionError> {
        let (by, prediction) = (by.into(), prediction.into());
        with(&self.core, |core| core.predict(by, prediction))
    }

    /// [`Batch::settle`] by itself.
    pub fn settle(&self, by: impl Into<MutationId>) -> bool {
        self.update(|batch| batch.settle(by))
    }

    /// [`Batch::roll_back`] by itself.
    pub fn roll_back(&self, by: impl Into<MutationId>) -> bool {
        self.update(|batch| batch.roll_back(by))
    }

    /// How far the server has confirmed what is shown of an entity.
    pub fn status(&self, entity: &EntityKey) -> Status {
        let core = lock(&self.core);
        core.find(entity).map_or(Status::Confirmed, |it| core.layers.status(it))
    }

    /// The revision at which the base of a scope stands.
    pub fn position(&self, scope: &Scope) -> Option<Revision> {
        let core = lock(&self.core);
        let collection = core.collection(&scope.member)?;
        let scope = core.base.scopes.find(collection, &scope.key)?;
        core.base.scopes.get(scope).position
    }

    /// Keeps what a query shows, though nobody watches it, until the answer is dropped.
    pub fn retain<F>(&self, query: &Prepared<F>) -> Retained {
        let mut core = lock(&self.core);
        let number = core.retained_next;
        core.retained_next += 1;
        core.retained.push((number, query.bound.clone()));
        Retained { number, core: self.core.clone() }
    }

    /// The bytes that records take, and how many entities are known.
    pub fn size(&self) -> (usize, usize) {
        let core = lock(&self.core);
        (core.base.bytes, core.base.entities.len())
    }

    /// Forgets what nobody watches or retains, the oldest first, until records take at most `bytes`. What is
    /// pending, or may be needed by a request in flight, stays. Coverage goes with what it covered.
    pub fn forget(&self, bytes: usize) {
        with(&self.core, |core| core.forget(bytes));
    }

    /// Keeps records to about so many bytes from now on, by [`Cache::forget`]; `None` for no bound, as it
    /// is at first.
    pub fn limit(&self, bytes: Option<usize>) {
        with(&self.core, |core| core.limit = bytes.map(|bytes| Limit { bytes, look_at: bytes }));
    }

    /// The base with its coverage and positions, to be kept somewhere. Predictions are never in it.
    pub fn snapshot(&self) -> Vec<u8> {
        lock(&self.core).snapshot()
    }

    /// Takes what [`Cache::snapshot`] has made, as far as the cache does not know better: it enters
    /// scopes that hold nothing yet.
    ///
    /// # Errors
    ///
    /// If it is damaged, or of another format or schema. The cache is as it was.
    pub fn restore(&self, snapshot: &[u8]) -> Result<(), SnapshotError> {
        with(&self.core, |core| core.restore(snapshot))
    }
}

/// What happened, told as one change.
pub struct Batch<'a> {
    core: &'a mut Core,
}

impl Batch<'_> {
    /// The answer to a request, as it came: JSON with `data` and `errors`. A second answer to the same
    /// request says nothing.
    ///
    /// # Errors
    ///
    /// If it is no answer to this operation; the base is as before.
    pub fn answer<F>(
        &mut self,
        request: Option<&Request>,
        operation: &Prepared<F>,
        answer: &[u8],
    ) -> Result<Answered, AnswerError> {
        let request = request.map(|it| it.id);
        if request.is_some_and(|it| !self.core.base.requests.is_open(it)) {
            // An answer that came twice: what it must not bring back is not remembered any more.
            return Ok(Answered { entered: Entered::TooOld, errors: Vec::new() });
        }
        let (entered, errors) = self.core.answer(request, &operation.bound, answer)?;
        Ok(Answered { entered, errors })
    }

    /// An event of a scope's log: what a subscription sent, and the revision that it brings.
    ///
    /// An event enters if it concerns a stretch that is covered or asked for, or an entity that is held.
    ///
    /// # Errors
    ///
    /// If it is no answer to this operation; the base is as before, and so is the position.
    pub fn event<F>(
        &mut self,
        scope: &Scope,
        revision: Revision,
        operation: &Prepared<F>,
        event: &[u8],
    ) -> Result<Vec<ServerError>, AnswerError> {
        let errors = self.core.event(&operation.bound, event)?;
        self.advance(scope, revision);
        Ok(errors)
    }

    /// A scope's log has been heard up to here, though nothing was in it for us.
    pub fn advance(&mut self, scope: &Scope, to: Revision) {
        if let Some(scope) = self.core.scope(scope) {
            self.core.advance(scope, to);
        }
    }

    /// From now on every change of the scope is heard, and told by [`Batch::event`]; answers from a
    /// later revision then wait for it. Or no longer.
    pub fn follow(&mut self, scope: &Scope, is_followed: bool) {
        if let Some(scope) = self.core.scope(scope) {
            self.core.base.scopes.get_mut(scope).is_followed = is_followed;
            self.core.release(scope);
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
        let type_name = self.core.base.names.intern(&entity.type_name);
        let entity = self.core.base.entities.intern(type_name, &entity.key).0;
        self.core.base.delete(&self.core.rules, entity, at);
    }

    /// A mutation is answered: its prediction goes. Tell the answer in the same batch, so that nobody
    /// sees what was before. An unknown one changes nothing; returns whether it was known.
    pub fn settle(&mut self, by: impl Into<MutationId>) -> bool {
        let base = &self.core.base;
        let now = |entity: EntityId, edit: &Edit| {
            let field = edit.field()?;
            let value = base.entities.record(entity)?.field(&base.shapes, field)?;
            Some(Edit::Set(field, value.into()))
        };
        self.core.layers.settle(&by.into(), now)
    }

    /// A mutation was refused: its prediction goes, and nothing else.
    pub fn roll_back(&mut self, by: impl Into<MutationId>) -> bool {
        self.core.layers.remove(&by.into())
    }

    /// A mutation has failed and is still wanted: its prediction stays and says so. Or is tried again.
    pub fn mark_failed(&mut self, by: impl Into<MutationId>, has_failed: bool) -> bool {
        self.core.layers.mark(&by.into(), has_failed)
    }

    /// [`Cache::predict`] as a part of this change.
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

impl Core {
    fn predict(&mut self, by: MutationId, prediction: Prediction) -> Result<(), PredictionError> {
        if self.layers.is_pending(&by) {
            return Err(PredictionError::AlreadyPending(by.to_string()));
        }
        let (edits, recipe) = match prediction.0 {
            Given::Invalid(error) => return Err(error),
            Given::Answer { bound, value } => {
                let staged = normalize::expected(&mut self.base, &bound, &value);
                let staged = staged.map_err(PredictionError::Mismatch)?;
                (edits_of_answer(&mut self.base, &self.layers, staged), None)
            }
            Given::Patch(patch) => (edits_of(&mut self.base, &self.rules, patch)?, None),
            Given::Draft(recipe) => {
                let drafting = Drafting::new(&mut self.base, &self.rules, &self.layers, by.clone());
                let (edits, reads, error) = drafting.run(&recipe);
                if let Some(error) = error {
                    return Err(error);
                }
                (edits, Some((recipe, reads)))
            }
        };
        self.layers.push(by, edits, recipe);
        Ok(())
    }

    pub(crate) fn wanted(&self, bound: &crate::document::Bound) -> Vec<Stretch> {
        let mut wanted = Vec::new();
        for listing in bound.listings() {
            let Some(scope) = &listing.scope else { continue };
            let span = Span { start: listing.start, end: listing.end };
            let spans = match self.base.scopes.find(listing.collection, scope) {
                Some(it) => self.base.scopes.get(it).coverage.wanted(span, &listing.fields),
                None => vec![span],
            };
            let member = &self.rules.collections[listing.collection].member;
            wanted.extend(spans.into_iter().map(|it| Stretch {
                member: member.clone(),
                scope: scope.to_string(),
                start: it.start,
                end: it.end,
            }));
        }
        wanted
    }

    fn reset(&mut self, scope: ScopeId, revision: Revision) {
        let watched = self.watches.spans(scope);
        let state = self.base.scopes.get_mut(scope);
        // A server that was restored: what we know is of a time that it does not remember.
        let is_restored = state.position.is_some_and(|it| revision < it);
        state.position = Some(revision);
        state.coverage.reset(revision, is_restored);
        state.coverage.keep_stale(&watched);
        if is_restored {
            state.void_before = Some(self.base.requests.now());
            for it in std::mem::take(&mut state.waiting) {
                self.end(it.request);
            }
            self.base.lose(scope);
        }
        self.base.touched.coverage(scope);
        self.base.touched.position(scope);
        self.release(scope);
    }

    fn collection(&self, member: &str) -> Option<usize> {
        self.rules.collections.iter().position(|it| it.member == member)
    }

    fn scope(&mut self, scope: &Scope) -> Option<ScopeId> {
        let collection = self.collection(&scope.member)?;
        Some(self.base.scopes.intern(collection, &scope.key))
    }

    fn find(&self, entity: &EntityKey) -> Option<EntityId> {
        self.base.entities.find(self.base.names.get(&entity.type_name)?, &entity.key)
    }
}

/// A view of what does not fit its fragment.
pub(crate) fn unreadable<F>(error: &ReadError) -> View<F> {
    View::Missing([Lack::Unreadable(error.to_string())].into())
}
