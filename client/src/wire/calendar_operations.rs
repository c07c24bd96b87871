//! The GraphQL operations on calendars, as cynic fragments.

use cynic_cache::Shared;

use super::operations::{InvalidInput, NotFound, OtherError, TimeSlotTaken};
use crate::model::calendar::{Calendar, OverlapPolicy};
use crate::model::error::CalendarError;
use crate::model::id::CalendarId;
use crate::model::refusal::Refusal;
use crate::model::scalars::TimeZone;
use crate::schema;

/// Fetches the visible calendars: at most 1,000, ordered by name.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema = "appointments", graphql_type = "Query")]
pub(crate) struct CalendarsQuery {
    #[arguments(first: 1000)]
    pub(crate) calendars: CalendarConnection,
}

#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema = "appointments")]
pub(crate) struct CalendarConnection {
    pub(crate) nodes: Vec<Shared<Calendar>>,
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
    pub(crate) calendar: Option<Calendar>,
    pub(crate) error: Option<CalendarMutationError>,
}

#[derive(cynic::InputObject, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct UpdateCalendarInput {
    pub(crate) id: CalendarId,
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
    pub(crate) calendar: Option<Calendar>,
    pub(crate) error: Option<CalendarMutationError>,
}

#[derive(cynic::InputObject, Clone, Debug)]
#[cynic(schema = "appointments")]
pub(crate) struct DeleteCalendarInput {
    pub(crate) id: CalendarId,
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
    pub(crate) deleted_calendar_id: Option<CalendarId>,
    pub(crate) error: Option<CalendarMutationError>,
}

/// The server's reason for refusing a mutation of a calendar.
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

impl From<CalendarMutationError> for CalendarError {
    fn from(error: CalendarMutationError) -> Self {
        match error {
            CalendarMutationError::CalendarNotEmpty(it) => {
                Self::NotEmpty { message: it.message, appointments: it.appointment_count }
            }
            CalendarMutationError::InvalidInput(it) => {
                Self::Refused(Refusal::Invalid { message: it.message, problems: it.problems })
            }
            CalendarMutationError::NotFound(it) => {
                Self::Refused(Refusal::NotFound { message: it.message })
            }
            CalendarMutationError::TimeSlotTaken(it) => Self::Refused(Refusal::SlotTaken {
                message: it.message,
                conflicts: it.conflicts,
                count: it.conflict_count,
            }),
            CalendarMutationError::Other(it) => {
                Self::Refused(Refusal::Other { message: it.message })
            }
        }
    }
}
