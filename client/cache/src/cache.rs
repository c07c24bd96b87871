//! [`Cache`]: the entry point of the crate.

use std::fmt;
use std::sync::{Arc, Mutex};

use cynic_parser::common::OperationType;
use serde::de::DeserializeOwned;

use crate::base::Base;
use crate::batch::{Applied, Batch, InFlight};
use crate::collections::Span;
use crate::core::{Core, SharedCore, lock, update};
use crate::denormalize::Reader;
use crate::error::{OperationError, PredictionError, ResponseError, SetupError};
use crate::layers::{MutationId, Prediction, Status};
use crate::policy::Policy;
use crate::prepared::{CynicOperation, Prepared};
use crate::record::{Names, Revision};
use crate::rules::Rules;
use crate::view::{EntityKey, ReadView, Scope, ScopedRange, View};
use crate::watch::Watch;

/// A normalized cache of GraphQL entities.
///
/// The cache has no socket, clock or executor. The program sends requests and passes responses and
/// events in; the cache stores entities once and keeps every [`Watch`] up to date.
///
/// Cloning is cheap, and all clones share one cache. The cache is `Send` and `Sync`. One mutex
/// guards it, and every method holds that mutex until it returns. The closures of
/// [`Cache::update`] and [`Prediction::draft`] and the `Deserialize` of fragments run under the
/// mutex, so they must not call the cache: such a call deadlocks or panics.
#[derive(Clone)]
pub struct Cache {
    pub(crate) core: SharedCore,
}

impl Cache {
    /// Creates an empty cache for the schema of a policy.
    ///
    /// The cost is that of parsing the schema once.
    ///
    /// # Errors
    ///
    /// Fails if the schema cannot be parsed, or if the policy does not fit the schema.
    ///
    /// # Examples
    ///
    /// ```
    /// use cynic_cache::{Cache, Policy};
    ///
    /// struct Books;
    ///
    /// impl Policy for Books {
    ///     fn schema(&self) -> &str {
    ///         "type Query { book(id: ID!): Book } type Book { id: ID! title: String! }"
    ///     }
    /// }
    ///
    /// let cache = Cache::new(Books)?;
    /// assert_eq!(cache.stats().bytes, 0);
    /// # Ok::<(), cynic_cache::SetupError>(())
    /// ```
    pub fn new(policy: impl Policy) -> Result<Self, SetupError> {
        let mut names = Names::default();
        let rules = Rules::new(&policy, &mut names)?;
        let base = Base::new(names, rules.schema.root(OperationType::Query));
        Ok(Self { core: Arc::new(Mutex::new(Core::new(rules, base))) })
    }

    /// Prepares a query, mutation or subscription for use with this cache.
    ///
    /// The first call compiles the document; later calls with the same document only bind the
    /// variables. The result is cheap to clone and can be used any number of times.
    ///
    /// # Errors
    ///
    /// Fails if the operation does not fit the schema of the policy. That is a mistake in the
    /// program.
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

