//! Demo data: the calendars of a team, a person and a clinic. The clinic allows no overlaps.
//!
//! All ids are derived from the content, so that seeding again changes nothing.

use std::fmt;

use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use uuid::Uuid;

use crate::commands::Commands;
use crate::config::Seed;
use crate::domain::{
    Actor, AppointmentStatus, AttendeeInput, AttendeeResponse, CreateAppointmentInput,
    CreateCalendarInput, Instant, OverlapPolicy, Refusal, Zone,
};
use crate::store::StoreError;

/// The number of concurrent commands. They share commits, which is faster than one by one.
const MAX_CONCURRENT: usize = 32;

/// A summary of the demo data, including data that existed before.
#[derive(Debug)]
pub struct SeedSummary {
    calendars: usize,
    appointments: usize,
    /// The Monday of the first week.
    monday: NaiveDate,
}

impl fmt::Display for SeedSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calendars, appointments, monday } = self;
        write!(f, "{calendars} calendars with {appointments} appointments, from {monday} on")
    }
}

/// A weekly appointment of a demo calendar.
struct WeeklySlot {
    /// Days after Monday.
    day: u64,
    /// The start, in minutes after midnight of local time.
    from: u32,
    minutes: u32,
    title: &'static str,
    location: Option<&'static str>,
    status: AppointmentStatus,
    /// The names of the attendees.
    with: &'static [&'static str],
}

/// A demo calendar.
struct DemoCalendar {
    name: &'static str,
    color: &'static str,
    zone: &'static str,
    overlaps: OverlapPolicy,
    week: Vec<WeeklySlot>,
}

/// Creates the demo data that does not exist yet, and shows a progress bar.
///
/// # Errors
/// One sentence for the operator.
pub async fn run(
    commands: Commands,
    settings: &Seed,
    now: Instant,
) -> Result<SeedSummary, Box<dyn std::error::Error>> {
    let day = settings.from.unwrap_or_else(|| Zone::UTC.local(now).date());
    let monday = day - Days::new(day.weekday().num_days_from_monday().into());
    let calendars = demo_calendars();
    let mut inputs = Vec::new();
    for calendar in &calendars {
        ignore_existing(commands.create_calendar(&Actor::Anonymous, calendar.input()).await)?;
        for week in 0..u64::from(settings.weeks) {
            let monday = monday + Days::new(7 * week);
            inputs.extend(calendar.week.iter().map(|slot| calendar.appointment(slot, monday)));
        }
    }
    let appointments = inputs.len();
    let bar = ProgressBar::new(appointments as u64).with_style(ProgressStyle::with_template(
        "{bar:40} {human_pos}/{human_len} appointments, {eta} left",
    )?);
    stream::iter(inputs)
        .map(|input| commands.create_appointment(&Actor::Anonymous, input))
        .buffer_unordered(MAX_CONCURRENT)
        .map(|result| ignore_existing(result).inspect(|_| bar.inc(1)))
        .try_for_each(|_| std::future::ready(Ok(())))
        .await?;
    bar.finish_and_clear();
    Ok(SeedSummary { calendars: calendars.len(), appointments, monday })
}

/// Ignores refusals which mean that the data exists, perhaps changed by a user.
fn ignore_existing<T>(
    result: Result<Result<T, Refusal>, StoreError>,
) -> Result<(), Box<dyn std::error::Error>> {
    match result? {
        Ok(_) | Err(Refusal::IdAlreadyUsed(_) | Refusal::TimeSlotTaken { .. }) => Ok(()),
        Err(refusal) => Err(format!("The demo data was rejected: {refusal}").into()),
    }
}

impl DemoCalendar {
    fn id(&self) -> Uuid {
        id_for(&format!("calendar/{}", self.name))
    }

    fn input(&self) -> CreateCalendarInput {
        CreateCalendarInput {
            id: Some(self.id().to_string()),
            name: self.name.into(),
            color: Some(self.color.into()),
            time_zone: self.zone.into(),
            overlaps: self.overlaps,
        }
    }

