//! Coverage: the spans of a scope, and the fields of its members, of which the cache holds
//! everything that the server has.
//!
//! **Invariant:** where two covered spans overlap, neither has all fields of the other: a new span
//! replaces the overlapping parts of older spans whose fields it includes.

use super::{Span, subtract};
use crate::document::{FieldSet, includes};
use crate::in_flight::RequestId;
use crate::record::Revision;

/// The covered spans of a scope, and those in flight.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    covered: Vec<CoveredSpan>,
    requested: Vec<RequestedSpan>,
}

/// A span that a response has covered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CoveredSpan {
    pub(crate) span: Span,
    pub(crate) fields: FieldSet,
    /// The cache has received every change of the span after this revision. Older responses must
    /// not replace it.
    pub(crate) floor: Option<Revision>,
    pub(crate) freshness: Freshness,
}

/// How current a covered span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Freshness {
    /// The span is as of the scope's position.
    Current,
    /// A response for another span has advanced the position, and the scope is not followed, so the
    /// changes in between are unknown. The span becomes stale once the scope is followed.
    Behind,
    /// The cache has missed changes. The span may be out of date and must be fetched again.
    Stale,
}

impl CoveredSpan {
    pub(crate) fn is_stale(&self) -> bool {
        self.freshness == Freshness::Stale
    }
}

/// A span in flight.
#[derive(Clone, Debug)]
struct RequestedSpan {
    request: RequestId,
    span: Span,
    fields: FieldSet,
    floor: Option<Revision>,
}

impl Coverage {
    /// Adds a span that a request is about to fetch. A response below `floor` will be stale.
    pub(crate) fn add_request(
        &mut self,
        request: RequestId,
        span: Span,
        fields: FieldSet,
        floor: Option<Revision>,
    ) {
        self.requested.push(RequestedSpan { request, span, fields, floor });
    }

    /// Removes the spans of a request that has ended. Returns whether there were any.
    pub(crate) fn remove_request(&mut self, request: RequestId) -> bool {
        let before = self.requested.len();
        self.requested.retain(|it| it.request != request);
        self.requested.len() < before
    }

    /// Returns whether a response to `request`, read at revision `at`, is too old to cover `span`.
    pub(crate) fn is_below_floor(
        &self,
        request: Option<RequestId>,
        span: Span,
        at: Revision,
    ) -> bool {
        let is_above = |floor: &Option<Revision>| floor.is_some_and(|it| at < it);
        let mine = self.requested.iter().filter(|it| Some(it.request) == request);
        let over = self.covered.iter().filter(|it| !it.is_stale() && it.span.overlaps(span));
        mine.map(|it| &it.floor).chain(over.map(|it| &it.floor)).any(is_above)
    }

    /// Returns whether the request has a span here.
    pub(crate) fn has_request(&self, request: RequestId) -> bool {
        self.requested.iter().any(|it| it.request == request)
    }

    /// Adds a covered span. It replaces the overlapping parts of spans whose fields it includes.
    pub(crate) fn cover(&mut self, new: CoveredSpan) {
        let old = std::mem::take(&mut self.covered);
        for old_span in old {
            if !includes(&new.fields, &old_span.fields) {
                self.covered.push(old_span);
                continue;
            }
            let left = subtract(old_span.span, [new.span]).into_iter();
            self.covered.extend(left.map(|span| CoveredSpan { span, ..old_span.clone() }));
        }
        self.covered.push(new);
        self.join();
    }

    /// Joins adjacent spans that have the same fields, freshness and floor.
    fn join(&mut self) {
        self.covered.sort_by(|one, other| {
            (&one.fields, one.freshness, one.floor, one.span).cmp(&(
                &other.fields,
                other.freshness,
                other.floor,
                other.span,
            ))
        });
        self.covered.dedup_by(|next, kept| {
            let is_joined = kept.fields == next.fields
                && (kept.freshness, kept.floor) == (next.freshness, next.floor)
                && kept.span.end >= next.span.start;
            if is_joined {
                kept.span.end = kept.span.end.max(next.span.end);
            }
            is_joined
        });
    }

    /// Removes a span from the coverage, because a member in it was evicted.
    pub(crate) fn uncover(&mut self, span: Span) {
        let old = std::mem::take(&mut self.covered);
        self.covered = old
            .into_iter()
            .flat_map(|it| {
                subtract(it.span, [span])
                    .into_iter()
                    .map(move |span| CoveredSpan { span, ..it.clone() })
            })
            .collect();
    }

