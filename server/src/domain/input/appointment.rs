//! The three mutations of appointments.

use std::collections::HashSet;

use serde::Serialize;

use super::super::appointment::{check_days, check_order};
use super::super::{
    AppointmentContent, AppointmentEdits, AppointmentId, AppointmentStatus, Attendee,
    AttendeeResponse, CalendarId, Instant, Interval, MutationId, Problem, Problems, Revision, Zone,
    text,
};
use super::Maybe;

const MAX_ATTENDEES: usize = 200;

/// `createAppointment` as it was sent.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is the one of schema.graphql")]
pub struct CreateAppointmentInput {
    pub id: Option<String>,
    pub calendar_id: Option<String>,
    pub title: String,
    pub description: Option<String>,
    pub location: Option<String>,
    pub starts_at: String,
    pub ends_at: String,
    pub all_day: bool,
    pub time_zone: Option<String>,
    pub status: AppointmentStatus,
    pub attendees: Vec<AttendeeInput>,
    pub mutation_id: Option<String>,
}

/// An attendee as it was sent.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is the one of schema.graphql")]
pub struct AttendeeInput {
    pub email: String,
    pub name: Option<String>,
    pub response: AttendeeResponse,
}

/// `updateAppointment` as it was sent.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "each field is the one of schema.graphql")]
pub struct UpdateAppointmentInput {
    pub id: String,
    pub title: Maybe<String>,
    pub description: Maybe<String>,
    pub location: Maybe<String>,
    pub starts_at: Maybe<String>,
    pub ends_at: Maybe<String>,
    pub all_day: Maybe<bool>,
    pub time_zone: Maybe<String>,
    pub status: Maybe<AppointmentStatus>,
    pub attendees: Maybe<Vec<AttendeeInput>>,
    pub expected_revision: Option<Revision>,
    pub mutation_id: Option<String>,
}

/// `deleteAppointment` as it was sent.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is the one of schema.graphql")]
pub struct DeleteAppointmentInput {
    pub id: String,
    pub expected_revision: Option<Revision>,
    pub mutation_id: Option<String>,
}

/// A checked `createAppointment`.
#[derive(Clone, Debug, Serialize)]
pub struct CreateAppointment {
    /// Chosen by the server when absent.
    pub id: Option<AppointmentId>,
    /// The default calendar when absent.
    pub calendar_id: Option<CalendarId>,
    /// Whether the zone is the calendar's: then `content.time_zone` means nothing yet.
    zone_of_calendar: bool,
    content: AppointmentContent,
    /// The client's name for this attempt.
    #[serde(skip)]
    pub mutation_id: Option<MutationId>,
}

/// A checked `updateAppointment`.
#[derive(Clone, Debug, Serialize)]
pub struct UpdateAppointment {
    /// Which.
    pub id: AppointmentId,
    /// The fields that change.
    pub edits: AppointmentEdits,
    /// What the caller saw.
    pub expected_revision: Option<Revision>,
    /// The client's name for this attempt.
    #[serde(skip)]
    pub mutation_id: Option<MutationId>,
}

/// A checked `deleteAppointment`.
#[derive(Clone, Debug, Serialize)]
pub struct DeleteAppointment {
    /// Which.
    pub id: AppointmentId,
    /// What the caller saw.
    pub expected_revision: Option<Revision>,
    /// The client's name for this attempt.
    #[serde(skip)]
    pub mutation_id: Option<MutationId>,
}

