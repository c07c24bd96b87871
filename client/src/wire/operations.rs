//! The GraphQL operations of the SDK, as cynic fragments. They know neither engine nor cache.

use cynic_cache::Shared;

use crate::model::appointment::{Appointment, AppointmentStatus, Attendee, AttendeeResponse};
use crate::model::calendar::Calendar;
use crate::model::id::{AppointmentId, CalendarId, MutationId};
use crate::model::maybe::Maybe;
use crate::model::refusal::{InputProblem, Refusal, SlotConflict};
use crate::model::scalars::{DateTime, Revision, TimeZone};
use crate::schema;

/// A time range: `start` is inclusive, `end` is exclusive.
#[derive(cynic::InputObject, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(schema = "appointments", graphql_type = "TimeRange")]
pub(crate) struct TimeRange {
    pub(crate) start: DateTime,
    pub(crate) end: DateTime,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct RangeVariables {
    pub(crate) calendar: CalendarId,
    pub(crate) range: TimeRange,
}

/// Fetches the appointments of a calendar that overlap a range.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema = "appointments", graphql_type = "Query", variables = "RangeVariables")]
pub(crate) struct RangeQuery {
    #[arguments(calendarId: $calendar, range: $range)]
    pub(crate) appointments_in_range: AppointmentsInRange,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema = "appointments")]
pub(crate) struct AppointmentsInRange {
    pub(crate) appointments: Vec<Shared<Appointment>>,
}

/// Fetches the head revision of a calendar.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "Query", variables = "RangeVariables")]
pub(crate) struct HeadQuery {
    #[arguments(calendarId: $calendar, range: $range)]
    pub(crate) appointments_in_range: Head,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "AppointmentsInRange")]
pub(crate) struct Head {
    pub(crate) revision: Revision,
}

/// Fetches one appointment by id.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema = "appointments", graphql_type = "Query", variables = "AppointmentVariables")]
pub(crate) struct AppointmentQuery {
    #[arguments(id: $id)]
    pub(crate) appointment: Option<Shared<Appointment>>,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct AppointmentVariables {
    pub(crate) id: AppointmentId,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct ChangesVariables {
    pub(crate) calendar: CalendarId,
    pub(crate) after: Option<Revision>,
}

/// Subscribes to the changes of a calendar after a revision.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "Subscription", variables = "ChangesVariables")]
pub(crate) struct ChangesSubscription {
    #[arguments(calendarId: $calendar, after: $after)]
    pub(crate) appointment_changes: AppointmentChange,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct AppointmentChange {
    pub(crate) kind: ChangeKind,
    pub(crate) revision: Revision,
    pub(crate) previous_revision: Revision,
    pub(crate) appointment: Option<Appointment>,
    pub(crate) deleted_appointment_id: Option<AppointmentId>,
    #[allow(dead_code, reason = "the cache reads it from the response")]
    pub(crate) calendar: Option<Calendar>,
    pub(crate) mutation_id: Option<MutationId>,
}

#[derive(cynic::Enum, Clone, Debug, PartialEq, Eq)]
#[cynic(schema = "appointments")]
pub(crate) enum ChangeKind {
    Created,
    Updated,
    Deleted,
    CalendarUpdated,
    CalendarGone,
    Bookmark,
    Reset,
    #[cynic(fallback)]
    Other(String),
}

#[derive(cynic::InputObject, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct AttendeeInput {
    pub(crate) email: String,
    pub(crate) name: Option<String>,
    pub(crate) response: AttendeeResponse,
}

#[derive(cynic::InputObject, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct CreateAppointmentInput {
    pub(crate) id: Option<AppointmentId>,
    pub(crate) calendar_id: Option<CalendarId>,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) starts_at: DateTime,
    pub(crate) ends_at: DateTime,
    pub(crate) all_day: bool,
    pub(crate) time_zone: Option<TimeZone>,
    pub(crate) status: AppointmentStatus,
    pub(crate) attendees: Vec<AttendeeInput>,
    pub(crate) mutation_id: Option<MutationId>,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct CreateVariables {
    pub(crate) input: CreateAppointmentInput,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "Mutation", variables = "CreateVariables")]
pub(crate) struct CreateMutation {
    #[arguments(input: $input)]
    pub(crate) create_appointment: CreatePayload,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "CreateAppointmentPayload")]
