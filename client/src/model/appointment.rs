//! What calendars hold, as programs see it.

use serde::Serialize;

use crate::model::scalars::{DateTime, Revision, TimeZone};
use crate::schema;

/// An appointment.
#[derive(cynic::QueryFragment, Serialize, Clone, Debug, PartialEq)]
#[cynic(schema = "appointments")]
#[serde(rename_all = "camelCase")]
pub struct Appointment {
    /// Its name for life, a UUID.
    pub id: cynic::Id,
    /// It stays in its calendar for life.
    pub calendar_id: cynic::Id,
    /// 1 to 255 characters.
    pub title: String,
    /// What else is to be said.
    pub description: Option<String>,
    /// Where it is.
    pub location: Option<String>,
    /// When it starts.
    pub starts_at: DateTime,
    /// When it is over; exclusive.
    pub ends_at: DateTime,
    /// Whole days in [`Appointment::time_zone`].
    pub all_day: bool,
    /// The zone that it was made in.
    pub time_zone: TimeZone,
    /// Any status may follow any other.
    pub status: AppointmentStatus,
    /// Who comes.
    pub attendees: Vec<Attendee>,
    /// The change that last wrote it; 0 until the server has confirmed it.
    pub revision: Revision,
}

/// Who comes to an appointment.
#[derive(cynic::QueryFragment, Serialize, Clone, Debug, PartialEq, Eq)]
#[cynic(schema = "appointments")]
#[serde(rename_all = "camelCase")]
pub struct Attendee {
    /// Unique in its appointment.
    pub email: String,
    /// How to call them.
    pub name: Option<String>,
    /// What they have answered.
    pub response: AttendeeResponse,
}

/// What stands of an appointment.
#[derive(cynic::Enum, Clone, Debug, PartialEq, Eq)]
#[cynic(schema = "appointments")]
pub enum AppointmentStatus {
    /// Not certain yet.
    Tentative,
    /// It will be.
    Confirmed,
    /// It was.
    Completed,
    /// Nobody came.
    NoShow,
    /// Called off: still listed, and its time is free again.
    Cancelled,
    /// One that this version does not know.
    #[cynic(fallback)]
    Other(String),
}

/// What somebody has answered to an invitation.
#[derive(cynic::Enum, Clone, Debug, PartialEq, Eq)]
#[cynic(schema = "appointments")]
pub enum AttendeeResponse {
    /// Nothing yet.
    NeedsAction,
    /// They come.
    Accepted,
    /// They do not.
    Declined,
    /// Perhaps.
    Tentative,
    /// One that this version does not know.
    #[cynic(fallback)]
    Other(String),
}

/// A calendar.
#[derive(cynic::QueryFragment, Serialize, Clone, Debug, PartialEq, Eq)]
#[cynic(schema = "appointments", graphql_type = "Calendar")]
#[serde(rename_all = "camelCase")]
pub struct CalendarInfo {
    /// Its name for life, a UUID.
    pub id: cynic::Id,
    /// What people call it.
    pub name: String,
    /// `#rrggbb`.
    pub color: String,
    /// The zone that appointments get which name none.
    pub time_zone: TimeZone,
    /// Whether appointments may overlap in it.
    pub overlaps: OverlapPolicy,
    /// Whether it is the one that is meant when none is named.
    pub is_default: bool,
    /// The change that last wrote the calendar itself.
    pub revision: Revision,
}

/// Whether appointments of a calendar may overlap. Cancelled ones never count.
#[derive(cynic::Enum, Clone, Debug, PartialEq, Eq)]
#[cynic(schema = "appointments")]
pub enum OverlapPolicy {
    /// They may.
    Allow,
    /// Who comes first is there.
    Reject,
    /// One that this version does not know.
    #[cynic(fallback)]
    Other(String),
}