    /// Returns the parts of `span` that are not covered for `fields`. With `with_stale`, stale
    /// spans count as covered.
    pub(crate) fn uncovered(&self, span: Span, fields: &FieldSet, with_stale: bool) -> Vec<Span> {
        let covers = self.covered.iter().filter(|it| with_stale || !it.is_stale());
        let covers = covers.filter(|it| includes(&it.fields, fields));
        subtract(span, covers.map(|it| it.span))
    }

    /// Returns the parts of `span` to fetch: those that are neither covered nor in flight.
    pub(crate) fn missing_spans(&self, span: Span, fields: &FieldSet) -> Vec<Span> {
        let uncovered = self.uncovered(span, fields, false).into_iter();
        uncovered.flat_map(|it| self.unrequested(it, fields)).collect()
    }

    /// Returns the parts of `span` that are not in flight.
    pub(crate) fn unrequested(&self, span: Span, fields: &FieldSet) -> Vec<Span> {
        let in_flight = self.requested.iter().filter(|it| includes(&it.fields, fields));
        subtract(span, in_flight.map(|it| it.span))
    }

    /// Returns whether everything in `interval` is known as of the scope's position.
    pub(crate) fn is_current(&self, interval: Span) -> bool {
        let current = self.covered.iter().filter(|it| it.freshness == Freshness::Current);
        current.map(|it| it.span).any(|it| it.includes(interval))
    }

    /// Returns whether a covered span includes `interval`.
    pub(crate) fn covers(&self, interval: Span) -> bool {
        self.covered.iter().any(|it| it.span.includes(interval))
    }

    /// Returns whether a member with `interval` must be stored: a span that is covered or in flight
    /// includes it.
    pub(crate) fn accepts(&self, interval: Span) -> bool {
        self.covers(interval) || self.requested.iter().any(|it| it.span.includes(interval))
    }

    /// Returns whether a part of `span` is stale.
    pub(crate) fn is_stale(&self, span: Span) -> bool {
        self.covered.iter().any(|it| it.is_stale() && it.span.overlaps(span))
    }

    /// Marks all spans as stale after a gap in the log. Responses below `revision` will be stale.
    /// With `drops_requests`, the spans in flight are removed.
    pub(crate) fn reset(&mut self, revision: Revision, drops_requests: bool) {
        for old_span in &mut self.covered {
            old_span.freshness = Freshness::Stale;
        }
        if drops_requests {
            self.requested.clear();
        }
        self.raise_floors(revision);
    }

    /// Marks the spans that were current before `revision` as behind.
    pub(crate) fn mark_behind(&mut self, revision: Revision) {
        let older = self.covered.iter_mut().filter(|it| it.floor < Some(revision));
        older.for_each(|it| it.freshness = it.freshness.max(Freshness::Behind));
    }

    /// Marks the spans that are behind as stale. Returns whether there were any.
    pub(crate) fn mark_behind_stale(&mut self) -> bool {
        let behind = self.covered.iter_mut().filter(|it| it.freshness == Freshness::Behind);
        behind.map(|it| it.freshness = Freshness::Stale).count() > 0
    }

    /// Raises the floor of all spans in flight to `revision`.
    pub(crate) fn raise_floors(&mut self, revision: Revision) {
        for it in &mut self.requested {
            it.floor = it.floor.max(Some(revision));
        }
    }

    /// Removes the stale parts that are not in `watched`. Returns whether the coverage has changed.
    pub(crate) fn drop_unwatched_stale(&mut self, watched: &[Span]) -> bool {
        let before = self.covered.clone();
        let old = std::mem::take(&mut self.covered);
        for old_span in old {
            if !old_span.is_stale() {
                self.covered.push(old_span);
                continue;
            }
            let unwatched = subtract(old_span.span, watched.iter().copied());
            let left = subtract(old_span.span, unwatched).into_iter();
            self.covered.extend(left.map(|span| CoveredSpan { span, ..old_span.clone() }));
        }
        self.covered != before
    }

    /// Returns the spans in flight.
    pub(crate) fn requested_spans(&self) -> impl Iterator<Item = Span> + '_ {
        self.requested.iter().map(|it| it.span)
    }

    /// Returns the covered spans, ordered by fields, freshness, floor and span.
    pub(crate) fn covered_spans(&self) -> &[CoveredSpan] {
        &self.covered
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.covered.is_empty() && self.requested.is_empty()
    }
}
