//! The user who sends a request.

use std::fmt;

use super::CalendarId;

/// The user who sends a request. There is only one kind, which may do everything, until there is
/// access control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A user without credentials.
    Anonymous,
}

impl Actor {
    /// Whether this actor may see the calendar and its appointments. To an actor that may not, the
    /// calendar does not exist.
    pub fn may_see(&self, _calendar: CalendarId) -> bool {
        match self {
            Self::Anonymous => true,
        }
    }

    /// Whether this actor may change the calendar and its appointments.
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
