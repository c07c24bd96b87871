//! An appointment, and the rules that hold between its fields.

use serde::{Deserialize, Serialize};

use super::{AppointmentId, CalendarId, Instant, Interval, Maybe, Problems, Revision, Zone};

const MAX_DAYS: i64 = 366;

/// An appointment as one change left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Its name for life.
    pub id: AppointmentId,
    /// It stays in its calendar for life.
    pub calendar_id: CalendarId,
    /// The change that last wrote it.
    pub revision: Revision,
    /// When the server made it.
    pub created_at: Instant,
    /// When the server last changed it.
    pub updated_at: Instant,
    /// What people wrote in it.
    #[serde(flatten)]
    pub content: AppointmentContent,
}

/// What people write in an appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppointmentContent {
    /// 1 to 255 characters, not blank.
    pub title: String,
    /// At most 8,192 characters.
    pub description: Option<String>,
    /// At most 1,024 characters.
    pub location: Option<String>,
    /// The first second.
    pub starts_at: Instant,
    /// Exclusive, and later than `starts_at`.
    pub ends_at: Instant,
    /// Whole days: both ends are then first instants of days in `time_zone`.
    pub all_day: bool,
    /// The zone it was made in.
    pub time_zone: Zone,
    /// Any status may follow any other.
    pub status: AppointmentStatus,
    /// At most 200, each address once.
    pub attendees: Vec<Attendee>,
}

/// How it stands with an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AppointmentStatus {
    /// Not settled yet.
    Tentative,
    /// It will take place.
    Confirmed,
    /// It has taken place.
    Completed,
    /// Somebody did not come.
    NoShow,
    /// Called off: still listed, and its time is free again.
    Cancelled,
}

/// Somebody who is invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// A well-formed address.
    pub email: String,
    /// At most 255 characters.
    pub name: Option<String>,
    /// What they answered.
    pub response: AttendeeResponse,
}

/// What an attendee answered (iCalendar PARTSTAT).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AttendeeResponse {
    /// Nothing yet.
    NeedsAction,
    /// Comes.
    Accepted,
    /// Does not come.
    Declined,
    /// May come.
    Tentative,
}

/// The fields of an appointment that an update names; what is absent keeps its value.
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
    /// When it is.
    pub fn interval(&self) -> Interval {
        Interval { start: self.starts_at, end: self.ends_at }
    }

    /// Whether it takes up its time: cancelled ones do not.
    pub fn is_busy(&self) -> bool {
        self.status != AppointmentStatus::Cancelled
    }

    /// The content after `edits`.
    pub fn with_edits(&self, edits: AppointmentEdits) -> Self {
        Self {
            title: edits.title.unwrap_or_else(|| self.title.clone()),
            description: edits.description.over(&self.description),
            location: edits.location.over(&self.location),
            starts_at: edits.starts_at.unwrap_or(self.starts_at),
            ends_at: edits.ends_at.unwrap_or(self.ends_at),
            all_day: edits.all_day.unwrap_or(self.all_day),
            time_zone: edits.time_zone.unwrap_or(self.time_zone),
            status: edits.status.unwrap_or(self.status),
            attendees: edits.attendees.unwrap_or_else(|| self.attendees.clone()),
        }
    }

    /// The rules between fields, each field being right by itself.
    pub fn check(&self) -> Problems {
        let mut problems = Problems::default();
        check_order(self.interval(), &mut problems);
        if self.all_day {
            check_days(self.interval(), self.time_zone, &mut problems);
        }
        problems
    }
}

/// It ends after it starts, and not too long after.
pub(super) fn check_order(interval: Interval, problems: &mut Problems) {
    if interval.end <= interval.start {
        problems.add("endsAt", "must be later than startsAt");
    } else if interval.seconds() > MAX_DAYS * 86_400 {
        problems.add("endsAt", format!("must be at most {MAX_DAYS} days after startsAt"));
    }
}

/// Whole days begin and end with days; one of 23 or 25 hours is a day too.
pub(super) fn check_days(interval: Interval, zone: Zone, problems: &mut Problems) {
    for (field, at) in [("startsAt", interval.start), ("endsAt", interval.end)] {
        if !zone.is_day_start(at) {
            problems.add(
                field,
                format!("must be the first instant of a day in {zone} when allDay is true"),
            );
        }
    }
}
