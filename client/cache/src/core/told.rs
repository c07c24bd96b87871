//! What the core is told: answers, events, resets and predictions. Nothing of it is visible until it is
//! published.

use std::sync::Arc;

use super::Core;
use crate::base::{Door, Entered};
use crate::batch::Scope;
use crate::collections::{ScopeId, Span, Waiting};
use crate::document::Bound;
use crate::error::{AnswerError, PredictionError};
use crate::layers::{Drafting, Given, MutationId, Prediction, edits_of, edits_of_answer};
use crate::normalize::{self, ServerError};
use crate::record::{EntityId, Revision};
use crate::requests::RequestId;
use crate::view::{EntityKey, Stretch};

impl Core {
    /// An answer, which enters or waits.
    pub(crate) fn answer(
        &mut self,
        request: Option<RequestId>,
        bound: &Arc<Bound>,
        text: &[u8],
    ) -> Result<(Entered, Vec<ServerError>), AnswerError> {
        let done = normalize::answer(&mut self.base.store, bound, text);
        let (staged, errors) = match done {
            Ok(done) => done,
            Err(error) => {
                self.end(request);
                return Err(error);
            }
        };
        if let Some((scope, until)) = self.base.waits_for(&staged, request) {
            let listings = staged.listings.iter().filter(|it| it.is_whole);
            let spans = listings.map(|it| Span { start: it.listing.start, end: it.listing.end });
            let (spans, bound, text) = (spans.collect(), bound.clone(), text.into());
            let waiting = Waiting { request, bound, text, spans, until };
            self.base.scopes.get_mut(scope).waiting.push(waiting);
            staged.give_up(&mut self.base.store);
            return Ok((Entered::Waits, errors));
        }
        let entered = self.base.enter(&self.rules, staged, Door::Answer(request));
        self.end(request);
        Ok((entered, errors))
    }

    /// An event: what it tells of enters, if anybody looks there.
    pub(crate) fn event(
        &mut self,
        bound: &Bound,
        text: &[u8],
    ) -> Result<Vec<ServerError>, AnswerError> {
        let (staged, errors) = normalize::answer(&mut self.base.store, bound, text)?;
        self.base.enter(&self.rules, staged, Door::Event);
        Ok(errors)
    }

    /// The log of a scope has been heard up to here. What has waited for it enters.
    pub(crate) fn advance(&mut self, scope: ScopeId, to: Revision) {
        let state = self.base.scopes.get_mut(scope);
        if state.position.is_some_and(|it| it >= to) {
            return;
        }
        if state.position.is_none() {
            state.coverage.raise_floors(to);
        }
        state.position = Some(to);
        self.base.touched.position(scope);
        self.release(scope);
    }

    /// Lets in what waits no longer.
    pub(crate) fn release(&mut self, scope: ScopeId) {
        let state = self.base.scopes.get_mut(scope);
        let (position, is_followed) = (state.position, state.is_followed);
        let waiting = std::mem::take(&mut state.waiting);
        for it in waiting {
            if is_followed && position.is_some_and(|position| it.until > position) {
                self.base.scopes.get_mut(scope).waiting.push(it);
                continue;
            }
            // It was read without fault when it came.
            let _ = self.answer(it.request, &it.bound, &it.text);
        }
    }

    /// A request is answered or given up.
    pub(crate) fn end(&mut self, request: Option<RequestId>) {
        let Some(request) = request else { return };
        if self.base.requests.end(request) {
            let mut scopes = Vec::new();
            for (id, scope) in self.base.scopes.iter_mut() {
                if scope.coverage.end(request) {
                    scopes.push(id);
                }
            }
            for scope in scopes {
                self.base.touched.coverage(scope);
            }
        }
    }

    pub(crate) fn predict(
        &mut self,
        by: MutationId,
        prediction: Prediction,
    ) -> Result<(), PredictionError> {
        if self.layers.is_pending(&by) {
            return Err(PredictionError::AlreadyPending(by.to_string()));
        }
        let (edits, recipe) = match prediction.0 {
            Given::Invalid(error) => return Err(error),
            Given::Answer { bound, value } => {
                let staged = normalize::expected(&mut self.base.store, &bound, &value);
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

    pub(crate) fn wanted(&self, bound: &Bound) -> Vec<Stretch> {
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

    pub(crate) fn reset(&mut self, scope: ScopeId, revision: Revision) {
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
