//! Admission: which server data enters the base, and which stored data it replaces.
//!
//! A response describes the past. Its data about an entity is admitted unless the base has newer
//! data. A range in a response also says what does not exist: stored members of the range that the
//! response lacks are removed.

use hashbrown::HashSet;

use super::{Base, LogCoverage};
use crate::collections::{CoveredSpan, Freshness, Placement, ScopeId, Span};
use crate::in_flight::RequestId;
use crate::normalize::{FromServer, Staged, StagedListing};
use crate::record::{EntityId, Record, Revision};
use crate::rules::Rules;

/// Where data from the server comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// A response to a request. `None` means data without a registered request.
    Response(Option<RequestId>),
    /// An event of a scope's log.
    Event,
}

/// Whether a response is in effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteOutcome {
    /// All data of the response is in effect.
    Applied,
    /// The server read the response at a later revision than the position of a followed scope. It
    /// takes effect once events have advanced the position that far.
    Deferred,
    /// A range of the response is out of date: the cache may have missed changes between it and the
    /// position. That range and its members are ignored; fetch it again. Everything else is in
    /// effect. Also the outcome of a response to a request that has ended.
    Stale,
}

/// A range of a response that has been admitted.
struct ResponseRange {
    scope: ScopeId,
    span: Span,
    /// The revision at which the server read it, if it says so.
    at: Option<Revision>,
    members: HashSet<EntityId>,
}

impl Base {
    /// Returns the scope and the revision for which a response must be deferred, if any.
    ///
    /// A response is deferred if it has a range of a followed scope that was read after the
    /// position.
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

    /// Admits data from the server. `layered` are the entities that layers touch.
    pub(crate) fn admit(
        &mut self,
        rules: &Rules,
        staged: Staged<FromServer>,
        source: Source,
        layered: impl Iterator<Item = EntityId>,
    ) -> WriteOutcome {
        self.clock += 1;
        let mut outcome = WriteOutcome::Applied;
        let mut ranges = Vec::new();
        let mut refused = HashSet::new();
        // The indexes lag behind: what this batch has changed is not indexed yet, and entities that
        // layers touch are indexed where they are visible. These are checked one by one.
        let mut unplaced: Vec<EntityId> = Vec::new();
        if !staged.listings.is_empty() {
            unplaced.extend(self.touched.entities.keys().copied());
            unplaced.extend(layered);
        }
        for listing in &staged.listings {
            match self.cover(listing, source) {
                Some(Ok(range)) => ranges.push(range),
                Some(Err(StaleRange)) => {
                    refused.extend(listing.members.iter().copied());
                    outcome = WriteOutcome::Stale;
                }
                None => {}
            }
        }
        for record in staged.records {
            let in_range = ranges.iter().find(|it| it.members.contains(&record.entity));
            let from_range = in_range.map(|it| (it.at, it.scope));
            self.store.entities.get_mut(record.entity).last_written = self.clock;
            if from_range.is_none() && refused.contains(&record.entity) {
                continue;
            }
            match record.record {
                Some(incoming) => {
                    self.merge_record(rules, record.entity, incoming, from_range, source);
                }
                None => self.store.entities.get_mut(record.entity).is_deleted = false,
            }
        }
        for range in ranges {
            self.remove_absent(rules, &range, &unplaced);
        }
        for listing in staged.listings {
            self.merge_envelope(listing);
        }
        outcome
    }

