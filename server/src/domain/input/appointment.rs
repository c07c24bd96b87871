//! The inputs of the three appointment mutations.

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

/// The input of `createAppointment` as the client sent it.
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

/// An attendee as the client sent it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is the one of schema.graphql")]
pub struct AttendeeInput {
    pub email: String,
    pub name: Option<String>,
    pub response: AttendeeResponse,
}

/// The input of `updateAppointment` as the client sent it.
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

/// The input of `deleteAppointment` as the client sent it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is the one of schema.graphql")]
pub struct DeleteAppointmentInput {
    pub id: String,
    pub expected_revision: Option<Revision>,
    pub mutation_id: Option<String>,
}

/// The checked input of `createAppointment`.
#[derive(Clone, Debug, Serialize)]
#[serde(into = "FingerprintedCreation")]
pub struct CreateAppointment {
    /// The new appointment's id. `None` lets the server choose one.
    pub id: Option<AppointmentId>,
    /// The calendar of the new appointment. `None` means the default calendar.
    pub calendar_id: Option<CalendarId>,
    /// The client's id for this mutation, for retries.
    pub mutation_id: Option<MutationId>,
    title: String,
    description: Option<String>,
    location: Option<String>,
    starts_at: Instant,
    ends_at: Instant,
    all_day: bool,
    /// The appointment's zone. `None` means the calendar's zone.
    time_zone: Option<Zone>,
    status: AppointmentStatus,
    attendees: Vec<Attendee>,
}

/// The serialised form of [`CreateAppointment`]. Stored fingerprints depend on it, so it must not
/// change.
#[derive(Serialize)]
struct FingerprintedCreation {
    id: Option<AppointmentId>,
    calendar_id: Option<CalendarId>,
    zone_of_calendar: bool,
    /// If `zone_of_calendar` is set, this content's zone is UTC and has no meaning.
    content: AppointmentContent,
}

/// The checked input of `updateAppointment`.
#[derive(Clone, Debug, Serialize)]
pub struct UpdateAppointment {
    /// The appointment to change.
    pub id: AppointmentId,
    /// The fields that change.
    pub edits: AppointmentEdits,
    /// The revision that the appointment must have. `None` accepts any.
    pub expected_revision: Option<Revision>,
    /// The client's id for this mutation, for retries.
    #[serde(skip)]
    pub mutation_id: Option<MutationId>,
}

/// The checked input of `deleteAppointment`.
#[derive(Clone, Debug, Serialize)]
pub struct DeleteAppointment {
    /// The appointment to delete.
    pub id: AppointmentId,
    /// The revision that the appointment must have. `None` accepts any.
    pub expected_revision: Option<Revision>,
    /// The client's id for this mutation, for retries.
    #[serde(skip)]
    pub mutation_id: Option<MutationId>,
}

impl CreateAppointmentInput {
    /// Checks every field.
    pub fn check(self) -> Result<CreateAppointment, Vec<Problem>> {
        let mut problems = Problems::default();
        let id = problems.check_optional("id", self.id.as_deref().map(AppointmentId::parse));
        let calendar_id = problems
            .check_optional("calendarId", self.calendar_id.as_deref().map(CalendarId::parse));
        let title = problems.check("title", text::check_title(self.title));
        let description =
            problems.check_optional("description", self.description.map(text::check_description));
        let location = problems.check_optional("location", self.location.map(text::check_location));
        let starts_at = problems.check("startsAt", Instant::parse(&self.starts_at));
        let ends_at = problems.check("endsAt", Instant::parse(&self.ends_at));
        let time_zone =
            problems.check_optional("timeZone", self.time_zone.as_deref().map(Zone::parse));
        if let (Some(start), Some(end)) = (starts_at, ends_at) {
            check_order(Interval { start, end }, &mut problems);
            if let (true, Some(zone)) = (self.all_day, time_zone) {
                check_days(Interval { start, end }, zone, &mut problems);
            }
        }
        let attendees = check_attendees(self.attendees, &mut problems);
        let mutation_id = problems
            .check_optional("mutationId", self.mutation_id.as_deref().map(MutationId::parse));
        let required = title.zip(starts_at).zip(ends_at);
        problems.into_result(required.map(|((title, starts_at), ends_at)| CreateAppointment {
            id,
            calendar_id,
            mutation_id,
            title,
            description,
            location,
            starts_at,
            ends_at,
            all_day: self.all_day,
            time_zone,
            status: self.status,
            attendees,
        }))
    }
}