impl CreateAppointmentInput {
    /// Checks every field.
    pub fn check(self) -> Result<CreateAppointment, Vec<Problem>> {
        let mut wrong = Problems::default();
        let id = wrong.take_some("id", self.id.as_deref().map(AppointmentId::parse));
        let calendar_id =
            wrong.take_some("calendarId", self.calendar_id.as_deref().map(CalendarId::parse));
        let title = wrong.take("title", text::title(self.title));
        let description = wrong.take_some("description", self.description.map(text::description));
        let location = wrong.take_some("location", self.location.map(text::location));
        let starts_at = wrong.take("startsAt", Instant::parse(&self.starts_at));
        let ends_at = wrong.take("endsAt", Instant::parse(&self.ends_at));
        let zone_of_calendar = self.time_zone.is_none();
        let time_zone = wrong.take_some("timeZone", self.time_zone.as_deref().map(Zone::parse));
        if let (Some(start), Some(end)) = (starts_at, ends_at) {
            check_order(Interval { start, end }, &mut wrong);
            if let (true, Some(zone)) = (self.all_day, time_zone) {
                check_days(Interval { start, end }, zone, &mut wrong);
            }
        }
        let attendees = check_attendees(self.attendees, &mut wrong);
        let mutation_id =
            wrong.take_some("mutationId", self.mutation_id.as_deref().map(MutationId::parse));
        wrong.none()?;
        let (Some(title), Some(starts_at), Some(ends_at)) = (title, starts_at, ends_at) else {
            return Err(Vec::new()); // not reached: what is missing was noted above
        };
        let content = AppointmentContent {
            title,
            description,
            location,
            starts_at,
            ends_at,
            all_day: self.all_day,
            time_zone: time_zone.unwrap_or(Zone::UTC),
            status: self.status,
            attendees,
        };
        Ok(CreateAppointment { id, calendar_id, zone_of_calendar, content, mutation_id })
    }
}

impl CreateAppointment {
    /// Its content in a calendar with this zone.
    pub fn content(&self, calendar_zone: Zone) -> AppointmentContent {
        let mut content = self.content.clone();
        if self.zone_of_calendar {
            content.time_zone = calendar_zone;
        }
        content
    }
}

impl UpdateAppointmentInput {
    /// Checks every field by itself; what holds between fields depends on those that stand.
    pub fn check(self) -> Result<UpdateAppointment, Vec<Problem>> {
        let mut wrong = Problems::default();
        let w = &mut wrong;
        let id = w.take("id", AppointmentId::parse(&self.id));
        let instant = |text: String| Instant::parse(&text);
        let edits = AppointmentEdits {
            title: self.title.read_required("title", w, text::title),
            description: self.description.read("description", w, text::description),
            location: self.location.read("location", w, text::location),
            starts_at: self.starts_at.read_required("startsAt", w, instant),
            ends_at: self.ends_at.read_required("endsAt", w, instant),
            all_day: self.all_day.read_required("allDay", w, Ok),
            time_zone: self.time_zone.read_required("timeZone", w, |it| Zone::parse(&it)),
            status: self.status.read_required("status", w, Ok),
            attendees: self
                .attendees
                .read_required("attendees", w, Ok)
                .map(|it| check_attendees(it, w)),
        };
        if let (Some(start), Some(end)) = (edits.starts_at, edits.ends_at) {
            check_order(Interval { start, end }, w);
        }
        let mutation_id =
            w.take_some("mutationId", self.mutation_id.as_deref().map(MutationId::parse));
        wrong.none()?;
        let id = id.ok_or_else(Vec::new)?;
        Ok(UpdateAppointment { id, edits, expected_revision: self.expected_revision, mutation_id })
    }
}

impl DeleteAppointmentInput {
    /// Checks every field.
    pub fn check(self) -> Result<DeleteAppointment, Vec<Problem>> {
        let mut wrong = Problems::default();
        let id = wrong.take("id", AppointmentId::parse(&self.id));
        let mutation_id =
            wrong.take_some("mutationId", self.mutation_id.as_deref().map(MutationId::parse));
        wrong.none()?;
        let id = id.ok_or_else(Vec::new)?;
        Ok(DeleteAppointment { id, expected_revision: self.expected_revision, mutation_id })
    }
}

fn check_attendees(sent: Vec<AttendeeInput>, wrong: &mut Problems) -> Vec<Attendee> {
    if sent.len() > MAX_ATTENDEES {
        wrong.add("attendees", format!("must be at most {MAX_ATTENDEES}"));
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut attendees = Vec::with_capacity(sent.len());
    for (index, AttendeeInput { email, name, response }) in sent.into_iter().enumerate() {
        let field = |name| format!("attendees.{index}.{name}");
        if !seen.insert(email.to_lowercase()) {
            wrong.add(field("email"), "is in the list twice");
        }
        let email = wrong.take(field("email"), text::email(email));
        let name = wrong.take_some(field("name"), name.map(text::person));
        attendees.extend(email.map(|email| Attendee { email, name, response }));
    }
    attendees
}
