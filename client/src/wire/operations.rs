//! The operations of the SDK, as cynic fragments. Pure: nothing here knows of engine or cache.

use cynic_cache::Shared;
use serde::Serialize;

use crate::model::appointment::{Appointment, AppointmentStatus, AttendeeResponse, CalendarInfo};
use crate::model::input::Set;
use crate::model::scalars::{DateTime, Revision, TimeZone};
use crate::schema;

/// A half-open stretch of time.
#[derive(cynic::InputObject, Clone, Copy, Debug, PartialEq, Eq)]
#[cynic(schema = "appointments", graphql_type = "TimeRange")]
pub(crate) struct TimeRange {
    pub(crate) start: DateTime,
    pub(crate) end: DateTime,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct RangeVariables {
    pub(crate) calendar: cynic::Id,
    pub(crate) range: TimeRange,
}

/// What a calendar has in a range.
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

/// How far a calendar is.
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

/// One appointment, wherever it is.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema = "appointments", graphql_type = "Query", variables = "AppointmentVariables")]
pub(crate) struct AppointmentQuery {
    #[arguments(id: $id)]
    pub(crate) appointment: Option<Shared<Appointment>>,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct AppointmentVariables {
    pub(crate) id: cynic::Id,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct ChangesVariables {
    pub(crate) calendar: cynic::Id,
    pub(crate) after: Option<Revision>,
}

/// Everything that happens in a calendar, from a revision on.
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
    pub(crate) deleted_appointment_id: Option<cynic::Id>,
    #[allow(dead_code, reason = "the cache takes it from the answer")]
    pub(crate) calendar: Option<CalendarInfo>,
    pub(crate) mutation_id: Option<cynic::Id>,
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
    pub(crate) id: Option<cynic::Id>,
    pub(crate) calendar_id: Option<cynic::Id>,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) starts_at: DateTime,
    pub(crate) ends_at: DateTime,
    pub(crate) all_day: bool,
    pub(crate) time_zone: Option<TimeZone>,
    pub(crate) status: AppointmentStatus,
    pub(crate) attendees: Vec<AttendeeInput>,
    pub(crate) mutation_id: Option<cynic::Id>,
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
    pub(crate) id: cynic::Id,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[cynic(skip_serializing_if = "Set::is_keep")]
    pub(crate) description: Set<String>,
    #[cynic(skip_serializing_if = "Set::is_keep")]
    pub(crate) location: Set<String>,
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
    pub(crate) mutation_id: Option<cynic::Id>,
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
    pub(crate) id: cynic::Id,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) expected_revision: Option<Revision>,
    pub(crate) mutation_id: Option<cynic::Id>,
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
    pub(crate) deleted_appointment_id: Option<cynic::Id>,
    pub(crate) revision: Option<Revision>,
    pub(crate) error: Option<MutationError>,
}

/// Why a mutation was refused, as the server says it.
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

/// What stands in a slot already.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema = "appointments")]
pub struct SlotConflict {
    /// When it starts.
    pub starts_at: DateTime,
    /// When it is over.
    pub ends_at: DateTime,
    /// What it is; `None` where that may not be seen.
    pub appointment: Option<Appointment>,
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

/// What is wrong with one field.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq, Serialize)]
#[cynic(schema = "appointments")]
pub struct InputProblem {
    /// Its path: `attendees.3.email`.
    pub field: String,
    /// What to do about it.
    pub message: String,
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