    /// Covers the range of a list, unless the list is out of date.
    ///
    /// `None` means that the list covers nothing: it is incomplete, or has no scope.
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
                // The first response determines the position. The changes before it are not known,
                // so other responses in flight must not be older.
                state.position = Some(at);
                state.coverage.raise_floors(at);
            } else if !state.is_followed && state.position < Some(at) {
                state.position = Some(at);
                state.coverage.mark_behind(at);
            }
        }
        if state.is_followed {
            // The cache stores the events for a range from the moment it is requested. Data without
            // a request must be as new as the position.
            let is_requested = request.is_some_and(|it| state.coverage.has_request(it));
            if state.is_void(request) || !(is_requested || listing.position >= state.position) {
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
        self.touched.add_coverage(scope);
        self.touched.add_position(scope);
        let members = listing.members.iter().copied().collect();
        Some(Ok(ResponseRange { scope, span, at: listing.position, members }))
    }

    /// Merges the incoming record of an entity with the stored one. The newer one wins; records of
    /// the same revision, or without one, are combined.
    ///
    /// `from_range` has the revision and the scope of the admitted range that contains the entity.
    fn merge_record(
        &mut self,
        rules: &Rules,
        entity: EntityId,
        incoming: Record,
        from_range: Option<(Option<Revision>, ScopeId)>,
        source: Source,
    ) {
        let stored = self.store.entities.get_mut(entity).record.take();
        let Some(stored) = stored else {
            if self.is_admissible(rules, entity, &incoming, from_range, source) {
                self.tombstones.remove(entity);
                self.store.entities.get_mut(entity).is_deleted = false;
                self.put(entity, Some(incoming));
            }
            return;
        };
        let winner = match (from_range, incoming.revision, stored.revision) {
            (None, Some(new), Some(old)) if new > old && self.is_stale(rules, &incoming) => {
                Winner::Stored
            }
            // A range wins over all records up to its own revision.
            (Some((Some(at), _)), _, Some(old)) if old > at => Winner::Stored,
            (_, Some(new), Some(old)) if new == old => Winner::Both,
            (Some(_), Some(_), Some(_)) => Winner::Incoming,
            (None, Some(new), Some(old)) if new > old => Winner::Incoming,
            (None, Some(_), Some(_)) => Winner::Stored,
            _ => Winner::Both,
        };
        let record = match winner {
            Winner::Stored => None,
            Winner::Incoming => Some(incoming),
            Winner::Both => Some(self.combine(&stored, &incoming)),
        };
        let record =
            record.filter(|it| !it.has_same_content(&stored) || it.revision != stored.revision);
        self.store.entities.get_mut(entity).record = Some(stored);
        if record.is_some() {
            self.put(entity, record);
        }
    }

    /// Returns whether the record of an entity that the base does not store may be added.
    fn is_admissible(
        &mut self,
        rules: &Rules,
        entity: EntityId,
        incoming: &Record,
        from_range: Option<(Option<Revision>, ScopeId)>,
        source: Source,
    ) -> bool {
        let Some(revision) = incoming.revision else { return true };
        if self.tombstones.blocks(entity, Some(revision), from_range.map(|(at, _)| at)) {
            return false;
        }
        if from_range.is_some() {
            return true;
        }
        let Some(Placement { scope, interval }) = self.placement(rules, incoming) else {
            return true;
        };
        if matches!(source, Source::Event) && !self.scopes.get(scope).accepts(interval) {
            // No range needs it. A response in flight must not bring an older version.
            let log = LogCoverage::Logged(Some(scope));
            self.tombstones.mark_forgotten(entity, revision, log, &self.requests);
            return false;
        }
        !self.is_stale(rules, incoming)
    }

    /// Returns whether a record from outside a range is out of date.
    ///
    /// If the base has everything in the record's interval up to the position, a record up to the
    /// position that differs from the base describes an entity that has since been deleted or
    /// moved.
    fn is_stale(&mut self, rules: &Rules, incoming: &Record) -> bool {
        let Some(Placement { scope, interval }) = self.placement(rules, incoming) else {
            return false;
        };
        let state = self.scopes.get(scope);
        incoming.revision <= state.position && state.coverage.is_current(interval)
    }

    /// Removes the stored members of a range that the response lacks.
    fn remove_absent(&mut self, rules: &Rules, range: &ResponseRange, unplaced: &[EntityId]) {
        let members = self.scopes.get(range.scope).index.in_range(range.span);
        let mut candidates: Vec<EntityId> = members.map(|(_, it)| it).collect();
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
            let placement = self.stored_placement(rules, entity);
            let is_member =
                |it: Placement| it.scope == range.scope && range.span.includes(it.interval);
            if !placement.is_some_and(is_member) {
                continue;
            }
            if let Some(revision) = revision {
                let log = LogCoverage::Unlogged(Some(range.scope));
                self.tombstones.mark_deleted(entity, revision, log, &self.requests);
            }
            self.put(entity, None);
        }
    }

    /// Stores the fields of the object around a list, once for the scope.
    fn merge_envelope(&mut self, listing: StagedListing) {
        let (Some(incoming), Some(scope)) = (listing.envelope, listing.scope) else { return };
        let entity = self.envelope(listing.listing.collection, &scope);
        let record = match self.store.entities.get_mut(entity).record.take() {
            None => Some(incoming),
            Some(stored) => {
                let merged = self.combine(&stored, &incoming);
                let is_new = !merged.has_same_content(&stored);
                self.store.entities.get_mut(entity).record = Some(stored);
                is_new.then_some(merged)
            }
        };
        if record.is_some() {
            self.put(entity, record);
        }
    }

    /// Returns the entity that stores the fields of the objects around the lists of a scope.
    ///
    /// Its type name begins with `#`, so it is in no schema.
    pub(crate) fn envelope(&mut self, collection: usize, scope: &str) -> EntityId {
        let name = self.store.names.intern(&format!("#{collection}"));
        self.store.entities.intern(name, scope).0
    }

    /// Finds the entity of [`Base::envelope`] without creating it.
    pub(crate) fn find_envelope(&self, collection: usize, scope: &str) -> Option<EntityId> {
        self.store.entities.find(self.store.names.get(&format!("#{collection}"))?, scope)
    }
}

/// The error of a range that is out of date.
struct StaleRange;

/// The outcome of comparing two records of an entity.
enum Winner {
    Stored,
    Incoming,
    Both,
}
