//! What stands in the dialog: texts, until they are understood.

use appointments_client::{
    Appointment, AppointmentChanges, DateTime, InputProblem, NewAppointment, Shared, TimeZone,
};
use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};

use crate::input::drag::{STEP_MINUTES, resize, shift_range};
use crate::text::messages::{ValidationError, validation_message};
use crate::time::display::Display;

/// How a browser's field for a time writes it.
const TIME: &str = "%Y-%m-%dT%H:%M";
/// And one for a day.
const DAY: &str = "%Y-%m-%d";
/// The hours that something has that lasted whole days before.
const HOURS: (&str, &str) = ("T09:00", "T10:00");

/// What a person has written so far.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    /// What it changes; none if it is new.
    pub(crate) of: Option<Shared<Appointment>>,
    /// The id of the calendar that it is in, or is to be in.
    pub(crate) calendar: String,
    pub(crate) title: String,
    /// Whether it lasts whole days; then start and end are its first day and its last.
    pub(crate) is_all_day: bool,
    pub(crate) start: String,
    pub(crate) end: String,
    pub(crate) location: String,
    pub(crate) description: String,
    /// What is wrong with it, by the names of the contract's fields.
    problems: Vec<InputProblem>,
    /// When it was, as far as that was last understood.
    understood: Option<(DateTime, DateTime)>,
    /// The instants that were written here, and how. Where clocks show an hour twice, the text alone does not say which.
    known: Vec<(String, DateTime)>,
    /// By whose clocks it is written.
    display: Display,
    /// By whose clocks one looks; what lasts whole days is written by those of its own zone.
    viewer: Display,
}

impl Draft {
    /// A new appointment in a calendar, at a time.
    pub(crate) fn new(calendar: String, start: DateTime, end: DateTime, display: Display) -> Self {
        let written = written((start, end), false, &display);
        let known = vec![(written.0.clone(), start), (written.1.clone(), end)];
        let (start, end) = written;
        Self {
            known,
            understood: None,
            viewer: display.clone(),
            of: None,
            calendar,
            title: String::new(),
            is_all_day: false,
            start,
            end,
            location: String::new(),
            description: String::new(),
            problems: Vec::new(),
            display,
        }
    }

    /// A new one that lasts a whole day.
    pub(crate) fn of_day(calendar: String, day: NaiveDate, display: Display) -> Self {
        let at = display.clock.midnight(day);
        let it = Self::new(calendar, at, at, display);
        let day = day.format(DAY).to_string();
        Self { is_all_day: true, start: day.clone(), end: day, ..it }
    }

    /// An appointment that is there.
    pub(crate) fn of(it: &Shared<Appointment>, display: &Display) -> Self {
        let viewer = display.clone();
        let display =
            if it.all_day { display.in_zone(it.time_zone.as_str()) } else { display.clone() };
        let calendar = it.calendar_id.to_string();
        let (start, end) = written((it.starts_at, it.ends_at), it.all_day, &display);
        Self {
            title: it.title.clone(),
            is_all_day: it.all_day,
            start,
            end,
            location: it.location.clone().unwrap_or_default(),
            description: it.description.clone().unwrap_or_default(),
            of: Some(it.clone()),
            viewer,
            ..Self::new(calendar, it.starts_at, it.ends_at, display)
        }
    }

    /// What is wrong with a field, if anything.
    pub(crate) fn problem(&self, field: &str) -> Option<String> {
        let mut of = self.problems.iter().filter(|it| it.field == field);
        of.next().map(|it| it.message.clone())
    }

    /// With what is wrong with it.
    pub(crate) fn with(self, problems: Vec<InputProblem>) -> Self {
        Self { problems, ..self }
    }

    /// Writes something. Whoever says that it starts later does not say that it is shorter.
    pub(crate) fn write(&mut self, field: fn(&mut Self) -> &mut String, text: String) {
        self.understood = self.stretch().filter(|(start, end)| start < end).or(self.understood);
        let before = self.start.clone();
        *field(self) = text;
        let Some(((was, until), start)) = self.understood.zip(self.time().0) else { return };
        if self.start != before {
            let time = if self.is_all_day {
                let way = self.display.date(start) - self.display.date(was);
                shift_range((was, until), true, way, &self.display)
            } else {
                (start, start + (until - was))
            };
            self.end = written(time, self.is_all_day, &self.display).1;
        }
    }

    /// For whole days, or for hours again.
    pub(crate) fn lasts_all_day(&mut self, is_all_day: bool) {
        self.is_all_day = is_all_day;
        if !is_all_day {
            self.display = self.viewer.clone();
        }
        let (from, until) = HOURS;
        for (text, hour) in [(&mut self.start, from), (&mut self.end, until)] {
            let day = text.get(..10).unwrap_or(text);
            *text = if is_all_day { day.to_owned() } else { format!("{day}{hour}") };
        }
    }

