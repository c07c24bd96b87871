//! Coverage: for which stretches of a scope, and for which fields of its members, the cache holds
//! everything that the server has.
//!
//! **Invariant:** of two stretches, none covers a part of the other with all of its fields: what a new
//! one brings is cut out of the old ones.

use super::{Span, subtract};
use crate::document::{FieldSet, includes};
use crate::in_flight::RequestId;
use crate::record::Revision;

/// What is covered, and what has been asked for.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    covered: Vec<CoveredSpan>,
    requested: Vec<RequestedSpan>,
}

/// A stretch that the server has answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CoveredSpan {
    pub(crate) span: Span,
    pub(crate) fields: FieldSet,
    /// Every change of it has been heard from this revision on. What is older says nothing of it.
    pub(crate) floor: Option<Revision>,
    pub(crate) freshness: Freshness,
}

/// How far a stretch is up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Freshness {
    /// With the scope's position.
    Current,
    /// The position has gone on by the answer of another stretch, and nobody hears what has happened
    /// between. It is as good as any answer, until the scope is followed.
    Behind,
    /// Something was not heard: what is shown may be out of date, and is to be asked for again.
    Stale,
}

impl CoveredSpan {
    pub(crate) fn is_stale(&self) -> bool {
        self.freshness == Freshness::Stale
    }
}

/// A stretch on whose answer we wait.
#[derive(Clone, Debug)]
struct RequestedSpan {
    request: RequestId,
    span: Span,
    fields: FieldSet,
    floor: Option<Revision>,
}

impl Coverage {
    pub(crate) fn add_request(
        &mut self,
        request: RequestId,
        span: Span,
        fields: FieldSet,
        floor: Option<Revision>,
    ) {
        self.requested.push(RequestedSpan { request, span, fields, floor });
    }

    /// The request is answered, or given up. Whether it had asked for anything here.
    pub(crate) fn remove_request(&mut self, request: RequestId) -> bool {
        let before = self.requested.len();
        self.requested.retain(|it| it.request != request);
        self.requested.len() < before
    }

    /// Whether an answer to `request`, read at `at`, is too old to say anything of `span`.
    pub(crate) fn is_below_floor(
        &self,
        request: Option<RequestId>,
        span: Span,
        at: Revision,
    ) -> bool {
        let is_above = |floor: &Option<Revision>| floor.is_some_and(|it| at < it);
        let mine = self.requested.iter().filter(|it| Some(it.request) == request);
        let over = self.covered.iter().filter(|it| !it.is_stale() && touch(it.span, span));
        mine.map(|it| &it.floor).chain(over.map(|it| &it.floor)).any(is_above)
    }

    /// Whether it was asked for here.
    pub(crate) fn has_request(&self, request: RequestId) -> bool {
        self.requested.iter().any(|it| it.request == request)
    }

    /// A stretch has been answered.
    pub(crate) fn cover(&mut self, new: CoveredSpan) {
        let old = std::mem::take(&mut self.covered);
        for stretch in old {
            if !includes(&new.fields, &stretch.fields) {
                self.covered.push(stretch);
                continue;
            }
            let left = subtract(stretch.span, [new.span]).into_iter();
            self.covered.extend(left.map(|span| CoveredSpan { span, ..stretch.clone() }));
        }
        self.covered.push(new);
        self.join();
    }

    /// Neighbours that differ in nothing become one.
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

    /// Takes a stretch out: something of it was forgotten.
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

    /// The stretches of `span` that are not covered for `fields`; stale ones count if `with_stale`.
    pub(crate) fn uncovered(&self, span: Span, fields: &FieldSet, with_stale: bool) -> Vec<Span> {
        let covers = self.covered.iter().filter(|it| with_stale || !it.is_stale());
        let covers = covers.filter(|it| includes(&it.fields, fields));
        subtract(span, covers.map(|it| it.span))
    }

