//! Collections: scopes, their members by interval, and the ranges that the cache has covered.
//!
//! The members of a list follow from the members' own fields, not from stored lists.

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

/// The state of one scope, such as one shelf or one calendar.
pub(crate) struct ScopeState {
    pub(crate) collection: usize,
    pub(crate) key: Arc<str>,
    /// The visible members.
    pub(crate) index: Index,
    pub(crate) coverage: Coverage,
    /// The revision up to which the base has applied the scope's log.
    pub(crate) position: Option<Revision>,
    /// Whether the program passes in every change. Only then can a response be deferred.
    pub(crate) is_followed: bool,
    /// Responses to requests before this one are void: the server was restored after they were
    /// sent.
    pub(crate) void_before: Option<RequestId>,
    /// The responses that the server read after `position`, in order of arrival.
    pub(crate) deferred: Vec<DeferredResponse>,
}

/// A response that is deferred until the position has reached its revision.
pub(crate) struct DeferredResponse {
    pub(crate) request: Option<RequestId>,
    pub(crate) bound: Arc<Bound>,
    pub(crate) text: Box<[u8]>,
    /// The ranges of the response. Events for these ranges are stored meanwhile.
    pub(crate) spans: Vec<Span>,
    /// The revision at which the server read the response.
    pub(crate) until: Revision,
}

/// A collection, and the key of one of its scopes.
#[derive(PartialEq, Eq, Hash)]
struct ScopeKey(usize, Arc<str>);

/// A borrowed [`ScopeKey`], which saves an allocation for each lookup.
#[derive(Hash)]
struct BorrowedKey<'k>(usize, &'k str);

impl Equivalent<ScopeKey> for BorrowedKey<'_> {
    fn equivalent(&self, key: &ScopeKey) -> bool {
        self.0 == key.0 && *self.1 == *key.1
    }
}

/// All known scopes.
#[derive(Default)]
pub(crate) struct Scopes {
    list: Vec<ScopeState>,
    numbers: HashMap<ScopeKey, ScopeId>,
    /// The scope of the last lookup. The next lookup is nearly always for the same one.
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
    /// Returns whether the response to a request is void because the server was restored meanwhile.
    pub(crate) fn is_void(&self, request: Option<RequestId>) -> bool {
        request.is_some_and(|it| self.void_before.is_some_and(|void| it < void))
    }

    /// Returns whether a member with `interval` must be stored: a range that is covered, in flight
    /// or deferred includes it.
    pub(crate) fn accepts(&self, interval: Span) -> bool {
        self.coverage.accepts(interval) || self.deferred_spans().any(|it| it.includes(interval))
    }

    /// Returns the ranges of the deferred responses.
    pub(crate) fn deferred_spans(&self) -> impl Iterator<Item = Span> + '_ {
        self.deferred.iter().flat_map(|it| it.spans.iter().copied())
    }

    /// Returns whether the scope holds nothing, so that a snapshot may fill it.
    pub(crate) fn is_empty(&self) -> bool {
        self.position.is_none() && self.coverage.is_empty()
    }
}

/// Returns the members of a scope in a range, in list order: by start, then the longer first, then
/// by key.
pub(crate) fn members_in_range<'a>(
    scope: &ScopeState,
    range: Span,
    key: impl Fn(EntityId) -> &'a str,
) -> Vec<(Span, EntityId)> {
    let mut members: Vec<_> = scope.index.in_range(range).collect();
    // The index returns runs that are sorted by start, which makes this sort fast.
    members.sort_by(|one, other| compare_members(*one, *other, &key));
    members
}

/// Compares two members by list order.
pub(crate) fn compare_members<'a>(
    one: (Span, EntityId),
    other: (Span, EntityId),
    key: impl Fn(EntityId) -> &'a str,
) -> std::cmp::Ordering {
    let by_interval = one.0.start.cmp(&other.0.start).then(other.0.end.cmp(&one.0.end));
    by_interval.then_with(|| {
        if one.1 == other.1 { std::cmp::Ordering::Equal } else { key(one.1).cmp(key(other.1)) }
    })
}
