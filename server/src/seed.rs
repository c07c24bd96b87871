//! Demo data: a team's calendar, a person's, and a clinic that books no slot twice.
//!
//! Everything has an id that follows from what it is, so that the same again changes nothing.

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

/// Commits are shared by what waits for them, so a few at a time are faster than one by one.
const AT_ONCE: usize = 32;

/// What was asked for, and now is there.
#[derive(Debug)]
pub struct Seeded {
    calendars: usize,
    appointments: usize,
    /// Of the first week.
    monday: NaiveDate,
}

impl fmt::Display for Seeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calendars, appointments, monday } = self;
        write!(f, "{calendars} calendars with {appointments} appointments, from {monday} on")
    }
}

/// A weekly appointment of a demo calendar.
struct Slot {
    /// Days after Monday.
    day: u64,
    /// Minutes after midnight, local time.
    from: u32,
    minutes: u32,
    title: &'static str,
    location: Option<&'static str>,
    status: AppointmentStatus,
    /// Names before `@example.org`.
    with: &'static [&'static str],
}

struct Demo {
    name: &'static str,
    color: &'static str,
    zone: &'static str,
    overlaps: OverlapPolicy,
    week: Vec<Slot>,
}

/// Makes what is missing, and shows how far it is. The error is a sentence for the operator.
pub async fn run(
    commands: Commands,
    settings: &Seed,
    now: Instant,
) -> Result<Seeded, Box<dyn std::error::Error>> {
    let day = settings.from.unwrap_or_else(|| Zone::UTC.local(now).date());
    let monday = day - Days::new(day.weekday().num_days_from_monday().into());
    let demos = demos();
    let mut inputs = Vec::new();
    for demo in &demos {
        check(commands.create_calendar(&Actor::Anonymous, demo.calendar()).await)?;
        for week in 0..u64::from(settings.weeks) {
            let monday = monday + Days::new(7 * week);
            inputs.extend(demo.week.iter().map(|slot| demo.appointment(slot, monday)));
        }
    }
    let appointments = inputs.len();
    let bar = ProgressBar::new(appointments as u64).with_style(ProgressStyle::with_template(
        "{bar:40} {human_pos}/{human_len} appointments, {eta} left",
    )?);
    stream::iter(inputs)
        .map(|input| commands.create_appointment(&Actor::Anonymous, input))
        .buffer_unordered(AT_ONCE)
        .map(|made| check(made).inspect(|_| bar.inc(1)))
        .try_for_each(|_| std::future::ready(Ok(())))
        .await?;
    bar.finish_and_clear();
    Ok(Seeded { calendars: demos.len(), appointments, monday })
}

/// An id that was used for other content says that somebody has changed the demo data: fine.
fn check<T>(
    made: Result<Result<T, Refusal>, StoreError>,
) -> Result<(), Box<dyn std::error::Error>> {
    match made? {
        Ok(_) | Err(Refusal::IdAlreadyUsed(_) | Refusal::TimeSlotTaken { .. }) => Ok(()),
        Err(refusal) => Err(format!("The demo data was refused: {refusal}").into()),
    }
}

impl Demo {
    fn id(&self) -> Uuid {
        name(&format!("calendar/{}", self.name))
    }

    fn calendar(&self) -> CreateCalendarInput {
        CreateCalendarInput {
            id: Some(self.id().to_string()),
            name: self.name.into(),
            color: Some(self.color.into()),
            time_zone: self.zone.into(),
            overlaps: self.overlaps,
        }
    }

    fn appointment(&self, slot: &Slot, monday: NaiveDate) -> CreateAppointmentInput {
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
            id: Some(name(&format!("{}/{starts_at}/{}", self.name, slot.title)).to_string()),
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

/// Version 5: the same name has the same id everywhere.
fn name(of: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("https://example.org/demo/{of}").as_bytes())
}

fn demos() -> Vec<Demo> {
    vec![
        Demo {
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
        Demo {
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
        Demo {
            name: "Clinic",
            color: "#0f766e",
            zone: "America/New_York",
            overlaps: OverlapPolicy::Reject,
            week: clinic(),
        },
    ]
}

/// Five days of twenty-minute consultations, back to back, with a break at noon.
fn clinic() -> Vec<Slot> {
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

fn slot(day: u64, from: u32, minutes: u32, title: &'static str) -> Slot {
    Slot {
        day,
        from,
        minutes,
        title,
        location: None,
        status: AppointmentStatus::Confirmed,
        with: &[],
    }
}

impl Slot {
    fn at(self, place: &'static str) -> Self {
        Self { location: Some(place), ..self }
    }

    fn status(self, status: AppointmentStatus) -> Self {
        Self { status, ..self }
    }

    fn with(self, with: &'static [&'static str]) -> Self {
        Self { with, ..self }
    }
}
