//! The core: base, layers and watches behind one lock, and the one door by which a change becomes
//! visible.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::base::{Base, Door, Entered};
use crate::collections::{ScopeId, Span, Waiting};
use crate::document::{Bound, Plans};
use crate::layers::{Drafting, Layers};
use crate::normalize;
use crate::record::{EntityId, Revision};
use crate::requests::RequestId;
use crate::rules::Rules;
use crate::view::{Overlay, Sight};
use crate::watch::{Moved, Watches};

/// Everything that a cache holds.
pub(crate) struct Core {
    pub(crate) rules: Rules,
    pub(crate) base: Base,
    pub(crate) layers: Layers,
    /// What is shown of the entities that layers touch; written by `publish` alone.
    pub(crate) overlay: Overlay,
    pub(crate) watches: Watches,
    pub(crate) plans: Plans,
    /// Operations whose answers are kept though nobody watches them, by their number.
    pub(crate) retained: Vec<(u64, Arc<Bound>)>,
    pub(crate) retained_next: u64,
    /// How many bytes records may take, and when that is to be looked at again.
    pub(crate) limit: Option<Limit>,
    /// Who is to be woken when the lock is given back.
    wakers: Vec<Waker>,
}

/// A bound on memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) bytes: usize,
    /// Looking costs a walk over everything, so the next look is a fifth away from the last.
    pub(crate) look_at: usize,
}

/// A core that is shared by the cache and its watches.
pub(crate) type SharedCore = Arc<Mutex<Core>>;

/// Does something with the core and publishes it, all under one lock; those who are told of it are woken
/// when the lock is free again.
pub(crate) fn with<R>(core: &Mutex<Core>, act: impl FnOnce(&mut Core) -> R) -> R {
    let mut guard = lock(core);
    let done = act(&mut guard);
    guard.publish();
    guard.keep_to_limit();
    let wakers = std::mem::take(&mut guard.wakers);
    drop(guard);
    for waker in wakers {
        waker.wake();
    }
    done
}

/// The core, for a look. A closure of the program that panicked has left nothing half done: it runs before
/// anything is changed.
pub(crate) fn lock(core: &Mutex<Core>) -> MutexGuard<'_, Core> {
    core.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    pub(crate) fn new(rules: Rules, base: Base) -> Self {
        Self {
            rules,
            base,
            layers: Layers::default(),
            overlay: Overlay::default(),
            watches: Watches::default(),
            plans: Plans::default(),
            retained: Vec::new(),
            retained_next: 0,
            limit: None,
            wakers: Vec::new(),
        }
    }

    /// An answer, which enters or waits.
    pub(crate) fn answer(
        &mut self,
        request: Option<RequestId>,
        bound: &Arc<Bound>,
        text: &[u8],
    ) -> Result<(Entered, Vec<normalize::ServerError>), crate::error::AnswerError> {
        let done = normalize::answer(&mut self.base, bound, text);
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
            staged.give_up(&mut self.base);
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
    ) -> Result<Vec<normalize::ServerError>, crate::error::AnswerError> {
        let (staged, errors) = normalize::answer(&mut self.base, bound, text)?;
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

    /// The one door by which changes become visible: works out what is shown of everything that was
    /// touched, and tells the watches that show it.
    fn publish(&mut self) {
        self.run_recipes();
        let mut touched = std::mem::take(&mut self.base.touched);
        let changed = self.layers.take_changed();
        if touched.is_empty() && changed.is_empty() {
            return;
        }
        let mut moved = Vec::new();
        let unheld: Vec<EntityId> =
            changed.keys().copied().filter(|it| !touched.entities.contains_key(it)).collect();
        for entity in unheld {
            let before = self.base.entities.record(entity).cloned();
            touched.entities.insert(entity, before);
        }
        for (entity, held) in touched.entities {
            let before = self.overlay.remove(&entity).unwrap_or(held);
            let to = if self.layers.touches(entity) {
                let shown = self.layers.view(&mut self.base, entity, None);
                let place = shown.as_ref().and_then(|it| self.base.place(&self.rules, it));
                self.overlay.insert(entity, shown);
                place
            } else {
                self.base.base_place(&self.rules, entity)
            };
            let from = std::mem::replace(&mut self.base.entities.get_mut(entity).place, to);
            if from != to {
                for (place, joins) in [(from, false), (to, true)] {
                    let Some(place) = place else { continue };
                    let index = &mut self.base.scopes.get_mut(place.scope).index;
                    match joins {
                        true => index.insert(place.interval, entity),
                        false => index.remove(place.interval, entity),
                    }
                }
            }
            let now = Sight { base: &self.base, overlay: &self.overlay }.record(entity);
            if before.as_ref() != now {
                moved.push(Moved { entity, before, from, to });
            }
        }
        // Members join in the order of their numbers, so that the same story always reads the same.
        moved.sort_by_key(|it| it.entity);
        let woken = self.watches.tell(
            &mut self.base,
            &self.overlay,
            &moved,
            &touched.coverage,
            &touched.positions,
        );
        for id in woken {
            self.wakers.extend(self.watches.get_mut(id).and_then(|it| it.waker.take()));
        }
        let statuses: Vec<EntityId> = changed
            .into_iter()
            .filter(|(it, before)| self.layers.status(*it) != *before)
            .map(|(it, _)| it)
            .collect();
        for id in self.watches.tell_statuses(&self.base, &statuses) {
            self.wakers.extend(self.watches.get_mut(id).and_then(|it| it.status_waker.take()));
        }
        self.base.prune_guards();
    }

    fn keep_to_limit(&mut self) {
        let Some(limit) = self.limit.filter(|it| self.base.bytes > it.look_at) else { return };
        self.forget(limit.bytes);
        let look_at = self.base.bytes.max(limit.bytes);
        self.limit = Some(Limit { look_at: look_at + look_at / 5, ..limit });
        self.publish();
    }

    /// Runs the closures again that have looked at something which moved, oldest first.
    fn run_recipes(&mut self) {
        for (by, recipe) in self.layers.recipes() {
            let touched = &self.base.touched.entities;
            if !self.layers.is_stirred(&by, |it| touched.contains_key(&it)) {
                continue;
            }
            let drafting = Drafting::new(&mut self.base, &self.rules, &self.layers, by.clone());
            let (edits, reads, _) = drafting.run(&recipe);
            self.layers.replace(&by, edits, reads);
        }
    }
}
