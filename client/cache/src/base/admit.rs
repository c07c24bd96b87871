//! The doors of the base: by which ways something of the server comes in, and what each asks of it.
//!
//! An answer tells of the past. What it says of an entity is taken if the base has nothing newer; what
//! it does not say of a range that it was asked for, counts as well: who is not in it is not there.

use hashbrown::HashSet;

use super::{Base, LogCoverage};
use crate::collections::{CoveredSpan, Freshness, Placement, ScopeId, Span};
use crate::in_flight::RequestId;
use crate::normalize::{FromServer, Staged, StagedListing};
use crate::record::{EntityId, Record, Revision};
use crate::rules::Rules;

/// By which way something comes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// The answer to a request; none for what the program knows from elsewhere.
    Response(Option<RequestId>),
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
struct ResponseRange {
    scope: ScopeId,
    span: Span,
    at: Option<Revision>,
    members: HashSet<EntityId>,
}

impl Base {
    /// Until when an answer has to wait: the scope whose log must be heard, and up to where.
    pub(crate) fn deferred_until(
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
    pub(crate) fn admit(
        &mut self,
        rules: &Rules,
        staged: Staged<FromServer>,
        source: Source,
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
            match self.cover(listing, source) {
                Some(Ok(range)) => ranges.push(range),
                Some(Err(StaleRange)) => {
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
                Some(told) => self.merge_record(rules, record.entity, told, from_range, source),
                None => self.store.entities.get_mut(record.entity).is_deleted = false,
            }
        }
        for range in ranges {
            self.remove_absent(rules, &range, &unplaced);
        }
        for listing in staged.listings {
            self.merge_envelope(listing);
        }
        entered
    }

    /// Whether the list of a range counts, and covers it.
    fn cover(
        &mut self,
        listing: &StagedListing,
        source: Source,
    ) -> Option<Result<ResponseRange, StaleRange>> {
        let scope = self.scopes.intern(listing.listing.collection, listing.scope.as_ref()?);
        let span = Span { start: listing.listing.start, end: listing.listing.end };
        let request = match source {
            Source::Response(request) => request,
            Source::Event => None,
        };
        if !listing.is_complete {
            return None;
        }
        let state = self.scopes.get_mut(scope);
        if let Some(at) = listing.position {
            if state.coverage.is_below_floor(request, span, at) {
                return Some(Err(StaleRange));
            }
            if state.position.is_none() {
                // The first answer says where the base stands. What else was asked for has been heard
                // from here on only.
                state.position = Some(at);
                state.coverage.raise_floors(at);
            } else if !state.is_followed && state.position < Some(at) {
                state.position = Some(at);
                state.coverage.mark_behind(at);
            }
        }
        if state.is_followed {
            // Changes are kept from the moment on that a stretch was asked for. What was not announced
            // must be as new as what has been heard.
            let is_asked = request.is_some_and(|it| state.coverage.has_request(it));
            if state.is_void(request) || !(is_asked || listing.position >= state.position) {
                return Some(Err(StaleRange));
            }
        }
        let floor =
            if state.is_followed { state.position.min(listing.position) } else { listing.position };
        state.coverage.cover(CoveredSpan {
            span,
            fields: listing.listing.fields.clone(),
            floor,
            freshness: Freshness::Current,
        });
        self.touched.coverage(scope);
        self.touched.position(scope);
        let members = listing.members.iter().copied().collect();
        Some(Ok(ResponseRange { scope, span, at: listing.position, members }))
    }

    /// What one account of one entity changes.
    fn merge_record(
        &mut self,
        rules: &Rules,
        entity: EntityId,
        told: Record,
        from_range: Option<(Option<Revision>, ScopeId)>,
        source: Source,
    ) {
        let held = self.store.entities.get_mut(entity).record.take();
        let Some(held) = held else {
            if self.is_admissible(rules, entity, &told, from_range, source) {
                self.tombstones.remove(entity);
                self.store.entities.get_mut(entity).is_deleted = false;
                self.put(entity, Some(told));
            }
            return;
        };
        let wins = match (from_range, told.revision, held.revision) {
            (None, Some(new), Some(old)) if new > old && self.is_stale(rules, &told) => {
                Winner::Stored
            }
            // A range answer wins over everything up to its own revision.
            (Some((Some(at), _)), _, Some(held)) if held > at => Winner::Stored,
            (_, Some(told), Some(held)) if told == held => Winner::Both,
            (Some(_), Some(_), Some(_)) => Winner::Incoming,
            (None, Some(told), Some(held)) if told > held => Winner::Incoming,
            (None, Some(_), Some(_)) => Winner::Stored,
            _ => Winner::Both,
        };
        let record = match wins {
            Winner::Stored => None,
            Winner::Incoming => Some(told),
            Winner::Both => Some(self.merged(&held, &told)),
        };
        let record =
            record.filter(|it| !it.has_same_content(&held) || it.revision != held.revision);
        self.store.entities.get_mut(entity).record = Some(held);
        if record.is_some() {
            self.put(entity, record);
        }
    }

    /// Whether what the base does not hold may come in.
    fn is_admissible(
        &mut self,
        rules: &Rules,
        entity: EntityId,
        told: &Record,
        from_range: Option<(Option<Revision>, ScopeId)>,
        source: Source,
    ) -> bool {
        let Some(revision) = told.revision else { return true };
        if self.tombstones.blocks(entity, Some(revision), from_range.map(|(at, _)| at)) {
            return false;
        }
        if from_range.is_some() {
            return true;
        }
        let Some(Placement { scope, interval }) = self.placement(rules, told) else { return true };
        if matches!(source, Source::Event) && !self.scopes.get(scope).accepts(interval) {
            // Nobody looks there. An answer that knows less must not bring an older one.
            let told = LogCoverage::Logged(Some(scope));
            self.tombstones.mark_forgotten(entity, revision, told, &self.requests);
            return false;
        }
        !self.is_stale(rules, told)
    }

    /// Whether an account that is no range's is of what was, and is no more: where all is known up to the
    /// position, what is not held as it says is not there as it says.
    fn is_stale(&mut self, rules: &Rules, told: &Record) -> bool {
        let Some(Placement { scope, interval }) = self.placement(rules, told) else { return false };
        let state = self.scopes.get(scope);
        told.revision <= state.position && state.coverage.is_current(interval)
    }

    /// Who is in the range, and not in the answer, is gone from there.
    fn remove_absent(&mut self, rules: &Rules, range: &ResponseRange, unplaced: &[EntityId]) {
        let shown = self.scopes.get(range.scope).index.in_range(range.span);
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
            let place = self.stored_placement(rules, entity);
            if !place.is_some_and(|it| it.scope == range.scope && range.span.includes(it.interval))
            {
                continue;
            }
            if let Some(revision) = revision {
                let told = LogCoverage::Unlogged(Some(range.scope));
                self.tombstones.mark_deleted(entity, revision, told, &self.requests);
            }
            self.put(entity, None);
        }
    }

    /// The fields of the object around a list are kept for the scope.
    fn merge_envelope(&mut self, listing: StagedListing) {
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

struct StaleRange;

/// Which of two accounts stands.
enum Winner {
    Stored,
    Incoming,
    Both,
}
