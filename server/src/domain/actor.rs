//! Who asks.

use std::fmt;

use super::CalendarId;

/// Who asks. For now there is one, who may do everything; access control gives it more kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who has not said who they are.
    Anonymous,
}

impl Actor {
    /// Whether this actor may see the calendar and what is in it. What it may not see is not there.
    pub fn may_see(&self, _calendar: CalendarId) -> bool {
        match self {
            Self::Anonymous => true,
        }
    }

    /// Whether this actor may change the calendar and what is in it.
    pub fn may_change(&self, _calendar: CalendarId) -> bool {
        match self {
            Self::Anonymous => true,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}
