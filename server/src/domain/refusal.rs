//! Why a mutation was refused.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Appointment, Calendar, CalendarId, EntityId, Problem, Revision};

/// Why a mutation was refused; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The input is wrong, whatever the calendar holds or because of it.
    InvalidInput(Vec<Problem>),
    /// The calendar lets nothing overlap, and something is there.
    TimeSlotTaken {
        /// What is there: the earliest ten.
        conflicts: Vec<Appointment>,
        /// How many there are.
        count: u64,
    },
    /// The calendar was to let nothing overlap, and some of its appointments do.
    Overlapping {
        /// Which do: the earliest ten.
        conflicts: Vec<Appointment>,
        /// How many do.
        count: u64,
    },
    /// The appointment is not the one that the caller saw.
    RevisionConflict(Appointment),
    /// The calendar is not the one that the caller saw.
    CalendarRevisionConflict(Calendar),
    /// Something else has the id, or had it.
    IdAlreadyUsed(Option<Entity>),
    /// The calendar holds appointments, and they were not to go with it.
    CalendarNotEmpty(u64),
    /// There is no such thing.
    NotFound {
        /// What was looked for.
        kind: EntityKind,
        /// Its id.
        id: EntityId,
        /// Where it was, when that is known.
        calendar_id: Option<CalendarId>,
        /// The revision of its removal, when that is known.
        revision: Option<Revision>,
    },
}

/// What something with an id of its own is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntityKind {
    /// A calendar.
    Calendar,
    /// An appointment.
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

/// Something with an id of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entity {
    /// A calendar.
    Calendar(Calendar),
    /// An appointment.
    Appointment(Appointment),
}

impl Refusal {
    /// A refusal for one wrong field.
    pub fn invalid(field: &str, message: &str) -> Self {
        Self::InvalidInput(vec![Problem { field: field.into(), message: message.into() }])
    }

    /// As the contract calls its type.
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

/// One sentence for a person.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidInput(problems) => match problems.as_slice() {
                [] => f.write_str("The input is not valid."),
                [one] => write!(f, "{} {}.", one.field, one.message),
                [first, rest @ ..] => {
                    let more = rest.len();
                    let fields = if more == 1 { "field is" } else { "fields are" };
                    write!(f, "{} {}; {more} more {fields} wrong.", first.field, first.message)
                }
            },
            Self::TimeSlotTaken { conflicts, count } => match conflicts.first() {
                None => f.write_str("The time is taken."),
                Some(first) => {
                    write!(f, "The time is taken by “{}” ({})", first.content.title, When(first))?;
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
                write!(f, "“{}” was changed by somebody else meanwhile.", current.content.title)
            }
            Self::CalendarRevisionConflict(current) => {
                let name = &current.content.name;
                write!(f, "The calendar “{name}” was changed by somebody else meanwhile.")
            }
            Self::IdAlreadyUsed(_) => f.write_str("This id is in use already; choose a new one."),
            Self::CalendarNotEmpty(1) => f.write_str(
                "The calendar still has one appointment; set withAppointments to delete it too.",
            ),
            Self::CalendarNotEmpty(count) => {
                write!(
                    f,
                    "The calendar still has {count} appointments; set withAppointments to delete them too."
                )
            }
            Self::NotFound { kind, id, revision: Some(_), .. } => {
                write!(f, "The {kind} {id} was deleted.")
            }
            Self::NotFound { kind, id, .. } => write!(f, "There is no {kind} {id}."),
        }
    }
}

/// When an appointment is, on the wall clock of its own zone.
struct When<'a>(&'a Appointment);

impl fmt::Display for When<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content = &self.0.content;
        let (start, end) =
            (content.time_zone.local(content.starts_at), content.time_zone.local(content.ends_at));
        write!(f, "{} to ", start.format("%Y-%m-%d %H:%M"))?;
        if start.date() == end.date() {
            write!(f, "{}", end.format("%H:%M"))?;
        } else {
            write!(f, "{}", end.format("%Y-%m-%d %H:%M"))?;
        }
        write!(f, ", {}", content.time_zone)
    }
}
