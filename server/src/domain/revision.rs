//! Positions in a calendar's change log.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A position in a calendar's change log. Revisions are in commit order (S1).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(u64);

impl Revision {
    /// The position before the first change.
    pub const ZERO: Self = Self(0);
    /// 2^53 - 1, the largest integer that every JSON parser represents exactly.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// Creates a revision. Returns `None` above [`Self::MAX`].
    pub fn new(number: u64) -> Option<Self> {
        (number <= Self::MAX.0).then_some(Self(number))
    }

    /// Returns the revision of the following change.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Returns the number, 0 to 2^53 - 1.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
