//! The form of the appointment dialog: its texts, and what they mean. Pure.

use appointments_client::{
    Appointment, AppointmentChanges, DateTime, InputProblem, NewAppointment, Shared, TimeZone,
};
use chrono::{NaiveDate, TimeDelta};

use crate::input::drag::{STEP_MINUTES, resize, shift_range};
use crate::state::time_fields::{format_day, format_fields, parse_day, parse_time};
use crate::text::messages::{ValidationError, problem_message, validation_message};
use crate::time::display::Display;

/// The fields that show problems, by their names in the contract.
pub(crate) const FIELDS: [&str; 5] = ["title", "startsAt", "endsAt", "location", "description"];

/// The start and the end that an appointment gets when it is no longer all-day.
const DEFAULT_HOURS: (&str, &str) = ("T09:00", "T10:00");

/// The form of a new or an existing appointment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    /// The appointment before the edit, or `None` for a new one.
    pub(crate) before: Option<Shared<Appointment>>,
    /// The id of the calendar.
    pub(crate) calendar: String,
    pub(crate) title: String,
    /// Whether the appointment is all-day. Then `start` and `end` are its first and its last day.
    pub(crate) is_all_day: bool,
    pub(crate) start: String,
    pub(crate) end: String,
    pub(crate) location: String,
    pub(crate) description: String,
    /// Problems of fields, by their names in the contract.
    problems: Vec<InputProblem>,
    /// The last time at which both fields were valid.
    last_valid: Option<(DateTime, DateTime)>,
    /// Instants that were written into the fields, by their text. The text alone is ambiguous in
    /// an hour that the clock repeats.
    known_instants: Vec<(String, DateTime)>,
    /// The zone in which the fields are written.
    display: Display,
    /// The viewer's zone. It differs from `display` for an all-day appointment of another zone.
    viewer: Display,
}

impl Draft {
    /// Creates the form of a new appointment.
    pub(crate) fn new(calendar: String, start: DateTime, end: DateTime, display: Display) -> Self {
        let fields = format_fields((start, end), false, &display);
        Self {
            before: None,
            calendar,
            title: String::new(),
            is_all_day: false,
            start: fields.0.clone(),
            end: fields.1.clone(),
            location: String::new(),
            description: String::new(),
            problems: Vec::new(),
            last_valid: None,
            known_instants: vec![(fields.0, start), (fields.1, end)],
            viewer: display.clone(),
            display,
        }
    }

    /// Creates the form of a new all-day appointment.
    pub(crate) fn all_day(calendar: String, day: NaiveDate, display: Display) -> Self {
        let start = display.clock.start_of_day(day);
        let draft = Self::new(calendar, start, start, display);
        let day = format_day(day);
        Self { is_all_day: true, start: day.clone(), end: day, ..draft }
    }

    /// Creates the form of an existing appointment.
    pub(crate) fn edit(it: &Shared<Appointment>, viewer: &Display) -> Self {
        let display =
            if it.all_day { viewer.in_zone(it.time_zone.as_str()) } else { viewer.clone() };
        let calendar = it.calendar_id.to_string();
        let (start, end) = format_fields((it.starts_at, it.ends_at), it.all_day, &display);
        Self {
            before: Some(it.clone()),
            title: it.title.clone(),
            is_all_day: it.all_day,
            start,
            end,
            location: it.location.clone().unwrap_or_default(),
            description: it.description.clone().unwrap_or_default(),
            viewer: viewer.clone(),
            ..Self::new(calendar, it.starts_at, it.ends_at, display)
        }
    }

    /// Returns the problem of a field.
    pub(crate) fn problem(&self, field: &str) -> Option<String> {
        let problem = self.problems.iter().find(|it| it.field == field)?;
        Some(problem_message(problem, self.display.locale.language))
    }

    pub(crate) fn with_problems(self, problems: Vec<InputProblem>) -> Self {
        Self { problems, ..self }
    }

    /// Writes into a field. A new start moves the end, so that the duration stays.
    pub(crate) fn write(&mut self, field: fn(&mut Self) -> &mut String, text: String) {
        self.last_valid = self.time().filter(|(start, end)| start < end).or(self.last_valid);
        let old_start = self.start.clone();
        *field(self) = text;
        if self.start == old_start {
            return;
        }
        let Some((last_start, last_end)) = self.last_valid else { return };
        let Some(start) = self.parse().0 else { return };
        let time = if self.is_all_day {
            let by = self.display.date(start) - self.display.date(last_start);
            shift_range((last_start, last_end), true, by, &self.display)
        } else {
            (start, start + (last_end - last_start))
        };
        self.end = format_fields(time, self.is_all_day, &self.display).1;
    }

    /// Switches between an all-day appointment and one with hours.
    pub(crate) fn set_all_day(&mut self, is_all_day: bool) {
        self.is_all_day = is_all_day;
        if !is_all_day {
            self.display = self.viewer.clone();
        }
        let (start, end) = DEFAULT_HOURS;
        for (text, hour) in [(&mut self.start, start), (&mut self.end, end)] {
            let day = text.get(..10).unwrap_or(text);
            *text = if is_all_day { day.to_owned() } else { format!("{day}{hour}") };
        }
    }