pub(crate) struct CreatePayload {
    pub(crate) appointment: Option<Appointment>,
    pub(crate) error: Option<MutationError>,
}

#[derive(cynic::InputObject, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct UpdateAppointmentInput {
    pub(crate) id: AppointmentId,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[cynic(skip_serializing_if = "Maybe::is_keep")]
    pub(crate) description: Maybe<String>,
    #[cynic(skip_serializing_if = "Maybe::is_keep")]
    pub(crate) location: Maybe<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) starts_at: Option<DateTime>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) ends_at: Option<DateTime>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) all_day: Option<bool>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) time_zone: Option<TimeZone>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<AppointmentStatus>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) attendees: Option<Vec<AttendeeInput>>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) expected_revision: Option<Revision>,
    pub(crate) mutation_id: Option<MutationId>,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct UpdateVariables {
    pub(crate) input: UpdateAppointmentInput,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "Mutation", variables = "UpdateVariables")]
pub(crate) struct UpdateMutation {
    #[arguments(input: $input)]
    pub(crate) update_appointment: UpdatePayload,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "UpdateAppointmentPayload")]
pub(crate) struct UpdatePayload {
    pub(crate) appointment: Option<Appointment>,
    pub(crate) error: Option<MutationError>,
}

#[derive(cynic::InputObject, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct DeleteAppointmentInput {
    pub(crate) id: AppointmentId,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) expected_revision: Option<Revision>,
    pub(crate) mutation_id: Option<MutationId>,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct DeleteVariables {
    pub(crate) input: DeleteAppointmentInput,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "Mutation", variables = "DeleteVariables")]
pub(crate) struct DeleteMutation {
    #[arguments(input: $input)]
    pub(crate) delete_appointment: DeletePayload,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "DeleteAppointmentPayload")]
pub(crate) struct DeletePayload {
    pub(crate) deleted_appointment_id: Option<AppointmentId>,
    pub(crate) revision: Option<Revision>,
    pub(crate) error: Option<MutationError>,
}

/// The server's reason for refusing a mutation.
#[derive(cynic::InlineFragments, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) enum MutationError {
    TimeSlotTaken(TimeSlotTaken),
    RevisionConflict(RevisionConflict),
    InvalidInput(InvalidInput),
    NotFound(NotFound),
    IdAlreadyUsed(IdAlreadyUsed),
    #[cynic(fallback)]
    Other(OtherError),
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct TimeSlotTaken {
    pub(crate) message: String,
    pub(crate) conflicts: Vec<SlotConflict>,
    pub(crate) conflict_count: i32,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct RevisionConflict {
    pub(crate) message: String,
    pub(crate) current: Appointment,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct InvalidInput {
    pub(crate) message: String,
    pub(crate) problems: Vec<InputProblem>,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct NotFound {
    pub(crate) message: String,
    pub(crate) revision: Option<Revision>,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct IdAlreadyUsed {
    pub(crate) message: String,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "MutationError")]
pub(crate) struct OtherError {
    pub(crate) message: String,
}

impl From<&Attendee> for AttendeeInput {
    fn from(attendee: &Attendee) -> Self {
        let Attendee { email, name, response } = attendee.clone();
        Self { email, name, response }
    }
}

/// The deletion of an appointment, as a response reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deleted {
    /// The revision of the deletion; `None` if the server does not know it any more.
    pub(crate) at: Option<Revision>,
}

impl MutationError {
    /// Returns the deletion of the appointment, if this error says that it does not exist.
    pub(crate) fn deleted(&self) -> Option<Deleted> {
        match self {
            Self::NotFound(it) => Some(Deleted { at: it.revision }),
            _ => None,
        }
    }
}

impl From<MutationError> for Refusal {
    fn from(error: MutationError) -> Self {
        match error {
            MutationError::TimeSlotTaken(it) => Self::SlotTaken {
                message: it.message,
                conflicts: it.conflicts,
                count: it.conflict_count,
            },
            MutationError::RevisionConflict(it) => {
                Self::Conflict { message: it.message, current: Box::new(it.current) }
            }
            MutationError::InvalidInput(it) => {
                Self::Invalid { message: it.message, problems: it.problems }
            }
            MutationError::NotFound(it) => Self::NotFound { message: it.message },
            MutationError::IdAlreadyUsed(it) => Self::IdUsed { message: it.message },
            MutationError::Other(it) => Self::Other { message: it.message },
        }
    }
}
