//! The contract's types `Appointment` and `Attendee`.

use std::sync::Arc;

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, SimpleObject};

use super::calendar::Calendar;
use super::enums::{AppointmentStatus, AttendeeResponse};
use super::error::{self, error_with_code};
use super::loader::CalendarLoader;
use super::scalar::{DateTime, Revision, TimeZone};
use crate::domain;

/// An appointment as of one revision.
#[derive(Clone)]
pub(super) struct Appointment {
    appointment: Arc<domain::Appointment>,
    /// The calendar, if it was read together with the appointment. Otherwise it is loaded on
    /// demand.
    calendar: Option<Arc<domain::Calendar>>,
}

impl From<domain::Appointment> for Appointment {
    fn from(it: domain::Appointment) -> Self {
        Self { appointment: Arc::new(it), calendar: None }
    }
}

impl Appointment {
    /// Converts an appointment that was read together with its calendar.
    pub(super) fn with_calendar(
        appointment: domain::Appointment,
        calendar: Arc<domain::Calendar>,
    ) -> Self {
        Self { appointment: Arc::new(appointment), calendar: Some(calendar) }
    }
}

#[Object(serial)]
impl Appointment {
    pub(super) async fn id(&self) -> ID {
        self.appointment.id.to_string().into()
    }

    /// The calendar that contains the appointment. It never changes.
    async fn calendar_id(&self) -> ID {
        self.appointment.calendar_id.to_string().into()
    }

    async fn calendar(&self, ctx: &Context<'_>) -> async_graphql::Result<Calendar> {
        if let Some(calendar) = &self.calendar {
            return Ok(Calendar(calendar.clone()));
        }
        let loader = ctx.data::<DataLoader<CalendarLoader>>()?;
        match loader.load_one(self.appointment.calendar_id).await {
            Ok(Some(calendar)) => Ok(calendar.into()),
            Ok(None) => Err(error_with_code("INTERNAL", "The appointment's calendar is missing.")),
            Err(error) => Err(error::for_client(&error)),
        }
    }

    async fn title(&self) -> &str {
        &self.appointment.content.title
    }

    async fn description(&self) -> Option<&str> {
        self.appointment.content.description.as_deref()
    }

    async fn location(&self) -> Option<&str> {
        self.appointment.content.location.as_deref()
    }

    async fn starts_at(&self) -> DateTime {
        self.appointment.content.starts_at.into()
    }

    /// The end, exclusive. Always later than `startsAt`.
    async fn ends_at(&self) -> DateTime {
        self.appointment.content.ends_at.into()
    }

    /// True if the appointment covers whole days. `startsAt` and `endsAt` are then the first
    /// instants of days in `timeZone`.
    async fn all_day(&self) -> bool {
        self.appointment.content.all_day
    }

    /// The time zone in which the appointment was created, for displaying its local time.
    async fn time_zone(&self) -> TimeZone {
        self.appointment.content.time_zone.into()
    }

    /// The status. It can change from any value to any other.
    async fn status(&self) -> AppointmentStatus {
        self.appointment.content.status.into()
    }

    async fn attendees(&self) -> Vec<Attendee> {
        self.appointment.content.attendees.iter().map(Attendee::from).collect()
    }

    /// The calendar revision of the change that last wrote this appointment.
    async fn revision(&self) -> Revision {
        Revision(self.appointment.revision)
    }

    async fn created_at(&self) -> DateTime {
        self.appointment.created_at.into()
    }

    async fn updated_at(&self) -> DateTime {
        self.appointment.updated_at.into()
    }
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
