//! [`Appointment`] and its parts.

use serde::Serialize;

use super::id::{AppointmentId, CalendarId};
use super::scalars::{DateTime, Revision, TimeZone};
use crate::schema;

/// An appointment as the client currently shows it.
#[derive(cynic::QueryFragment, Serialize, Clone, Debug, PartialEq)]
#[cynic(schema = "appointments")]
#[serde(rename_all = "camelCase")]
pub struct Appointment {
    /// The id; it never changes.
    pub id: AppointmentId,
    /// The calendar of the appointment; it never changes.
    pub calendar_id: CalendarId,
    /// A title of 1 to 255 characters.
    pub title: String,
    /// Notes of at most 8,192 characters; `None` if there are none.
    pub description: Option<String>,
    /// A place of at most 1,024 characters; `None` if there is none.
    pub location: Option<String>,
    /// The start, inclusive.
    pub starts_at: DateTime,
    /// The end, exclusive.
    pub ends_at: DateTime,
    /// Whether the appointment lasts whole days in [`Appointment::time_zone`].
    pub all_day: bool,
    /// The time zone in which the appointment was entered.
    pub time_zone: TimeZone,
    /// The status; any status may follow any other.
    pub status: AppointmentStatus,
    /// The invited people.
    pub attendees: Vec<Attendee>,
    /// The revision of the last change; 0 until the server has confirmed a creation.
    pub revision: Revision,
}

/// A person who is invited to an appointment.
#[derive(cynic::QueryFragment, Serialize, Clone, Debug, PartialEq, Eq)]
#[cynic(schema = "appointments")]
#[serde(rename_all = "camelCase")]
pub struct Attendee {
    /// The email address; unique within the appointment.
    pub email: String,
    /// The display name; `None` if only the address is known.
    pub name: Option<String>,
    /// The response to the invitation.
    pub response: AttendeeResponse,
}

/// The status of an appointment.
#[derive(cynic::Enum, Clone, Debug, PartialEq, Eq)]
#[cynic(schema = "appointments")]
#[non_exhaustive]
pub enum AppointmentStatus {
    /// The appointment is not certain yet.
    Tentative,
    /// The appointment is planned to take place.
    Confirmed,
    /// The appointment has taken place.
    Completed,
    /// The other side did not come.
    NoShow,
    /// The appointment was cancelled: it stays listed, and its time is free again.
    Cancelled,
    /// A status that this version of the SDK does not know.
    #[cynic(fallback)]
    Other(String),
}

/// The response of a person to an invitation.
#[derive(cynic::Enum, Clone, Debug, PartialEq, Eq)]
#[cynic(schema = "appointments")]
#[non_exhaustive]
pub enum AttendeeResponse {
    /// The person has not responded yet.
    NeedsAction,
    /// The person will attend.
    Accepted,
    /// The person will not attend.
    Declined,
    /// The person may attend.
    Tentative,
    /// A response that this version of the SDK does not know.
    #[cynic(fallback)]
    Other(String),
}
