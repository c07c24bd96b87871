//! Collections: who is in a list follows from the members themselves.

mod coverage;
mod index;
mod intervals;

use std::sync::Arc;

use hashbrown::{Equivalent, HashMap};

pub(crate) use coverage::{Coverage, CoveredSpan, Freshness};
pub(crate) use index::Index;
pub(crate) use intervals::{subtract, union};

pub(crate) use crate::record::{Placement, ScopeId, Span};

use crate::document::Bound;
use crate::in_flight::RequestId;
use crate::record::{EntityId, Revision};

/// One shelf, one calendar: what has a log of its own.
pub(crate) struct ScopeState {
    pub(crate) collection: usize,
    pub(crate) key: Arc<str>,
    /// The members as the view shows them.
    pub(crate) index: Index,
    pub(crate) coverage: Coverage,
    /// The revision at which the base stands.
    pub(crate) position: Option<Revision>,
    /// Whether its log is being heard, so that an answer from the future can wait for it.
    pub(crate) is_followed: bool,
    /// Requests before this one were sent before the server was restored: they tell of another past.
    pub(crate) void_before: Option<RequestId>,
    /// Answers that were read at a revision which has not been heard yet, as they came.
    pub(crate) deferred: Vec<DeferredResponse>,
}

/// An answer that waits.
pub(crate) struct DeferredResponse {
    pub(crate) request: Option<RequestId>,
    pub(crate) bound: Arc<Bound>,
    pub(crate) text: Box<[u8]>,
    /// The stretches that it tells of, for the events that come before it.
    pub(crate) spans: Vec<Span>,
    pub(crate) until: Revision,
}

/// A collection, and the key of one of its scopes.
#[derive(PartialEq, Eq, Hash)]
struct ScopeKey(usize, Arc<str>);

/// The same, lent: members are placed by the text in their record.
#[derive(Hash)]
struct BorrowedKey<'k>(usize, &'k str);

impl Equivalent<ScopeKey> for BorrowedKey<'_> {
    fn equivalent(&self, key: &ScopeKey) -> bool {
        self.0 == key.0 && *self.1 == *key.1
    }
}

/// Every scope that was met.
#[derive(Default)]
pub(crate) struct Scopes {
    list: Vec<ScopeState>,
    numbers: HashMap<ScopeKey, ScopeId>,
    /// The one that was asked for last: nearly always the next one's too.
    last: Option<ScopeId>,
}

impl Scopes {
    pub(crate) fn find(&self, collection: usize, key: &str) -> Option<ScopeId> {
        if let Some(last) = self.last {
            let scope = self.get(last);
            if scope.collection == collection && *scope.key == *key {
                return Some(last);
            }
        }
        self.numbers.get(&BorrowedKey(collection, key)).copied()
    }

    pub(crate) fn intern(&mut self, collection: usize, key: &str) -> ScopeId {
        if let Some(known) = self.find(collection, key) {
            self.last = Some(known);
            return known;
        }
        let key: Arc<str> = key.into();
        let number = ScopeId(self.list.len() as u32);
        self.list.push(ScopeState {
            collection,
            key: key.clone(),
            index: Index::default(),
            coverage: Coverage::default(),
            position: None,
            is_followed: false,
            void_before: None,
            deferred: Vec::new(),
        });
        self.numbers.insert(ScopeKey(collection, key), number);
        self.last = Some(number);
        number
    }

    pub(crate) fn get(&self, number: ScopeId) -> &ScopeState {
        &self.list[number.0 as usize]
    }

    pub(crate) fn get_mut(&mut self, number: ScopeId) -> &mut ScopeState {
        &mut self.list[number.0 as usize]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ScopeId, &ScopeState)> {
        self.list.iter().enumerate().map(|(at, it)| (ScopeId(at as u32), it))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (ScopeId, &mut ScopeState)> {
        self.list.iter_mut().enumerate().map(|(at, it)| (ScopeId(at as u32), it))
    }
}

impl ScopeState {
    pub(crate) fn is_void(&self, request: Option<RequestId>) -> bool {
        request.is_some_and(|it| self.void_before.is_some_and(|void| it < void))
    }

    /// Whether a change of what lies in `interval` is to be kept.
    pub(crate) fn accepts(&self, interval: Span) -> bool {
        self.coverage.accepts(interval) || self.deferred_spans().any(|it| it.includes(interval))
    }

    /// The stretches of which an answer waits.
    pub(crate) fn deferred_spans(&self) -> impl Iterator<Item = Span> + '_ {
        self.deferred.iter().flat_map(|it| it.spans.iter().copied())
    }

    /// Whether nothing of it is held, so that a snapshot may enter.
    pub(crate) fn holds_nothing(&self) -> bool {
        self.position.is_none() && self.coverage.is_empty()
    }
}

/// The members of `scope` that `range` shows, in the order of the list: by start, the longer first,
/// then by key.
pub(crate) fn members_in_range<'a>(
    scope: &ScopeState,
    range: Span,
    key: impl Fn(EntityId) -> &'a str,
) -> Vec<(Span, EntityId)> {
    let mut members: Vec<_> = scope.index.in_range(range).collect();
    // The index gives them in runs that are sorted by start, which this sort sees.
    members.sort_by(|one, other| compare_members(*one, *other, &key));
    members
}

/// The order of a list.
pub(crate) fn compare_members<'a>(
    one: (Span, EntityId),
    other: (Span, EntityId),
    key: impl Fn(EntityId) -> &'a str,
) -> std::cmp::Ordering {
    let by_interval = one.0.start.cmp(&other.0.start).then(other.0.end.cmp(&one.0.end));
    by_interval.then_with(|| match one.1 == other.1 {
        true => std::cmp::Ordering::Equal,
        false => key(one.1).cmp(key(other.1)),
    })
}