    /// Moved by so many days and minutes; what is not understood yet stays.
    pub(crate) fn move_by(&mut self, days: i64, minutes: i64) {
        let (is_all_day, way) =
            (self.is_all_day, TimeDelta::days(days) + TimeDelta::minutes(minutes));
        self.retime(|time, display| shift_range(time, is_all_day, way, display));
    }

    /// Longer by so many steps, or shorter: quarters of an hour, or days.
    pub(crate) fn grow_by(&mut self, steps: i64) {
        if self.is_all_day {
            let (Some(start), Some(end)) = (day(&self.start), day(&self.end)) else { return };
            let end = end.checked_add_signed(TimeDelta::days(steps)).unwrap_or(end);
            self.end = end.max(start).format(DAY).to_string();
        } else {
            self.retime(|time, _| resize(time, TimeDelta::minutes(steps * STEP_MINUTES)));
        }
    }

    /// When it is; or with what is wrong, as far as that can be seen from here.
    pub(crate) fn checked(self) -> Result<(Self, DateTime, DateTime), Self> {
        let mut problems = Vec::new();
        let language = self.display.locale.language;
        let mut say = |field: &str, what| {
            let message = validation_message(what, language).to_owned();
            problems.push(InputProblem { field: field.to_owned(), message });
        };
        if self.title.trim().is_empty() {
            say("title", ValidationError::NoTitle);
        }
        let (start, end) = self.time();
        if start.is_none() {
            say("startsAt", ValidationError::NoStart);
        }
        if end.is_none() {
            say("endsAt", ValidationError::NoEnd);
        }
        match (start, end) {
            (Some(start), Some(end)) if end <= start => say("endsAt", ValidationError::EndsFirst),
            (Some(start), Some(end)) if problems.is_empty() => return Ok((self, start, end)),
            _ => {}
        }
        Err(self.with(problems))
    }

    /// The appointment that is to be.
    pub(crate) fn created(&self, start: DateTime, end: DateTime) -> NewAppointment {
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

    /// What is different from what was there.
    pub(crate) fn changed(
        &self,
        was: &Appointment,
        start: DateTime,
        end: DateTime,
    ) -> AppointmentChanges {
        let mut changes = AppointmentChanges::new();
        if self.title != was.title {
            changes = changes.title(self.title.clone());
        }
        let written = written((was.starts_at, was.ends_at), was.all_day, &self.display);
        // (Seconds cannot be seen here, and are not lost.)
        if self.is_all_day != was.all_day || (&self.start, &self.end) != (&written.0, &written.1) {
            changes = changes.time(start, end);
        }
        if self.is_all_day != was.all_day {
            let zone = TimeZone::new(self.display.clock.zone());
            changes = changes.all_day(self.is_all_day).time_zone(zone);
        }
        if self.location != was.location.as_deref().unwrap_or_default() {
            changes = changes.location(some(&self.location));
        }
        if self.description != was.description.as_deref().unwrap_or_default() {
            changes = changes.description(some(&self.description));
        }
        changes
    }

    /// When it is, if that is understood.
    pub(crate) fn stretch(&self) -> Option<(DateTime, DateTime)> {
        let (start, end) = self.time();
        start.zip(end)
    }

    /// When it starts and when it is over, as far as that is understood.
    fn time(&self) -> (Option<DateTime>, Option<DateTime>) {
        let clock = &self.display.clock;
        if self.is_all_day {
            let (first, last) = (day(&self.start), day(&self.end));
            return (first.map(|it| clock.midnight(it)), last.map(|it| clock.end(it)));
        }
        let read = |text: &String| {
            let known = self.known.iter().find(|(known, _)| known == text).map(|(_, at)| *at);
            known.or_else(|| time(text).map(|it| clock.from_wall(it)))
        };
        (read(&self.start), read(&self.end))
    }

    /// Writes another time, if what is written is understood.
    fn retime(&mut self, change: impl Fn((DateTime, DateTime), &Display) -> (DateTime, DateTime)) {
        let Some(time) = self.stretch() else { return };
        let time = change(time, &self.display);
        (self.start, self.end) = written(time, self.is_all_day, &self.display);
        self.known = vec![(self.start.clone(), time.0), (self.end.clone(), time.1)];
    }
}

/// How the time of an appointment is written.
fn written(
    (start, end): (DateTime, DateTime),
    is_all_day: bool,
    display: &Display,
) -> (String, String) {
    let write = |at, format| display.clock.to_wall(at).format(format).to_string();
    if is_all_day {
        return (write(start, DAY), write(end - TimeDelta::seconds(1), DAY));
    }
    (write(start, TIME), write(end, TIME))
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|it| !it.is_empty())
}

fn time(text: &str) -> Option<NaiveDateTime> {
    // (Some browsers write seconds.)
    let text = text.get(..16).unwrap_or(text);
    NaiveDateTime::parse_from_str(text, TIME).ok().filter(|it| is_near(it.year()))
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, DAY).ok().filter(|it| is_near(it.year()))
}

/// A year that is half written is none.
fn is_near(year: i32) -> bool {
    (1900..2200).contains(&year)
}