    /// Moves the appointment by days and minutes. Does nothing while a time is invalid.
    pub(crate) fn move_by(&mut self, days: i64, minutes: i64) {
        let is_all_day = self.is_all_day;
        let by = TimeDelta::days(days) + TimeDelta::minutes(minutes);
        self.change_time(|time, display| shift_range(time, is_all_day, by, display));
    }

    /// Moves the end by steps of 15 minutes, or by days for an all-day appointment.
    pub(crate) fn resize_by(&mut self, steps: i64) {
        if !self.is_all_day {
            let by = TimeDelta::minutes(steps * STEP_MINUTES);
            return self.change_time(|time, _| resize(time, by));
        }
        let (Some(start), Some(end)) = (parse_day(&self.start), parse_day(&self.end)) else {
            return;
        };
        let end = end.checked_add_signed(TimeDelta::days(steps)).unwrap_or(end);
        self.end = format_day(end.max(start));
    }

    /// Returns the form with its start and end if it is valid, else the form with its problems.
    pub(crate) fn checked(self) -> Result<(Self, DateTime, DateTime), Self> {
        let mut problems = Vec::new();
        let language = self.display.locale.language;
        let mut add = |field: &str, error| {
            let message = validation_message(error, language).to_owned();
            problems.push(InputProblem { field: field.to_owned(), message });
        };
        if self.title.trim().is_empty() {
            add("title", ValidationError::NoTitle);
        }
        let (start, end) = self.parse();
        if start.is_none() {
            add("startsAt", ValidationError::NoStart);
        }
        if end.is_none() {
            add("endsAt", ValidationError::NoEnd);
        }
        match (start, end) {
            (Some(start), Some(end)) if end <= start => {
                add("endsAt", ValidationError::EndBeforeStart);
            }
            (Some(start), Some(end)) if problems.is_empty() => return Ok((self, start, end)),
            _ => {}
        }
        Err(self.with_problems(problems))
    }

    /// Returns the new appointment that the form describes.
    pub(crate) fn new_appointment(&self, start: DateTime, end: DateTime) -> NewAppointment {
        let mut new = NewAppointment::new(self.title.clone(), start, end);
        new = new.time_zone(TimeZone::new(self.display.clock.zone()));
        if self.is_all_day {
            new = new.all_day();
        }
        if !self.location.is_empty() {
            new = new.location(self.location.clone());
        }
        if !self.description.is_empty() {
            new = new.description(self.description.clone());
        }
        new
    }

    /// Returns the fields that differ from an appointment.
    pub(crate) fn changes(
        &self,
        before: &Appointment,
        start: DateTime,
        end: DateTime,
    ) -> AppointmentChanges {
        let mut changes = AppointmentChanges::new();
        if self.title != before.title {
            changes = changes.title(self.title.clone());
        }
        let old_time = (before.starts_at, before.ends_at);
        let (old_start, old_end) = format_fields(old_time, before.all_day, &self.display);
        // The fields show no seconds. The texts are compared so that an unchanged time keeps them.
        if self.is_all_day != before.all_day || self.start != old_start || self.end != old_end {
            changes = changes.time(start, end);
        }
        if self.is_all_day != before.all_day {
            let zone = TimeZone::new(self.display.clock.zone());
            changes = changes.all_day(self.is_all_day).time_zone(zone);
        }
        if self.location != before.location.as_deref().unwrap_or_default() {
            changes = changes.location(non_empty(&self.location));
        }
        if self.description != before.description.as_deref().unwrap_or_default() {
            changes = changes.description(non_empty(&self.description));
        }
        changes
    }

    /// Returns the start and the end if both are valid.
    pub(crate) fn time(&self) -> Option<(DateTime, DateTime)> {
        let (start, end) = self.parse();
        start.zip(end)
    }

    /// Parses the start and the end, each `None` if it is invalid.
    fn parse(&self) -> (Option<DateTime>, Option<DateTime>) {
        let clock = &self.display.clock;
        if self.is_all_day {
            let first = parse_day(&self.start);
            let last = parse_day(&self.end);
            return (first.map(|it| clock.start_of_day(it)), last.map(|it| clock.end_of_day(it)));
        }
        let instant = |text: &String| {
            let known = self.known_instants.iter().find(|(known, _)| known == text);
            let known = known.map(|(_, at)| *at);
            known.or_else(|| parse_time(text).map(|it| clock.to_instant(it)))
        };
        (instant(&self.start), instant(&self.end))
    }

    /// Replaces the time. Does nothing while a time is invalid.
    fn change_time(
        &mut self,
        change: impl Fn((DateTime, DateTime), &Display) -> (DateTime, DateTime),
    ) {
        let Some(time) = self.time() else { return };
        let time = change(time, &self.display);
        (self.start, self.end) = format_fields(time, self.is_all_day, &self.display);
        self.known_instants = vec![(self.start.clone(), time.0), (self.end.clone(), time.1)];
    }
}

fn non_empty(text: &str) -> Option<&str> {
    Some(text).filter(|it| !it.is_empty())
}
