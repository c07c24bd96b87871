//! The placement of an entity in a collection: its scope and its time interval.

/// The number of a scope in one cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ScopeId(pub(crate) u32);

/// The place of an entity in a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    pub(crate) scope: ScopeId,
    pub(crate) interval: Span,
}

/// A half-open interval: `start` is inclusive, `end` is exclusive. The unit is microseconds since
/// 1970-01-01T00:00Z, or that of the members' integer fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    pub(crate) start: i64,
    pub(crate) end: i64,
}
