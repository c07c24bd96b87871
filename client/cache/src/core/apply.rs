//! The inputs of the core: responses, events, resets and predictions. They become visible when the
//! core publishes.

use std::sync::Arc;

use super::Core;
use crate::base::{Source, WriteOutcome};
use crate::collections::{self, DeferredResponse, ScopeId, Span, union};
use crate::denormalize::Reader;
use crate::document::{Bound, Listing};
use crate::error::{PredictionError, ResponseError};
use crate::in_flight::RequestId;
use crate::layers::{
    DraftState, MutationId, Prediction, PredictionKind, patch_edits, response_edits,
};
use crate::normalize::{self, ServerError};
use crate::record::{EntityId, Revision, Value};
use crate::view::{EntityKey, Overlay, ReadView, Scope, ScopedRange};

impl Core {
    /// Applies a response, or defers it until the events of a followed scope have caught up.
    pub(crate) fn apply_response(
        &mut self,
        request: Option<RequestId>,
        bound: &Arc<Bound>,
        text: &[u8],
    ) -> Result<(WriteOutcome, Vec<ServerError>), ResponseError> {
        let parsed = normalize::parse_response(&mut self.base.store, bound, text);
        let (staged, errors) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                self.finish_request(request);
                return Err(error);
            }
        };
        if let Some((scope, until)) = self.base.deferred_until(&staged, request) {
            let listings = staged.listings.iter().filter(|it| it.is_complete);
            let spans = listings.map(|it| Span { start: it.listing.start, end: it.listing.end });
            let deferred = DeferredResponse {
                request,
                bound: bound.clone(),
                text: text.into(),
                spans: spans.collect(),
                until,
            };
            self.base.scopes.get_mut(scope).deferred.push(deferred);
            staged.discard(&mut self.base.store);
            return Ok((WriteOutcome::Deferred, errors));
        }
        let outcome =
            self.base.admit(&self.rules, staged, Source::Response(request), self.layers.touched());
        self.finish_request(request);
        Ok((outcome, errors))
    }

    /// Applies an event. Members outside covered and requested ranges are not stored.
    pub(crate) fn apply_event(
        &mut self,
        bound: &Bound,
        text: &[u8],
    ) -> Result<Vec<ServerError>, ResponseError> {
        let (staged, errors) = normalize::parse_response(&mut self.base.store, bound, text)?;
        self.base.admit(&self.rules, staged, Source::Event, self.layers.touched());
        Ok(errors)
    }

    /// Advances the position of a scope and applies the responses that were deferred up to it.
    pub(crate) fn advance(&mut self, scope: ScopeId, to: Revision) {
        let state = self.base.scopes.get_mut(scope);
        if state.position.is_some_and(|it| it >= to) {
            return;
        }
        if state.position.is_none() {
            state.coverage.raise_floors(to);
        }
        state.position = Some(to);
        self.base.touched.add_position(scope);
        self.admit_deferred(scope);
    }

    /// Applies the deferred responses that the position of the scope has reached, or all if the
    /// scope is not followed.
    pub(crate) fn admit_deferred(&mut self, scope: ScopeId) {
        let state = self.base.scopes.get_mut(scope);
        let position = state.position;
        let is_followed = state.is_followed;
        let deferred = std::mem::take(&mut state.deferred);
        for it in deferred {
            if is_followed && position.is_some_and(|position| it.until > position) {
                self.base.scopes.get_mut(scope).deferred.push(it);
                continue;
            }
            // It was parsed without an error when it arrived.
            let _ = self.apply_response(it.request, &it.bound, &it.text);
        }
    }

    /// Ends a request whose handle was dropped, unless its response is deferred.
    pub(super) fn abandon(&mut self, request: RequestId) {
        let waits =
            |it: &collections::ScopeState| it.deferred.iter().any(|it| it.request == Some(request));
        if !self.base.scopes.iter().any(|(_, it)| waits(it)) {
            self.finish_request(Some(request));
        }
    }

    /// Ends a request: its ranges are no longer in flight.
    pub(crate) fn finish_request(&mut self, request: Option<RequestId>) {
        let Some(request) = request else { return };
        if self.base.requests.finish(request) {
            let mut scopes = Vec::new();
            for (id, scope) in self.base.scopes.iter_mut() {
                if scope.coverage.remove_request(request) {
                    scopes.push(id);
                }
            }
            for scope in scopes {
                self.base.touched.add_coverage(scope);
            }
        }
    }

    /// Adds the layer of a mutation.
    pub(crate) fn predict(
        &mut self,
        mutation: MutationId,
        prediction: Prediction,
    ) -> Result<(), PredictionError> {
        if self.layers.is_pending(&mutation) {
            return Err(PredictionError::AlreadyPending(mutation.to_string()));
        }
        let (edits, recipe) = match prediction.0 {
            PredictionKind::Invalid(error) => return Err(error),
            PredictionKind::Response { bound, value } => {
                if bound.cache != self.base.store.names.id {
                    let message = "the mutation was prepared by another cache".to_owned();
                    return Err(PredictionError::Mismatch(message));
                }
                let staged = normalize::parse_prediction(&mut self.base.store, &bound, &value);
                let staged = staged.map_err(PredictionError::Mismatch)?;
                (response_edits(&mut self.base, &self.layers, staged), None)
            }
            PredictionKind::Patch(patch) => {
                (patch_edits(&mut self.base, &self.rules, patch)?, None)
            }
            PredictionKind::Draft(recipe) => {
                let drafting =
                    DraftState::new(&mut self.base, &self.rules, &self.layers, mutation.clone());
                let (edits, reads, error) = drafting.run(&recipe);
                if let Some(error) = error {
                    return Err(error);
                }
                (edits, Some((recipe, reads)))
            }
        };
        self.layers.push(mutation, edits, recipe);
        Ok(())
    }

    /// Returns the ranges to fetch so that an operation becomes complete: those that are neither
    /// covered nor in flight and, with `check_members`, those of members with unknown fields.
    pub(crate) fn missing_ranges(&self, bound: &Bound, check_members: bool) -> Vec<ScopedRange> {
        let mut ranges = Vec::new();
        for listing in bound.listings() {
            let Some(scope) = &listing.scope else { continue };
            let span = Span { start: listing.start, end: listing.end };
            let mut spans = vec![span];
            if let Some(it) = self.base.scopes.find(listing.collection, scope) {
                let scope = self.base.scopes.get(it);
                spans = scope.coverage.missing_spans(span, &listing.fields);
                if check_members {
                    let parts = self.incomplete_members(bound, listing, scope).into_iter();
                    spans.extend(
                        parts.flat_map(|it| scope.coverage.unrequested(it, &listing.fields)),
                    );
                    spans = union(spans);
                }
            }
            let member = &self.rules.collections[listing.collection].member;
            ranges.extend(spans.into_iter().map(|it| ScopedRange {
                member: member.clone(),
                scope: scope.to_string(),
                start: it.start,
                end: it.end,
            }));
        }
        ranges
    }

    /// Returns the intervals of the members in a listing's range that have unknown fields.
    fn incomplete_members(
        &self,
        bound: &Bound,
        listing: &Listing,
        scope: &collections::ScopeState,
    ) -> Vec<Span> {
        let none = Overlay::default();
        let view = ReadView { base: &self.base, overlay: &none };
        let reader = Reader::new(view, &self.rules, bound, None, &|_, _| None);
        let range = Span { start: listing.start, end: listing.end };
        let members = scope.index.in_range(range);
        let incomplete_members = members.filter(|(_, it)| {
            self.base.store.entities.record(*it).is_some()
                && !reader.is_fully_known(Value::Ref(*it), listing.members)
        });
        let within = incomplete_members.map(|(it, _)| {
            let start = it.start.max(range.start);
            Span { start, end: it.end.min(range.end).max(start + 1) }
        });
        within.collect()
    }

    /// Sets the position of a scope whose log has a gap.
    ///
    /// A revision below the position means that the server was restored from a backup: everything
    /// that was read before is of a history that the server has lost.
    pub(crate) fn reset(&mut self, scope: ScopeId, revision: Revision) {
        let watched = self.watches.spans(scope);
        let state = self.base.scopes.get_mut(scope);
        let is_restored = state.position.is_some_and(|it| revision < it);
        state.position = Some(revision);
        state.coverage.reset(revision, is_restored);
        state.coverage.drop_unwatched_stale(&watched);
        if is_restored {
            state.void_before = Some(self.base.requests.next_id());
            for it in std::mem::take(&mut state.deferred) {
                self.finish_request(it.request);
            }
            self.base.invalidate_revisions(&self.rules, scope);
        }
        self.base.touched.add_coverage(scope);
        self.base.touched.add_position(scope);
        self.admit_deferred(scope);
    }

    pub(crate) fn collection(&self, member: &str) -> Option<usize> {
        self.rules.collections.iter().position(|it| it.member == member)
    }

    pub(crate) fn scope(&mut self, scope: &Scope) -> Option<ScopeId> {
        let collection = self.collection(&scope.member)?;
        Some(self.base.scopes.intern(collection, &scope.key))
    }

    pub(crate) fn find(&self, entity: &EntityKey) -> Option<EntityId> {
        self.base.store.entities.find(self.base.store.names.get(&entity.type_name)?, &entity.key)
    }
}
