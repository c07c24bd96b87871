//! Positions in a calendar's change log.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A position in a calendar's change log; its order is commit order (S1). 0 is before any change.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(u64);

impl Revision {
    /// Before any change.
    pub const ZERO: Self = Self(0);
    /// The largest whole number that every JSON reader keeps: 2^53 - 1.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// `None` above [`Self::MAX`].
    pub fn new(number: u64) -> Option<Self> {
        (number <= Self::MAX.0).then_some(Self(number))
    }

    /// The revision of the change after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The number itself, 0 to 2^53 - 1.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
