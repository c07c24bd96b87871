//! The operations of calendars themselves.

use cynic_cache::Shared;

use super::operations::{InvalidInput, NotFound, OtherError, TimeSlotTaken};
use crate::model::appointment::{CalendarInfo, OverlapPolicy};
use crate::model::scalars::TimeZone;
use crate::schema;

/// The calendars that may be seen.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema = "appointments", graphql_type = "Query")]
pub(crate) struct CalendarsQuery {
    #[arguments(first: 1000)]
    pub(crate) calendars: CalendarConnection,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema = "appointments")]
pub(crate) struct CalendarConnection {
    pub(crate) nodes: Vec<Shared<CalendarInfo>>,
}

#[derive(cynic::InputObject, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct CreateCalendarInput {
    pub(crate) name: String,
    pub(crate) color: Option<String>,
    pub(crate) time_zone: TimeZone,
    pub(crate) overlaps: OverlapPolicy,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct CreateCalendarVariables {
    pub(crate) input: CreateCalendarInput,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "Mutation", variables = "CreateCalendarVariables")]
pub(crate) struct CreateCalendarMutation {
    #[arguments(input: $input)]
    pub(crate) create_calendar: CreateCalendarPayload,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct CreateCalendarPayload {
    pub(crate) calendar: Option<CalendarInfo>,
    pub(crate) error: Option<CalendarMutationError>,
}

#[derive(cynic::InputObject, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct UpdateCalendarInput {
    pub(crate) id: cynic::Id,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) color: Option<String>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) time_zone: Option<TimeZone>,
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub(crate) overlaps: Option<OverlapPolicy>,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct UpdateCalendarVariables {
    pub(crate) input: UpdateCalendarInput,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "Mutation", variables = "UpdateCalendarVariables")]
pub(crate) struct UpdateCalendarMutation {
    #[arguments(input: $input)]
    pub(crate) update_calendar: UpdateCalendarPayload,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct UpdateCalendarPayload {
    pub(crate) calendar: Option<CalendarInfo>,
    pub(crate) error: Option<CalendarMutationError>,
}

#[derive(cynic::InputObject, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct DeleteCalendarInput {
    pub(crate) id: cynic::Id,
    pub(crate) with_appointments: bool,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct DeleteCalendarVariables {
    pub(crate) input: DeleteCalendarInput,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "Mutation", variables = "DeleteCalendarVariables")]
pub(crate) struct DeleteCalendarMutation {
    #[arguments(input: $input)]
    pub(crate) delete_calendar: DeleteCalendarPayload,
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct DeleteCalendarPayload {
    pub(crate) deleted_calendar_id: Option<cynic::Id>,
    pub(crate) error: Option<CalendarMutationError>,
}

/// Why something is not done to a calendar, as the server says it.
#[derive(cynic::InlineFragments, Clone, Debug)]
#[cynic(schema = "appointments", graphql_type = "MutationError")]
pub(crate) enum CalendarMutationError {
    CalendarNotEmpty(CalendarNotEmpty),
    InvalidInput(InvalidInput),
    NotFound(NotFound),
    TimeSlotTaken(TimeSlotTaken),
    #[cynic(fallback)]
    Other(OtherError),
}

#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct CalendarNotEmpty {
    pub(crate) message: String,
    pub(crate) appointment_count: i32,
}
