//! The reasons why the domain refuses a mutation.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Appointment, Calendar, CalendarId, EntityId, Problem, Revision};

/// The reason why a mutation was refused. A refused mutation changes nothing.
///
/// The ledger stores refusals as JSON, so variants and fields must keep their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The input is invalid, by itself or together with the stored state.
    InvalidInput(Vec<Problem>),
    /// The calendar allows no overlaps, and the time is taken.
    TimeSlotTaken {
        /// The earliest ten conflicting appointments.
        conflicts: Vec<Appointment>,
        /// The number of all conflicting appointments.
        count: u64,
    },
    /// The calendar cannot forbid overlaps, because some of its appointments overlap.
    Overlapping {
        /// The earliest ten overlapping appointments.
        conflicts: Vec<Appointment>,
        /// The number of all overlapping appointments.
        count: u64,
    },
    /// The appointment has changed since the revision that the client expected.
    RevisionConflict(Appointment),
    /// The calendar has changed since the revision that the client expected.
    CalendarRevisionConflict(Calendar),
    /// The id is in use, or was in use earlier. `None` if its entity is deleted or not visible.
    IdAlreadyUsed(Option<Entity>),
    /// The calendar still has this number of appointments.
    CalendarNotEmpty(u64),
    /// The calendar or appointment does not exist.
    NotFound {
        /// The kind of the missing entity.
        kind: EntityKind,
        /// The id of the missing entity.
        id: EntityId,
        /// The calendar that contained it, if known.
        calendar_id: Option<CalendarId>,
        /// The revision of its deletion, if known.
        revision: Option<Revision>,
    },
}

/// The kind of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the variants are the kinds of `Entity`")]
pub enum EntityKind {
    Calendar,
    Appointment,
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Calendar => "calendar",
            Self::Appointment => "appointment",
        })
    }
}

/// A calendar or an appointment: everything that has an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each variant holds the type of the same name")]
pub enum Entity {
    Calendar(Calendar),
    Appointment(Appointment),
}

impl Refusal {
    /// Creates a refusal because of one invalid field.
    pub fn invalid(field: &str, message: &str) -> Self {
        Self::InvalidInput(vec![Problem { field: field.into(), message: message.into() }])
    }

    /// Returns the name of the refusal's type in the GraphQL schema.
    pub fn name(&self) -> &'static str {
        match self {
            Self::InvalidInput(_) => "InvalidInput",
            Self::TimeSlotTaken { .. } | Self::Overlapping { .. } => "TimeSlotTaken",
            Self::RevisionConflict(_) => "RevisionConflict",
            Self::CalendarRevisionConflict(_) => "CalendarRevisionConflict",
            Self::IdAlreadyUsed(_) => "IdAlreadyUsed",
            Self::CalendarNotEmpty(_) => "CalendarNotEmpty",
            Self::NotFound { .. } => "NotFound",
        }
    }
}

/// Writes one or two sentences for a person.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidInput(problems) => match problems.as_slice() {
                [] => f.write_str("The input is invalid."),
                [one] => f.write_str(&one.message),
                [first, _] => write!(f, "{} There is one more problem.", first.message),
                [first, rest @ ..] => {
                    write!(f, "{} There are {} more problems.", first.message, rest.len())
                }
            },
            Self::TimeSlotTaken { conflicts, count } => match conflicts.first() {
                None => f.write_str("The time is already taken."),
                Some(first) => {
                    let time = LocalTime(first);
                    write!(f, "The time is taken by “{}” ({time})", first.content.title)?;
                    match count.saturating_sub(1) {
                        0 => f.write_str("."),
                        1 => f.write_str(" and one more appointment."),
                        more => write!(f, " and {more} more appointments."),
                    }
                }
            },
            Self::Overlapping { count, .. } => {
                write!(f, "{count} appointments overlap; move or cancel some of them first.")
            }
            Self::RevisionConflict(current) => {
                let title = &current.content.title;
                write!(f, "“{title}” has changed since you last saw it; review it and try again.")
            }
            Self::CalendarRevisionConflict(current) => {
                let name = &current.content.name;
                write!(f, "The calendar “{name}” has changed since you last saw it; ")?;
                f.write_str("review it and try again.")
            }
            Self::IdAlreadyUsed(_) => f.write_str("This id is already in use; choose a new one."),
            Self::CalendarNotEmpty(1) => f.write_str(
                "The calendar still has one appointment; confirm that it may be deleted too.",
            ),
            Self::CalendarNotEmpty(count) => write!(
                f,
                "The calendar still has {count} appointments; confirm that they may be deleted too."
            ),
            Self::NotFound { kind, revision: Some(_), .. } => {
                write!(f, "This {kind} has been deleted.")
            }
            Self::NotFound { kind, .. } => write!(f, "This {kind} does not exist."),
        }
    }
}

/// Displays an appointment's start and end in its own time zone.
struct LocalTime<'a>(&'a Appointment);

impl fmt::Display for LocalTime<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = &self.0.content;
        let start = content.time_zone.local(content.starts_at);
        let end = content.time_zone.local(content.ends_at);
        write!(f, "{} to ", start.format("%Y-%m-%d %H:%M"))?;
        if start.date() == end.date() {
            write!(f, "{}", end.format("%H:%M"))?;
        } else {
            write!(f, "{}", end.format("%Y-%m-%d %H:%M"))?;
        }
        write!(f, ", {}", content.time_zone)
    }
}
