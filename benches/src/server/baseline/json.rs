//! The JSON of the baseline: the variables and the responses of the GraphQL requests.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::rows::{Appointment, At, Attendee};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RangeVariables {
    pub(super) calendar_id: Uuid,
    pub(super) range: Bounds,
}

#[derive(Deserialize)]
pub(super) struct Bounds {
    pub(super) start: At,
    pub(super) end: At,
}

#[derive(Deserialize)]
pub(super) struct Input<T> {
    pub(super) input: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Create {
    pub(super) id: Uuid,
    pub(super) calendar_id: Uuid,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) location: Option<String>,
    pub(super) starts_at: At,
    pub(super) ends_at: At,
    pub(super) time_zone: String,
    pub(super) attendees: Vec<Attendee>,
    pub(super) mutation_id: Uuid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Update {
    pub(super) id: Uuid,
    pub(super) title: String,
    pub(super) mutation_id: Uuid,
}

#[derive(Serialize)]
pub(super) struct Response {
    pub(super) data: Data,
}

/// The data of a response. `error` is always null, as the baseline has no refusals.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Data {
    AppointmentsInRange { revision: i64, appointments: Vec<Appointment> },
    CreateAppointment { appointment: Appointment, error: Option<()> },
    UpdateAppointment { appointment: Appointment, error: Option<()> },
}
