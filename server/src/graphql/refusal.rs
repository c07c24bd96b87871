//! Typed refusals: each kind of [`domain::Refusal`] is a type of the contract.

use async_graphql::{ID, Interface, SimpleObject};

use super::appointment::Appointment;
use super::calendar::Calendar;
use super::query::Node;
use super::scalar::{DateTime, Revision};
use crate::domain::{self, Refusal};

/// The reason why a mutation was rejected. Nothing was changed. New kinds may be added, so use
/// `message` as a fallback.
#[derive(Interface)]
#[graphql(field(name = "message", ty = "&String", desc = "One sentence for the user."))]
pub(super) enum MutationError {
    InvalidInput(InvalidInput),
    TimeSlotTaken(TimeSlotTaken),
    RevisionConflict(RevisionConflict),
    CalendarRevisionConflict(CalendarRevisionConflict),
    IdAlreadyUsed(IdAlreadyUsed),
    CalendarNotEmpty(CalendarNotEmpty),
    NotFound(NotFound),
}

#[derive(SimpleObject)]
#[graphql(serial)]
pub(super) struct InvalidInput {
    message: String,
    /// All invalid fields, not only the first.
    problems: Vec<InputProblem>,
}

#[derive(SimpleObject)]
#[graphql(serial)]
struct InputProblem {
    /// The path of the field inside `input`, such as endsAt or attendees.3.email.
    field: String,
    message: String,
}

#[derive(SimpleObject)]
#[graphql(serial)]
pub(super) struct TimeSlotTaken {
    message: String,
    /// The conflicting appointments, at most the ten earliest.
    conflicts: Vec<SlotConflict>,
    conflict_count: i32,
}

#[derive(SimpleObject)]
#[graphql(serial)]
struct SlotConflict {
    starts_at: DateTime,
    ends_at: DateTime,
    /// Null if the caller may not see it. Show the time as busy.
    appointment: Option<Appointment>,
}

#[derive(SimpleObject)]
#[graphql(serial)]
pub(super) struct RevisionConflict {
    message: String,
    /// The current appointment.
    current: Appointment,
}

#[derive(SimpleObject)]
#[graphql(serial)]
pub(super) struct CalendarRevisionConflict {
    message: String,
    /// The current calendar.
    current: Calendar,
}

#[derive(SimpleObject)]
#[graphql(serial)]
pub(super) struct IdAlreadyUsed {
    message: String,
    /// The object with this id, if it still exists and the caller may see it.
    existing: Option<Node>,
}

#[derive(SimpleObject)]
#[graphql(serial)]
pub(super) struct CalendarNotEmpty {
    message: String,
    appointment_count: i32,
}

#[derive(SimpleObject)]
#[graphql(serial)]
pub(super) struct NotFound {
    message: String,
    id: ID,
    /// The calendar that contained it, if known, and a revision at which it did not exist.
    calendar_id: Option<ID>,
    revision: Option<Revision>,
}

impl From<Refusal> for MutationError {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::InvalidInput(problems) => {
                let problems = problems.into_iter().map(Into::into).collect();
                Self::InvalidInput(InvalidInput { message, problems })
            }
            Refusal::TimeSlotTaken { conflicts, count }
            | Refusal::Overlapping { conflicts, count } => {
                let conflicts = conflicts.into_iter().map(Into::into).collect();
                let conflict_count = saturate(count);
                Self::TimeSlotTaken(TimeSlotTaken { message, conflicts, conflict_count })
            }
            Refusal::RevisionConflict(current) => {
                Self::RevisionConflict(RevisionConflict { message, current: current.into() })
            }
            Refusal::CalendarRevisionConflict(current) => {
                let current = current.into();
                Self::CalendarRevisionConflict(CalendarRevisionConflict { message, current })
            }
            Refusal::IdAlreadyUsed(existing) => {
                let existing = existing.map(Into::into);
                Self::IdAlreadyUsed(IdAlreadyUsed { message, existing })
            }
            Refusal::CalendarNotEmpty(count) => {
                let appointment_count = saturate(count);
                Self::CalendarNotEmpty(CalendarNotEmpty { message, appointment_count })
            }
            Refusal::NotFound { id, calendar_id, revision, .. } => Self::NotFound(NotFound {
                message,
                id: id.to_string().into(),
                calendar_id: calendar_id.map(|it| it.to_string().into()),
                revision: revision.map(Revision),
            }),
        }
    }
}

impl From<domain::Problem> for InputProblem {
    fn from(it: domain::Problem) -> Self {
        Self { field: it.field, message: it.message }
    }
}

impl From<domain::Appointment> for SlotConflict {
    fn from(it: domain::Appointment) -> Self {
        let (starts_at, ends_at) = (it.content.starts_at.into(), it.content.ends_at.into());
        Self { starts_at, ends_at, appointment: Some(it.into()) }
    }
}

/// Converts a count to GraphQL's `Int`, which has 32 bits.
fn saturate(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
