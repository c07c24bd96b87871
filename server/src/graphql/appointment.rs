//! `Appointment`, and what it is made of.

use std::sync::Arc;

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, SimpleObject};

use super::calendar::Calendar;
use super::enums::{AppointmentStatus, AttendeeResponse};
use super::error::{self, refuse};
use super::loader::CalendarLoader;
use super::scalar::{DateTime, Revision, TimeZone};
use crate::domain;

/// An appointment as one change left it.
#[derive(Clone)]
pub(super) struct Appointment {
    it: Arc<domain::Appointment>,
    /// Where it was read together with it; loaded otherwise.
    calendar: Option<Arc<domain::Calendar>>,
}

impl From<domain::Appointment> for Appointment {
    fn from(it: domain::Appointment) -> Self {
        Self { it: Arc::new(it), calendar: None }
    }
}

impl Appointment {
    /// One that was read together with its calendar.
    pub(super) fn of(it: domain::Appointment, calendar: Arc<domain::Calendar>) -> Self {
        Self { it: Arc::new(it), calendar: Some(calendar) }
    }
}

#[Object(serial)]
impl Appointment {
    pub(super) async fn id(&self) -> ID {
        self.it.id.to_string().into()
    }

    /// It stays in its calendar for life.
    async fn calendar_id(&self) -> ID {
        self.it.calendar_id.to_string().into()
    }

    async fn calendar(&self, ctx: &Context<'_>) -> async_graphql::Result<Calendar> {
        if let Some(calendar) = &self.calendar {
            return Ok(Calendar(calendar.clone()));
        }
        let loader = ctx.data::<DataLoader<CalendarLoader>>()?;
        match loader.load_one(self.it.calendar_id).await {
            Ok(Some(calendar)) => Ok(calendar.into()),
            Ok(None) => Err(refuse("INTERNAL", "The appointment has lost its calendar.")),
            Err(error) => Err(error::for_caller(&error)),
        }
    }

    async fn title(&self) -> &str {
        &self.it.content.title
    }

    async fn description(&self) -> Option<&str> {
        self.it.content.description.as_deref()
    }

    async fn location(&self) -> Option<&str> {
        self.it.content.location.as_deref()
    }

    async fn starts_at(&self) -> DateTime {
        self.it.content.starts_at.into()
    }

    /// Exclusive, and later than `startsAt`.
    async fn ends_at(&self) -> DateTime {
        self.it.content.ends_at.into()
    }

    /// Whole days: startsAt and endsAt are then the first instants of days in `timeZone`.
    async fn all_day(&self) -> bool {
        self.it.content.all_day
    }

    /// The zone it was made in: where its local time is shown.
    async fn time_zone(&self) -> TimeZone {
        self.it.content.time_zone.into()
    }

    /// Any status may follow any other.
    async fn status(&self) -> AppointmentStatus {
        self.it.content.status.into()
    }

    async fn attendees(&self) -> Vec<Attendee> {
        self.it.content.attendees.iter().map(Attendee::from).collect()
    }

    /// The calendar revision of the change that last wrote this appointment.
    async fn revision(&self) -> Revision {
        Revision(self.it.revision)
    }

    async fn created_at(&self) -> DateTime {
        self.it.created_at.into()
    }

    async fn updated_at(&self) -> DateTime {
        self.it.updated_at.into()
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
