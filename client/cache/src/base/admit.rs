//! The doors of the base: by which ways something of the server comes in, and what each asks of it.
//!
//! An answer tells of the past. What it says of an entity is taken if the base has nothing newer; what
//! it does not say of a range that it was asked for, counts as well: who is not in it is not there.

use hashbrown::HashSet;

use super::{Base, Told};
use crate::collections::{CoveredSpan, Placement, ScopeId, Span, Standing};
use crate::in_flight::RequestId;
use crate::normalize::{FromServer, Staged, StagedListing};
use crate::record::{EntityId, Record, Revision};
use crate::rules::Rules;

/// By which way something comes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Door {
    /// The answer to a request; none for what the program knows from elsewhere.
    Answer(Option<RequestId>),
    /// An event of the log of a scope.
    Event,
}

/// What became of an answer's ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteOutcome {
    /// All that it says counts.
    Applied,
    /// It was read at a revision that has not been heard yet: it enters with the event that gets there.
    Deferred,
    /// A range of it was read before the time from which on its changes were heard. It says nothing of
    /// that range; ask again.
    Stale,
}

/// A range as of a revision, on its way in.
struct Range {
    scope: ScopeId,
    span: Span,
    at: Option<Revision>,
    members: HashSet<EntityId>,
}

impl Base {
    /// Until when an answer has to wait: the scope whose log must be heard, and up to where.
    pub(crate) fn waits_for(
        &mut self,
        staged: &Staged<FromServer>,
        request: Option<RequestId>,
    ) -> Option<(ScopeId, Revision)> {
        staged.listings.iter().find_map(|it| {
            let scope = self.scopes.intern(it.listing.collection, it.scope.as_ref()?);
            let at = it.position?;
            let state = self.scopes.get(scope);
            let is_ahead = state.is_followed && state.position.is_some_and(|it| at > it);
            (is_ahead && it.is_complete && !state.is_void(request)).then_some((scope, at))
        })
    }

    /// Lets in what the server said.
    pub(crate) fn enter(
        &mut self,
        rules: &Rules,
        staged: Staged<FromServer>,
        door: Door,
        layered: impl Iterator<Item = EntityId>,
    ) -> WriteOutcome {
        self.clock += 1;
        let mut entered = WriteOutcome::Applied;
        let mut ranges = Vec::new();
        let mut refused = HashSet::new();
        // Whatever else is new in this batch has no place yet, and is looked at by itself.
        let mut unplaced: Vec<EntityId> = Vec::new();
        if !staged.listings.is_empty() {
            unplaced.extend(self.touched.entities.keys().copied());
            // And what layers touch is shown elsewhere than where the base has it.
            unplaced.extend(layered);
        }
        for listing in &staged.listings {
            match self.range(listing, door) {
                Some(Ok(range)) => ranges.push(range),
                Some(Err(TooOld)) => {
                    refused.extend(listing.members.iter().copied());
                    entered = WriteOutcome::Stale;
                }
                None => {}
            }
        }
        for record in staged.records {
            let in_range = ranges.iter().find(|it| it.members.contains(&record.entity));
            let from_range = in_range.map(|it| (it.at, it.scope));
            self.store.entities.get_mut(record.entity).last_used = self.clock;
            if from_range.is_none() && refused.contains(&record.entity) {
                continue;
            }
            match record.record {
                Some(told) => self.let_in(rules, record.entity, told, from_range, door),
                None => self.store.entities.get_mut(record.entity).is_deleted = false,
            }
        }
        for range in ranges {
            self.remove_absent(rules, &range, &unplaced);
        }
        for listing in staged.listings {
            self.keep_envelope(listing);
        }
        entered
    }

    /// Whether the list of a range counts, and covers it.
    fn range(&mut self, listing: &StagedListing, door: Door) -> Option<Result<Range, TooOld>> {
        let scope = self.scopes.intern(listing.listing.collection, listing.scope.as_ref()?);
        let span = Span { start: listing.listing.start, end: listing.listing.end };
        let request = match door {
            Door::Answer(request) => request,
            Door::Event => None,
        };
        if !listing.is_complete {
            return None;
        }
        let state = self.scopes.get_mut(scope);
        if let Some(at) = listing.position {
            if state.coverage.is_below_floor(request, span, at) {
                return Some(Err(TooOld));
            }
            if state.position.is_none() {
                // The first answer says where the base stands. What else was asked for has been heard
                // from here on only.
                state.position = Some(at);
                state.coverage.raise_floors(at);
            } else if !state.is_followed && state.position < Some(at) {
                state.position = Some(at);
                state.coverage.fall_behind(at);
            }
        }
        if state.is_followed {
            // Changes are kept from the moment on that a stretch was asked for. What was not announced
            // must be as new as what has been heard.
            let is_asked = request.is_some_and(|it| state.coverage.has_asked(it));
            if state.is_void(request) || !(is_asked || listing.position >= state.position) {
                return Some(Err(TooOld));
            }
        }
        let floor =
            if state.is_followed { state.position.min(listing.position) } else { listing.position };
        state.coverage.cover(CoveredSpan {
            span,
            fields: listing.listing.fields.clone(),
            floor,
            standing: Standing::Current,
        });
        self.touched.coverage(scope);
        self.touched.position(scope);
        let members = listing.members.iter().copied().collect();
        Some(Ok(Range { scope, span, at: listing.position, members }))
    }