    /// What is to be asked for, so that `span` becomes covered: neither covered nor asked for yet.
    pub(crate) fn missing_spans(&self, span: Span, fields: &FieldSet) -> Vec<Span> {
        let uncovered = self.uncovered(span, fields, false).into_iter();
        uncovered.flat_map(|it| self.unrequested(it, fields)).collect()
    }

    /// The stretches of `span` that are not asked for.
    pub(crate) fn unrequested(&self, span: Span, fields: &FieldSet) -> Vec<Span> {
        let asked = self.requested.iter().filter(|it| includes(&it.fields, fields));
        subtract(span, asked.map(|it| it.span))
    }

    /// Whether everything in `interval` is known, as of the scope's position.
    pub(crate) fn is_current(&self, interval: Span) -> bool {
        let current = self.covered.iter().filter(|it| it.freshness == Freshness::Current);
        current.map(|it| it.span).any(|it| it.includes(interval))
    }

    /// Whether `interval` is seen in a stretch that is covered.
    pub(crate) fn covers(&self, interval: Span) -> bool {
        self.covered.iter().any(|it| it.span.includes(interval))
    }

    /// Whether a change of what lies in `interval` is to be kept: the stretch is covered or asked for.
    pub(crate) fn accepts(&self, interval: Span) -> bool {
        self.covers(interval) || self.requested.iter().any(|it| it.span.includes(interval))
    }

    pub(crate) fn is_stale(&self, span: Span) -> bool {
        self.covered.iter().any(|it| it.is_stale() && touch(it.span, span))
    }

    /// The log does not reach back to us: what is covered is stale, and what was read before
    /// `revision` says nothing. With `drops_requests` what was asked before says nothing at all.
    pub(crate) fn reset(&mut self, revision: Revision, drops_requests: bool) {
        for stretch in &mut self.covered {
            stretch.freshness = Freshness::Stale;
        }
        if drops_requests {
            self.requested.clear();
        }
        self.raise_floors(revision);
    }

    /// The position has gone on to `revision`, unheard.
    pub(crate) fn mark_behind(&mut self, revision: Revision) {
        let older = self.covered.iter_mut().filter(|it| it.floor < Some(revision));
        older.for_each(|it| it.freshness = it.freshness.max(Freshness::Behind));
    }

    /// From now on every change is heard. What was not heard until now is missed; whether that is anything.
    pub(crate) fn mark_behind_stale(&mut self) -> bool {
        let behind = self.covered.iter_mut().filter(|it| it.freshness == Freshness::Behind);
        behind.map(|it| it.freshness = Freshness::Stale).count() > 0
    }

    /// Nothing was heard before `revision`.
    pub(crate) fn raise_floors(&mut self, revision: Revision) {
        for asked in &mut self.requested {
            asked.floor = asked.floor.max(Some(revision));
        }
    }

    /// Forgets the stale stretches that nobody watches.
    pub(crate) fn drop_unwatched_stale(&mut self, watched: &[Span]) -> bool {
        let before = self.covered.clone();
        let old = std::mem::take(&mut self.covered);
        for stretch in old {
            if !stretch.is_stale() {
                self.covered.push(stretch);
                continue;
            }
            let unwatched = subtract(stretch.span, watched.iter().copied());
            let left = subtract(stretch.span, unwatched).into_iter();
            self.covered.extend(left.map(|span| CoveredSpan { span, ..stretch.clone() }));
        }
        self.covered != before
    }

    /// The stretches on whose answer we wait.
    pub(crate) fn requested_spans(&self) -> impl Iterator<Item = Span> + '_ {
        self.requested.iter().map(|it| it.span)
    }

    pub(crate) fn covered_spans(&self) -> &[CoveredSpan] {
        &self.covered
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.covered.is_empty() && self.requested.is_empty()
    }
}

fn touch(one: Span, other: Span) -> bool {
    one.start < other.end && other.start < one.end
}
