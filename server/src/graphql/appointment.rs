//! `Appointment`, and what it is made of.

use std::sync::Arc;

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, Enum, Error, ID, Object, SimpleObject};

use super::calendar::Calendar;
use super::error::{self, refuse};
use super::loader::CalendarLoader;
use super::scalar::{DateTime, Revision, TimeZone};
use crate::domain;

/// An appointment as one change left it.
#[derive(Clone)]
pub(super) struct Appointment(Arc<domain::Appointment>);

impl From<domain::Appointment> for Appointment {
    fn from(it: domain::Appointment) -> Self {
        Self(Arc::new(it))
    }
}

#[Object(serial)]
impl Appointment {
    pub(super) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// It stays in its calendar for life.
    async fn calendar_id(&self) -> ID {
        self.0.calendar_id.to_string().into()
    }

    async fn calendar(&self, ctx: &Context<'_>) -> async_graphql::Result<Calendar> {
        let loader = ctx.data::<DataLoader<CalendarLoader>>()?;
        match loader.load_one(self.0.calendar_id).await {
            Ok(Some(calendar)) => Ok(calendar.into()),
            Ok(None) => Err(refuse("INTERNAL", "The appointment has lost its calendar.")),
            Err(error) => Err(Arc::try_unwrap(error).map_or_else(shared, error::store)),
        }
    }

    async fn title(&self) -> &str {
        &self.0.content.title
    }

    async fn description(&self) -> Option<&str> {
        self.0.content.description.as_deref()
    }

    async fn location(&self) -> Option<&str> {
        self.0.content.location.as_deref()
    }

    async fn starts_at(&self) -> DateTime {
        self.0.content.starts_at.into()
    }

    /// Exclusive, and later than `startsAt`.
    async fn ends_at(&self) -> DateTime {
        self.0.content.ends_at.into()
    }

    /// Whole days: startsAt and endsAt are then the first instants of days in `timeZone`.
    async fn all_day(&self) -> bool {
        self.0.content.all_day
    }

    /// The zone it was made in: where its local time is shown.
    async fn time_zone(&self) -> TimeZone {
        self.0.content.time_zone.into()
    }

    /// Any status may follow any other.
    async fn status(&self) -> AppointmentStatus {
        self.0.content.status.into()
    }

    async fn attendees(&self) -> Vec<Attendee> {
        self.0.content.attendees.iter().map(Attendee::from).collect()
    }

    /// The calendar revision of the change that last wrote this appointment.
    async fn revision(&self) -> Revision {
        Revision(self.0.revision)
    }

    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }
}

/// Other appointments of the answer wait for the same calendar; the loader logs nothing.
fn shared(error: Arc<crate::store::StoreError>) -> Error {
    tracing::error!(%error, "a calendar could not be loaded");
    refuse("UNAVAILABLE", "The calendar of an appointment cannot be read now; try again.")
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::Status")]
pub(super) enum AppointmentStatus {
    Tentative,
    Confirmed,
    Completed,
    NoShow,
    /// Called off: still listed, and its time is free again.
    Cancelled,
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::AttendeeResponse")]
pub(super) enum AttendeeResponse {
    NeedsAction,
    Accepted,
    Declined,
    Tentative,
}

#[derive(Clone, SimpleObject)]
#[graphql(serial)]
pub(super) struct Attendee {
    email: String,
    name: Option<String>,
    response: AttendeeResponse,
}

impl From<&domain::Attendee> for Attendee {
    fn from(it: &domain::Attendee) -> Self {
        Self { email: it.email.clone(), name: it.name.clone(), response: it.response.into() }
    }
}