    /// What one account of one entity changes.
    fn let_in(
        &mut self,
        rules: &Rules,
        entity: EntityId,
        told: Record,
        from_range: Option<(Option<Revision>, ScopeId)>,
        door: Door,
    ) {
        let held = self.store.entities.get_mut(entity).record.take();
        let Some(held) = held else {
            if self.may_come(rules, entity, &told, from_range, door) {
                self.guards.remove(entity);
                self.store.entities.get_mut(entity).is_deleted = false;
                self.put(entity, Some(told));
            }
            return;
        };
        let wins = match (from_range, told.revision, held.revision) {
            (None, Some(new), Some(old)) if new > old && self.is_past(rules, &told) => Wins::Held,
            // A range answer wins over everything up to its own revision.
            (Some((Some(at), _)), _, Some(held)) if held > at => Wins::Held,
            (_, Some(told), Some(held)) if told == held => Wins::Both,
            (Some(_), Some(_), Some(_)) => Wins::Told,
            (None, Some(told), Some(held)) if told > held => Wins::Told,
            (None, Some(_), Some(_)) => Wins::Held,
            _ => Wins::Both,
        };
        let record = match wins {
            Wins::Held => None,
            Wins::Told => Some(told),
            Wins::Both => Some(self.merged(&held, &told)),
        };
        let record =
            record.filter(|it| !it.has_same_content(&held) || it.revision != held.revision);
        self.store.entities.get_mut(entity).record = Some(held);
        if record.is_some() {
            self.put(entity, record);
        }
    }

    /// Whether what the base does not hold may come in.
    fn may_come(
        &mut self,
        rules: &Rules,
        entity: EntityId,
        told: &Record,
        from_range: Option<(Option<Revision>, ScopeId)>,
        door: Door,
    ) -> bool {
        let Some(revision) = told.revision else { return true };
        if self.guards.refuse(entity, Some(revision), from_range.map(|(at, _)| at)) {
            return false;
        }
        if from_range.is_some() {
            return true;
        }
        let Some(Placement { scope, interval }) = self.place(rules, told) else { return true };
        if matches!(door, Door::Event) && !self.scopes.get(scope).keeps(interval) {
            // Nobody looks there. An answer that knows less must not bring an older one.
            let told = Told::InLog(Some(scope));
            self.guards.unkept(entity, revision, told, &self.requests);
            return false;
        }
        !self.is_past(rules, told)
    }

    /// Whether an account that is no range's is of what was, and is no more: where all is known up to the
    /// position, what is not held as it says is not there as it says.
    fn is_past(&mut self, rules: &Rules, told: &Record) -> bool {
        let Some(Placement { scope, interval }) = self.place(rules, told) else { return false };
        let state = self.scopes.get(scope);
        told.revision <= state.position && state.coverage.is_known(interval)
    }

    /// Who is in the range, and not in the answer, is gone from there.
    fn remove_absent(&mut self, rules: &Rules, range: &Range, unplaced: &[EntityId]) {
        let shown = self.scopes.get(range.scope).index.shown(range.span);
        let mut candidates: Vec<EntityId> = shown.map(|(_, it)| it).collect();
        candidates.extend_from_slice(unplaced);
        candidates.retain(|it| !range.members.contains(it));
        for entity in candidates {
            let revision = match self.store.entities.record(entity) {
                Some(record) => record.revision,
                None => continue,
            };
            if revision.is_some() && range.at.is_some() && revision > range.at {
                continue;
            }
            let place = self.base_place(rules, entity);
            if !place.is_some_and(|it| it.scope == range.scope && range.span.shows(it.interval)) {
                continue;
            }
            if let Some(revision) = revision {
                let told = Told::Otherwise(Some(range.scope));
                self.guards.absent(entity, revision, told, &self.requests);
            }
            self.put(entity, None);
        }
    }

    /// The fields of the object around a list are kept for the scope.
    fn keep_envelope(&mut self, listing: StagedListing) {
        let (Some(told), Some(scope)) = (listing.envelope, listing.scope) else { return };
        let entity = self.envelope(listing.listing.collection, &scope);
        let record = match self.store.entities.get_mut(entity).record.take() {
            None => Some(told),
            Some(held) => {
                let merged = self.merged(&held, &told);
                let is_new = !merged.has_same_content(&held);
                self.store.entities.get_mut(entity).record = Some(held);
                is_new.then_some(merged)
            }
        };
        if record.is_some() {
            self.put(entity, record);
        }
    }

    /// The entity, unknown to any schema, that holds the fields around a scope's lists.
    pub(crate) fn envelope(&mut self, collection: usize, scope: &str) -> EntityId {
        let name = self.store.names.intern(&format!("#{collection}"));
        self.store.entities.intern(name, scope).0
    }

    pub(crate) fn find_envelope(&self, collection: usize, scope: &str) -> Option<EntityId> {
        self.store.entities.find(self.store.names.get(&format!("#{collection}"))?, scope)
    }
}

struct TooOld;

/// Which of two accounts stands.
enum Wins {
    Held,
    Told,
    Both,
}
