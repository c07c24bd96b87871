//! The fragments of the benchmark, and the cache's policy for the schema.

#![allow(dead_code, reason = "the fields are read, but not used")]

use appointments_client::schema;
use cynic_cache::{Collection, ListField, Policy, Shared};
use serde::{Deserialize, Serialize};

/// The cache's policy for the schema of appointments.
pub(crate) struct Appointments;

impl Policy for Appointments {
    fn schema(&self) -> &str {
        include_str!("../../../schema.graphql")
    }

    fn revision(&self, type_name: &str) -> Option<&str> {
        matches!(type_name, "Appointment" | "Calendar").then_some("revision")
    }

    fn is_server_made(&self, _: &str, field: &str) -> bool {
        field == "updatedAt"
    }

    fn collections(&self) -> Vec<Collection> {
        let in_range = |parent| {
            ListField::new(parent, "appointmentsInRange").range("range.start", "range.end")
        };
        let appointments = Collection::of("Appointment")
            .scope("calendarId")
            .interval("startsAt", "endsAt")
            .listed_by(in_range("Query").scope("calendarId"))
            .listed_by(in_range("Calendar"))
            .items_in("appointments")
            .revision_in("revision");
        vec![appointments]
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct DateTime(pub(crate) String);
cynic::impl_scalar!(DateTime, schema::DateTime);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TimeZone(pub(crate) String);
cynic::impl_scalar!(TimeZone, schema::TimeZone);

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Revision(pub(crate) u64);
cynic::impl_scalar!(Revision, schema::Revision);

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq)]
#[cynic(schema_path = "../schema.graphql")]
pub(crate) enum AppointmentStatus {
    Tentative,
    Confirmed,
    Completed,
    NoShow,
    Cancelled,
}

#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq)]
#[cynic(schema_path = "../schema.graphql")]
pub(crate) enum AttendeeResponse {
    NeedsAction,
    Accepted,
    Declined,
    Tentative,
}

#[derive(cynic::InputObject, Clone, Debug)]
#[cynic(schema_path = "../schema.graphql")]
pub(crate) struct TimeRange {
    pub(crate) start: DateTime,
    pub(crate) end: DateTime,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct RangeVariables {
    pub(crate) calendar_id: cynic::Id,
    pub(crate) range: TimeRange,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(schema_path = "../schema.graphql", graphql_type = "Query", variables = "RangeVariables")]
pub(crate) struct Range {
    #[arguments(calendarId: $calendar_id, range: $range)]
    pub(crate) appointments_in_range: AppointmentsInRange,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(schema_path = "../schema.graphql")]
pub(crate) struct AppointmentsInRange {
    pub(crate) appointments: Vec<Shared<Appointment>>,
}

#[derive(cynic::QueryFragment, Serialize, Debug)]
#[cynic(schema_path = "../schema.graphql")]
#[serde(rename_all = "camelCase")]
pub(crate) struct Appointment {
    pub(crate) id: cynic::Id,
    pub(crate) calendar_id: cynic::Id,
    pub(crate) title: String,
    pub(crate) location: Option<String>,
    pub(crate) starts_at: DateTime,
    pub(crate) ends_at: DateTime,
    pub(crate) all_day: bool,
    pub(crate) time_zone: TimeZone,
    pub(crate) status: AppointmentStatus,
    pub(crate) attendees: Vec<Attendee>,
    pub(crate) revision: Revision,
    pub(crate) updated_at: DateTime,
}

#[derive(cynic::QueryFragment, Serialize, Debug)]
#[cynic(schema_path = "../schema.graphql")]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attendee {
    pub(crate) email: String,
    pub(crate) name: Option<String>,
    pub(crate) response: AttendeeResponse,
}

#[derive(cynic::QueryVariables, Clone, Debug)]
pub(crate) struct ChangesVariables {
    pub(crate) calendar_id: cynic::Id,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(
    schema_path = "../schema.graphql",
    graphql_type = "Subscription",
    variables = "ChangesVariables"
)]
pub(crate) struct AppointmentChanges {
    #[arguments(calendarId: $calendar_id)]
    pub(crate) appointment_changes: AppointmentChange,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(schema_path = "../schema.graphql")]
pub(crate) struct AppointmentChange {
    pub(crate) revision: Revision,
    pub(crate) appointment: Option<Appointment>,
}

/// A whole response, as plain serde_json reads it.
#[derive(Deserialize)]
pub(crate) struct Response<T> {
    pub(crate) data: T,
}