    fn appointment(&self, slot: &WeeklySlot, monday: NaiveDate) -> CreateAppointmentInput {
        let zone = Zone::parse(self.zone).unwrap_or(Zone::UTC);
        let day = monday + Days::new(slot.day);
        let all_day = slot.minutes == 24 * 60;
        let starts_at = if all_day {
            zone.day_start(day)
        } else {
            let time = NaiveTime::from_num_seconds_from_midnight_opt(slot.from * 60, 0);
            zone.instant(day.and_time(time.unwrap_or_default()))
        };
        let ends_at = if all_day {
            zone.day_start(day + Days::new(1))
        } else {
            starts_at.plus(i64::from(slot.minutes) * 60)
        };
        CreateAppointmentInput {
            id: Some(id_for(&format!("{}/{starts_at}/{}", self.name, slot.title)).to_string()),
            calendar_id: Some(self.id().to_string()),
            title: slot.title.into(),
            description: None,
            location: slot.location.map(Into::into),
            starts_at: starts_at.to_string(),
            ends_at: ends_at.to_string(),
            all_day,
            time_zone: None,
            status: slot.status,
            attendees: slot.with.iter().map(|name| attendee(name)).collect(),
            mutation_id: None,
        }
    }
}

fn attendee(name: &str) -> AttendeeInput {
    AttendeeInput {
        email: format!("{}@example.org", name.to_lowercase()),
        name: Some(name.into()),
        response: AttendeeResponse::Accepted,
    }
}

/// Derives an id from a name (UUID version 5).
fn id_for(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("https://example.org/demo/{name}").as_bytes())
}

fn demo_calendars() -> Vec<DemoCalendar> {
    vec![
        DemoCalendar {
            name: "Team",
            color: "#1d4ed8",
            zone: "Europe/Berlin",
            overlaps: OverlapPolicy::Allow,
            week: vec![
                slot(0, 9 * 60 + 30, 15, "Stand-up").with(&["Ada", "Grace", "Alan"]),
                slot(1, 9 * 60 + 30, 15, "Stand-up").with(&["Ada", "Grace", "Alan"]),
                slot(1, 14 * 60, 90, "Design review").at("Room 2").with(&["Grace", "Edsger"]),
                slot(2, 9 * 60 + 30, 15, "Stand-up").with(&["Ada", "Grace", "Alan"]),
                slot(2, 14 * 60 + 30, 60, "Interview")
                    .status(AppointmentStatus::Tentative)
                    .with(&["Barbara"]),
                slot(3, 9 * 60 + 30, 15, "Stand-up").with(&["Ada", "Grace", "Alan"]),
                slot(4, 0, 24 * 60, "Release day"),
                slot(4, 15 * 60, 60, "Retrospective").at("Room 1").with(&["Ada", "Grace", "Alan"]),
            ],
        },
        DemoCalendar {
            name: "Ada",
            color: "#7e22ce",
            zone: "Europe/Lisbon",
            overlaps: OverlapPolicy::Allow,
            week: vec![
                slot(0, 18 * 60, 60, "Swimming").at("Pool"),
                slot(2, 12 * 60, 60, "Lunch with Grace").with(&["Grace"]),
                slot(3, 19 * 60, 120, "Choir"),
                slot(5, 0, 24 * 60, "Hiking").status(AppointmentStatus::Tentative),
            ],
        },
        DemoCalendar {
            name: "Clinic",
            color: "#0f766e",
            zone: "America/New_York",
            overlaps: OverlapPolicy::Reject,
            week: clinic(),
        },
    ]
}

/// Five days of twenty-minute consultations, back to back, with a break at noon.
fn clinic() -> Vec<WeeklySlot> {
    const KINDS: [&str; 5] = ["Consultation", "Check-up", "Vaccination", "Follow-up", "Blood test"];
    let mut week = Vec::new();
    for day in 0..5 {
        for (n, from) in (8 * 60..17 * 60).step_by(20).enumerate() {
            if (12 * 60..13 * 60).contains(&from) {
                continue;
            }
            let kind = KINDS[(n + usize::try_from(day).unwrap_or(0)) % KINDS.len()];
            week.push(slot(day, from, 20, kind).at("Examination room"));
        }
    }
    week
}

fn slot(day: u64, from: u32, minutes: u32, title: &'static str) -> WeeklySlot {
    WeeklySlot {
        day,
        from,
        minutes,
        title,
        location: None,
        status: AppointmentStatus::Confirmed,
        with: &[],
    }
}

impl WeeklySlot {
    fn at(self, location: &'static str) -> Self {
        Self { location: Some(location), ..self }
    }

    fn status(self, status: AppointmentStatus) -> Self {
        Self { status, ..self }
    }

    fn with(self, with: &'static [&'static str]) -> Self {
        Self { with, ..self }
    }
}
