//! Appointments, and the rules between their fields.

use serde::{Deserialize, Serialize};

use super::{
    AppointmentId, CalendarId, Instant, Interval, Maybe, Problem, Problems, Revision, Zone,
};

/// The maximum length of an appointment.
const MAX_DAYS: i64 = 366;

/// An appointment at one revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// The appointment's id; it never changes.
    pub id: AppointmentId,
    /// The calendar that contains it; it never changes.
    pub calendar_id: CalendarId,
    /// The revision of its last change.
    pub revision: Revision,
    /// When the server created it.
    pub created_at: Instant,
    /// When the server last changed it.
    pub updated_at: Instant,
    /// The fields that users edit.
    #[serde(flatten)]
    pub content: AppointmentContent,
}

/// The fields of an appointment that users edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppointmentContent {
    /// 1 to 255 characters, not blank.
    pub title: String,
    /// At most 8,192 characters.
    pub description: Option<String>,
    /// At most 1,024 characters.
    pub location: Option<String>,
    /// The first second of the appointment.
    pub starts_at: Instant,
    /// The first second after the appointment, later than `starts_at`.
    pub ends_at: Instant,
    /// Whether the appointment lasts whole days. If so, both ends are starts of days in
    /// `time_zone`.
    pub all_day: bool,
    /// The time zone in which it was planned.
    pub time_zone: Zone,
    /// Any status may follow any other.
    pub status: AppointmentStatus,
    /// At most 200 attendees with different e-mail addresses.
    pub attendees: Vec<Attendee>,
}

/// The status of an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AppointmentStatus {
    /// The appointment is not confirmed yet.
    Tentative,
    /// The appointment will take place.
    Confirmed,
    /// The appointment has taken place.
    Completed,
    /// An attendee did not come.
    NoShow,
    /// The appointment is cancelled. It stays visible, and its time is free again.
    Cancelled,
}

/// A person who is invited to an appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// A well-formed e-mail address.
    pub email: String,
    /// At most 255 characters.
    pub name: Option<String>,
    /// The response to the invitation.
    pub response: AttendeeResponse,
}

/// An attendee's response to an invitation (PARTSTAT of iCalendar).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AttendeeResponse {
    /// The attendee has not responded yet.
    NeedsAction,
    /// The attendee will come.
    Accepted,
    /// The attendee will not come.
    Declined,
    /// The attendee may come.
    Tentative,
}

/// The fields of an appointment that an update changes. `None` keeps the current value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "each field is the one of `AppointmentContent`")]
pub struct AppointmentEdits {
    pub title: Option<String>,
    pub description: Maybe<String>,
    pub location: Maybe<String>,
    pub starts_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    pub all_day: Option<bool>,
    pub time_zone: Option<Zone>,
    pub status: Option<AppointmentStatus>,
    pub attendees: Option<Vec<Attendee>>,
}

impl AppointmentContent {
    /// Returns the time from start to end.
    pub fn interval(&self) -> Interval {
        Interval { start: self.starts_at, end: self.ends_at }
    }

    /// Whether the appointment occupies its time. A cancelled one does not.
    pub fn is_busy(&self) -> bool {
        self.status != AppointmentStatus::Cancelled
    }

    /// Returns the content after `edits`.
    pub fn with_edits(&self, edits: AppointmentEdits) -> Self {
        Self {
            title: edits.title.unwrap_or_else(|| self.title.clone()),
            description: edits.description.apply_to(&self.description),
            location: edits.location.apply_to(&self.location),
            starts_at: edits.starts_at.unwrap_or(self.starts_at),
            ends_at: edits.ends_at.unwrap_or(self.ends_at),
            all_day: edits.all_day.unwrap_or(self.all_day),
            time_zone: edits.time_zone.unwrap_or(self.time_zone),
            status: edits.status.unwrap_or(self.status),
            attendees: edits.attendees.unwrap_or_else(|| self.attendees.clone()),
        }
    }

    /// Checks the rules between fields. Each field must be valid by itself.
    pub fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::default();
        check_order(self.interval(), &mut problems);
        if self.all_day {
            check_days(self.interval(), self.time_zone, &mut problems);
        }
        problems.into_result(Some(()))
    }
}

/// Checks that an appointment ends after it starts and is at most [`MAX_DAYS`] long.
pub(super) fn check_order(interval: Interval, problems: &mut Problems) {
    if interval.end <= interval.start {
        problems.add("endsAt", "The end must be after the start.");
    } else if interval.seconds() > MAX_DAYS * 86_400 {
        let message = format!("An appointment can last at most {MAX_DAYS} days.");
        problems.add("endsAt", message);
    }
}

/// Checks that an all-day appointment starts and ends at the start of a day. Days can have 23 or 25
/// hours.
pub(super) fn check_days(interval: Interval, zone: Zone, problems: &mut Problems) {
    for (field, verb, at) in
        [("startsAt", "start", interval.start), ("endsAt", "end", interval.end)]
    {
        if !zone.is_day_start(at) {
            let message =
                format!("An all-day appointment must {verb} at the beginning of a day in {zone}.");
            problems.add(field, message);
        }
    }
}