    /// Reads the current view of a query, predictions included.
    ///
    /// Each call builds the whole view. Use [`Cache::watch`] to read a query repeatedly: a watch
    /// reuses what has not changed.
    ///
    /// # Panics
    ///
    /// Panics if another cache prepared the query.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod library { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/doctest.in")); }
    /// # use library::*;
    /// use cynic::QueryBuilder;
    /// use cynic_cache::{Cache, View};
    ///
    /// let cache = Cache::new(Library)?;
    /// let query = cache.prepare(&Shelves::build(()))?;
    /// assert!(matches!(cache.read(&query), View::Missing(_)));
    ///
    /// cache.write(&query, SHELVES)?;
    /// let View::Complete(data) = cache.read(&query) else { panic!("the view has gaps") };
    /// assert_eq!(data.shelves[0].name, "Novels");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read<F: DeserializeOwned>(&self, query: &Prepared<F>) -> View<F> {
        let core = lock(&self.core);
        let view = ReadView { base: &core.base, overlay: &core.overlay };
        let bound = query.bound(&core.base.store.names);
        let reader = Reader::new(view, &core.rules, bound, None, &|_, _| None);
        reader.read()
    }

    /// Watches a query: a stream of its views.
    ///
    /// # Panics
    ///
    /// Panics if another cache prepared the query.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod library { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/doctest.in")); }
    /// # use library::*;
    /// use cynic::QueryBuilder;
    /// use cynic_cache::Cache;
    /// use futures_util::StreamExt;
    ///
    /// # futures_util::FutureExt::now_or_never(async {
    /// let cache = Cache::new(Library)?;
    /// let query = cache.prepare(&Shelves::build(()))?;
    /// let mut watch = cache.watch(&query);
    /// let first = watch.next().await.expect("a watch never ends");
    /// assert!(first.data().is_none());
    ///
    /// cache.write(&query, SHELVES)?;
    /// let second = watch.next().await.expect("a watch never ends");
    /// assert!(second.is_complete());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).expect("no await waits").unwrap();
    /// ```
    pub fn watch<F>(&self, query: &Prepared<F>) -> Watch<F> {
        Watch::new(self.core.clone(), query.clone())
    }

    /// Registers a request that is about to be sent. Mutations are registered too.
    ///
    /// Until the request ends, the cache remembers what it needs to recognise that the response is
    /// out of date. Send [`Prepared::body`] after this call and pass the response to
    /// [`Cache::apply_response`]. Dropping the [`InFlight`] abandons the request.
    ///
    /// # Panics
    ///
    /// Panics if another cache prepared the query.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod library { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/doctest.in")); }
    /// # use library::*;
    /// use cynic::QueryBuilder;
    /// use cynic_cache::{Cache, WriteOutcome};
    ///
    /// # fn send(_: String) -> &'static [u8] { SHELVES }
    /// let cache = Cache::new(Library)?;
    /// let query = cache.prepare(&Shelves::build(()))?;
    /// let in_flight = cache.begin(&query);
    /// let response = send(query.body());
    /// let applied = cache.apply_response(&in_flight, &query, response)?;
    /// assert_eq!(applied.outcome, WriteOutcome::Applied);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn begin<F>(&self, query: &Prepared<F>) -> InFlight {
        let id = update(&self.core, |core| {
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

    /// Returns the ranges to fetch so that a query becomes complete.
    ///
    /// These are the ranges of its collections that are neither covered nor in flight, and ranges
    /// around members with unknown fields. The result is empty for a query without collections;
    /// [`View::gaps`] names the missing fields of such a query. The cost is linear in the number of
    /// members in the query's ranges.
    ///
    /// # Panics
    ///
    /// Panics if another cache prepared the query.
    pub fn missing_ranges<F>(&self, query: &Prepared<F>) -> Vec<ScopedRange> {
        let core = lock(&self.core);
        core.missing_ranges(query.bound(&core.base.store.names), true)
    }

    /// Applies several changes as one: a watch sees all of them or none.
    ///
    /// The closure runs under the cache's mutex and must not call the cache. Prepare operations
    /// before the call. Returns what the closure returns.
    ///
    /// If the closure panics, the calls that it completed remain in effect. The next change of the
    /// cache makes them visible.
    ///
    /// # Examples
    ///
    /// The response of a mutation replaces its prediction in one step:
    ///
    /// ```
    /// # mod library { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/doctest.in")); }
    /// # use library::*;
    /// use cynic::MutationBuilder;
    /// use cynic_cache::{Cache, Patch};
    ///
    /// let cache = Cache::new(Library)?;
    /// let rename = RenameVariables { id: "b1".into(), title: "Emma II".into() };
    /// let rename = cache.prepare(&RenameBook::build(rename))?;
    /// let in_flight = cache.begin(&rename);
    /// cache.predict("m1", Patch::of("Book", "b1").set("title", "Emma II"))?;
    ///
    /// cache.update(|batch| {
    ///     batch.settle("m1");
    ///     batch.apply_response(&in_flight, &rename, RENAMED)
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn update<R>(&self, change: impl FnOnce(&mut Batch<'_>) -> R) -> R {
        update(&self.core, |core| change(&mut Batch { core }))
    }

    /// Applies the response to a request, as a change of its own; see [`Batch::apply_response`].
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
        &self,
        request: &InFlight,
        operation: &Prepared<F>,
        response: &[u8],
    ) -> Result<Applied, ResponseError> {
        self.update(|batch| batch.apply_response(request, operation, response))
    }

    /// Writes data that no registered request has fetched, as a change of its own; see
    /// [`Batch::write`].
    ///
    /// # Errors
    ///
    /// Fails if the data does not fit the operation. The stored data is unchanged.
    ///
    /// # Panics
    ///
    /// Panics if another cache prepared the operation.
    pub fn write<F>(
        &self,
        operation: &Prepared<F>,
        response: &[u8],
    ) -> Result<Applied, ResponseError> {
        self.update(|batch| batch.write(operation, response))
    }

    /// Shows at once what a mutation is expected to do, until the mutation is settled or rolled
    /// back.
    ///
    /// Predictions lie over the stored data and never change it. `mutation` is an id of the
    /// program's choice; a mutation has one prediction.
    ///
    /// # Errors
    ///
    /// Fails if the prediction does not fit the mutation or the schema, or if the id is in use by
    /// another pending mutation. Nothing is changed.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod library { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/doctest.in")); }
    /// # use library::*;
    /// use cynic::QueryBuilder;
    /// use cynic_cache::{Cache, EntityKey, Patch, Status};
    ///
    /// let cache = Cache::new(Library)?;
    /// let query = cache.prepare(&Shelves::build(()))?;
    /// cache.write(&query, SHELVES)?;
    ///
    /// let book = EntityKey::new("Book", "b1");
    /// cache.predict("m1", Patch::of("Book", "b1").set("title", "Emma II"))?;
    /// assert_eq!(cache.read(&query).data().unwrap().shelves[0].books[0].title, "Emma II");
    /// assert_eq!(cache.status(&book), Status::Pending);
    ///
    /// assert!(cache.roll_back("m1"), "the mutation was pending");
    /// assert_eq!(cache.read(&query).data().unwrap().shelves[0].books[0].title, "Emma");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn predict(
        &self,
        mutation: impl Into<MutationId>,
        prediction: impl Into<Prediction>,
    ) -> Result<(), PredictionError> {
        let mutation = mutation.into();
        let prediction = prediction.into();
        update(&self.core, |core| core.predict(mutation, prediction))
    }

    /// Removes the prediction of a mutation that succeeded, as a change of its own; see
    /// [`Batch::settle`].
    ///
    /// Returns `true` if the mutation was pending. For an unknown or settled mutation nothing
    /// changes, and the result is `false`.
    pub fn settle(&self, mutation: impl Into<MutationId>) -> bool {
        self.update(|batch| batch.settle(mutation))
    }

    /// Removes the prediction of a mutation that the server rejected, as a change of its own; see
    /// [`Batch::roll_back`].
    ///
    /// Returns `true` if the mutation was pending. For an unknown or settled mutation nothing
    /// changes, and the result is `false`.
    pub fn roll_back(&self, mutation: impl Into<MutationId>) -> bool {
        self.update(|batch| batch.roll_back(mutation))
    }

    /// Returns whether predictions touch an entity, and whether one of their mutations has failed.
    ///
    /// An unknown entity is [`Status::Confirmed`].
    pub fn status(&self, entity: &EntityKey) -> Status {
        let core = lock(&self.core);
        core.find(entity).map_or(Status::Confirmed, |it| core.layers.status(it))
    }

    /// Returns the revision of the stored entity. Predictions do not change it.
    ///
    /// `None` means that the entity is not stored, or that its type has no revision.
    pub fn revision(&self, entity: &EntityKey) -> Option<Revision> {
        let core = lock(&self.core);
        core.base.store.entities.record(core.find(entity)?)?.revision
    }

    /// Returns the position of the cache in a scope's log: the revision up to which it has applied
    /// the log.
    ///
    /// A subscription resumes after this revision. `None` means that no response or event has named
    /// a revision yet.
    pub fn position(&self, scope: &Scope) -> Option<Revision> {
        let core = lock(&self.core);
        let collection = core.collection(&scope.member)?;
        let scope = core.base.scopes.find(collection, &scope.key)?;
        core.base.scopes.get(scope).position
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the lock, so that a closure under the lock can print the cache.
        out.debug_struct("Cache").finish_non_exhaustive()
    }
}

const _: () = {
    const fn assert_send_and_sync<T: Send + Sync>() {}
    assert_send_and_sync::<Cache>();
};