impl CreateAppointment {
    /// Returns the new appointment's content, in a calendar with this zone.
    pub fn content(&self, calendar_zone: Zone) -> AppointmentContent {
        AppointmentContent {
            title: self.title.clone(),
            description: self.description.clone(),
            location: self.location.clone(),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            all_day: self.all_day,
            time_zone: self.time_zone.unwrap_or(calendar_zone),
            status: self.status,
            attendees: self.attendees.clone(),
        }
    }
}

impl From<CreateAppointment> for FingerprintedCreation {
    fn from(it: CreateAppointment) -> Self {
        Self {
            id: it.id,
            calendar_id: it.calendar_id,
            zone_of_calendar: it.time_zone.is_none(),
            content: it.content(Zone::UTC),
        }
    }
}

impl UpdateAppointmentInput {
    /// Checks every field by itself. Rules between fields also need the stored fields, so the
    /// command checks those.
    pub fn check(self) -> Result<UpdateAppointment, Vec<Problem>> {
        let mut problems = Problems::default();
        let id = problems.check("id", AppointmentId::parse(&self.id));
        let instant = |text: String| Instant::parse(&text);
        let zone = |text: String| Zone::parse(&text);
        let p = &mut problems;
        let edits = AppointmentEdits {
            title: self.title.check_required("title", p, text::check_title),
            description: self.description.check("description", p, text::check_description),
            location: self.location.check("location", p, text::check_location),
            starts_at: self.starts_at.check_required("startsAt", p, instant),
            ends_at: self.ends_at.check_required("endsAt", p, instant),
            all_day: self.all_day.check_required("allDay", p, Ok),
            time_zone: self.time_zone.check_required("timeZone", p, zone),
            status: self.status.check_required("status", p, Ok),
            attendees: self
                .attendees
                .check_required("attendees", p, Ok)
                .map(|it| check_attendees(it, p)),
        };
        if let (Some(start), Some(end)) = (edits.starts_at, edits.ends_at) {
            check_order(Interval { start, end }, p);
        }
        let mutation_id = problems
            .check_optional("mutationId", self.mutation_id.as_deref().map(MutationId::parse));
        let expected_revision = self.expected_revision;
        problems.into_result(id.map(|id| UpdateAppointment {
            id,
            edits,
            expected_revision,
            mutation_id,
        }))
    }
}

impl DeleteAppointmentInput {
    /// Checks every field.
    pub fn check(self) -> Result<DeleteAppointment, Vec<Problem>> {
        let mut problems = Problems::default();
        let id = problems.check("id", AppointmentId::parse(&self.id));
        let mutation_id = problems
            .check_optional("mutationId", self.mutation_id.as_deref().map(MutationId::parse));
        let expected_revision = self.expected_revision;
        problems.into_result(id.map(|id| DeleteAppointment { id, expected_revision, mutation_id }))
    }
}

fn check_attendees(sent: Vec<AttendeeInput>, problems: &mut Problems) -> Vec<Attendee> {
    if sent.len() > MAX_ATTENDEES {
        let message = format!("An appointment can have at most {MAX_ATTENDEES} attendees.");
        problems.add("attendees", message);
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut attendees = Vec::with_capacity(sent.len());
    for (index, AttendeeInput { email, name, response }) in sent.into_iter().enumerate() {
        let field = |name| format!("attendees.{index}.{name}");
        if !seen.insert(email.to_lowercase()) {
            problems.add(field("email"), "This e-mail address is already in the list.");
        }
        let email = problems.check(field("email"), text::check_email(email));
        let name = problems.check_optional(field("name"), name.map(text::check_attendee_name));
        attendees.extend(email.map(|email| Attendee { email, name, response }));
    }
    attendees
}
