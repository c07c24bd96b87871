//! [`Cache`]: what a program holds.

use std::sync::{Arc, Mutex};

use cynic_parser::common::OperationType;
use serde::de::DeserializeOwned;

use crate::base::Base;
use crate::batch::{Applied, Batch, InFlight};
use crate::collections::Span;
use crate::core::{Core, DropGuard, Dropped, Limit, SharedCore, lock, with};
use crate::denormalize::Reader;
use crate::error::{OperationError, PredictionError, ResponseError, SetupError, SnapshotError};
use crate::layers::{MutationId, Prediction, Status};
use crate::policy::Policy;
use crate::prepared::{CynicOperation, Prepared};
use crate::record::{Names, Revision};
use crate::rules::Rules;
use crate::snapshot;
use crate::view::{EntityKey, ReadView, Scope, ScopedRange, View};
use crate::watch::Watch;

/// A normalized cache. Cheap to clone; all clones are one cache.
///
/// It has no socket, no clock and no executor: it is told what the server said and what a mutation is expected
/// to do, and shows what follows from that.
#[derive(Clone)]
pub struct Cache {
    core: SharedCore,
}

/// Holds an operation's answer in memory though nobody watches it.
#[must_use = "what is retained is let go when this is dropped"]
pub struct RetainGuard {
    _guard: DropGuard,
}

/// The size of a cache; see [`Cache::stats`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// The bytes that all records take.
    pub bytes: usize,
    /// How many entities are known.
    pub entities: usize,
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
    pub fn prepare<O: CynicOperation>(
        &self,
        operation: &O,
    ) -> Result<Prepared<O::Fragment>, OperationError> {
        let variables = operation.variables();
        let variables = variables.map_err(|error| OperationError::Variables(error.to_string()))?;
        let core = &mut *lock(&self.core);
        let names = &mut core.base.store.names;
        let bound = core.plans.bound(operation.text(), &variables, &core.rules, names)?;
        Ok(Prepared::new(bound, &variables, operation.name()))
    }

    /// What the cache shows of a query now. For a single look; whoever looks again wants a [`Watch`].
    pub fn read<F: DeserializeOwned>(&self, query: &Prepared<F>) -> View<F> {
        let core = lock(&self.core);
        let view = ReadView { base: &core.base, overlay: &core.overlay };
        let bound = query.bound(&core.base.store.names);
        let reader = Reader::new(view, &core.rules, bound, None, &|_, _| None);
        reader.read()
    }

    /// Follows what the cache shows of a query.
    pub fn watch<F>(&self, query: &Prepared<F>) -> Watch<F> {
        Watch::new(self.core.clone(), query.clone())
    }

    /// Says that an operation is about to be sent, a mutation too. Every request must be announced: until
    /// it is answered the cache remembers what it must not believe from it.
    pub fn begin<F>(&self, query: &Prepared<F>) -> InFlight {
        let id = with(&self.core, |core| {
            let id = core.base.requests.begin();
            for listing in query.bound(&core.base.store.names).listings() {
                let Some(scope) = &listing.scope else { continue };
                let scope = core.base.scopes.intern(listing.collection, scope);
                let state = core.base.scopes.get_mut(scope);
                let span = Span { start: listing.start, end: listing.end };
                let floor = state.position.filter(|_| state.is_followed);
                state.coverage.add_request(id, span, listing.fields.clone(), floor);
            }
            id
        });
        InFlight::new(&self.core, id)
    }

    /// The stretches that must be asked for so that a query becomes complete: what is neither covered nor
    /// asked for already, and where something is not known of what is there.
    pub fn missing_ranges<F>(&self, query: &Prepared<F>) -> Vec<ScopedRange> {
        let core = lock(&self.core);
        core.missing_ranges(query.bound(&core.base.store.names), true)
    }

    /// Tells the cache what happened, as one change: whoever watches sees all of it or nothing.
    ///
    /// The cache is locked meanwhile: what the closure needs of it, a [`Prepared`] operation say, is taken
    /// before.
    pub fn update<R>(&self, tell: impl FnOnce(&mut Batch<'_>) -> R) -> R {
        with(&self.core, |core| tell(&mut Batch { core }))
    }

    /// [`Batch::apply_response`] by itself.
    ///
    /// # Errors
    ///
    /// If the response does not fit; the base is as before.
    pub fn apply_response<F>(
        &self,
        request: &InFlight,
        operation: &Prepared<F>,
        response: &[u8],
    ) -> Result<Applied, ResponseError> {
        self.update(|batch| batch.apply_response(request, operation, response))
    }

    /// [`Batch::write`] by itself.
    ///
    /// # Errors
    ///
    /// If the response does not fit; the base is as before.
    pub fn write<F>(
        &self,
        operation: &Prepared<F>,
        response: &[u8],
    ) -> Result<Applied, ResponseError> {
        self.update(|batch| batch.write(operation, response))
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

    /// The revision of what the base holds of an entity, if its type has one.
    pub fn revision(&self, entity: &EntityKey) -> Option<Revision> {
        let core = lock(&self.core);
        core.base.store.entities.record(core.find(entity)?)?.revision
    }

    /// The revision at which the base of a scope stands.
    pub fn position(&self, scope: &Scope) -> Option<Revision> {
        let core = lock(&self.core);
        let collection = core.collection(&scope.member)?;
        let scope = core.base.scopes.find(collection, &scope.key)?;
        core.base.scopes.get(scope).position
    }

    /// Keeps what a query shows, though nobody watches it, until the answer is dropped.
    pub fn retain<F>(&self, query: &Prepared<F>) -> RetainGuard {
        let mut core = lock(&self.core);
        let number = core.next_retained;
        core.next_retained += 1;
        let bound = query.bound(&core.base.store.names).clone();
        core.retained.push((number, bound));
        drop(core);
        RetainGuard { _guard: DropGuard::new(&self.core, Dropped::Retained(number)) }
    }

    /// The bytes that records take, and how many entities are known.
    pub fn stats(&self) -> CacheStats {
        let core = lock(&self.core);
        CacheStats { bytes: core.base.bytes, entities: core.base.store.entities.len() }
    }

    /// Forgets what nobody watches or retains, the oldest first, until records take at most `bytes`. What is
    /// pending, or may be needed by a request in flight, stays. Coverage goes with what it covered.
    pub fn evict_to(&self, bytes: usize) {
        with(&self.core, |core| core.evict_to(bytes));
    }

    /// Keeps records to about so many bytes from now on, by [`Cache::evict_to`]; `None` for no bound, as it
    /// is at first.
    pub fn limit(&self, bytes: Option<usize>) {
        with(&self.core, |core| {
            core.limit = bytes.map(|bytes| Limit { bytes, evict_above: bytes })
        });
    }

    /// The base with its coverage and positions, to be kept somewhere. Predictions are never in it.
    pub fn snapshot(&self) -> Vec<u8> {
        let core = lock(&self.core);
        snapshot::write(&core.base, &core.rules)
    }

    /// Takes what [`Cache::snapshot`] has made, as far as the cache does not know better: it enters
    /// scopes that hold nothing yet.
    ///
    /// # Errors
    ///
    /// If it is damaged, or of another format or schema. The cache is as it was.
    pub fn restore(&self, snapshot: &[u8]) -> Result<(), SnapshotError> {
        with(&self.core, |core| snapshot::restore(&mut core.base, &core.rules, snapshot))
    }
}
