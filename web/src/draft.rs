//! What stands in the dialog: texts, until they are understood.

use appointments_client::{
    Appointment, Changes, DateTime, InputProblem, NewAppointment, Shared, TimeZone,
};
use chrono::{Datelike, NaiveDateTime};

use crate::zone;

/// How a browser's field for a time writes it.
const WRITTEN: &str = "%Y-%m-%dT%H:%M";

/// What a person has written so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Draft {
    /// What it changes; none if it is new.
    pub(crate) of: Option<Shared<Appointment>>,
    /// The id of the calendar that it is in, or is to be in.
    pub(crate) calendar: String,
    pub(crate) title: String,
    pub(crate) start: String,
    pub(crate) end: String,
    pub(crate) location: String,
    pub(crate) description: String,
    /// What is wrong with it, by the names of the contract's fields.
    pub(crate) problems: Vec<InputProblem>,
}

impl Draft {
    /// A new appointment in a calendar, at a time.
    pub(crate) fn new(calendar: String, start: DateTime, end: DateTime) -> Self {
        Self { calendar, start: written(start), end: written(end), ..Self::default() }
    }

    /// An appointment that is there.
    pub(crate) fn of(appointment: &Shared<Appointment>) -> Self {
        let it = appointment.clone();
        Self {
            calendar: it.calendar_id.inner().to_owned(),
            title: it.title.clone(),
            start: written(it.starts_at),
            end: written(it.ends_at),
            location: it.location.clone().unwrap_or_default(),
            description: it.description.clone().unwrap_or_default(),
            problems: Vec::new(),
            of: Some(it),
        }
    }

    /// What is wrong with a field, if anything.
    pub(crate) fn problem(&self, field: &str) -> Option<String> {
        let mut of = self.problems.iter().filter(|it| it.field == field);
        of.next().map(|it| it.message.clone())
    }

    /// When it is; or with what is wrong, as far as that can be seen from here.
    pub(crate) fn checked(self) -> Result<(Self, DateTime, DateTime), Self> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, message: &str| {
            problems.push(InputProblem { field: field.to_owned(), message: message.to_owned() });
        };
        if self.title.trim().is_empty() {
            wrong("title", "Say what it is.");
        }
        let (start, end) = (read(&self.start), read(&self.end));
        if start.is_none() {
            wrong("startsAt", "Say when it starts.");
        }
        if end.is_none() {
            wrong("endsAt", "Say when it is over.");
        }
        match (start, end) {
            (Some(start), Some(end)) if end <= start => {
                wrong("endsAt", "It must end after it starts.");
            }
            (Some(start), Some(end)) if problems.is_empty() => return Ok((self, start, end)),
            _ => {}
        }
        Err(Self { problems, ..self })
    }

    /// The appointment that is to be.
    pub(crate) fn created(&self, start: DateTime, end: DateTime) -> NewAppointment {
        let mut new = NewAppointment::new(self.title.clone(), start, end);
        new = new.time_zone(TimeZone::new(zone::name()));
        if !self.location.is_empty() {
            new = new.location(self.location.clone());
        }
        if !self.description.is_empty() {
            new = new.description(self.description.clone());
        }
        new
    }

    /// What is different from what was there.
    pub(crate) fn changed(&self, was: &Appointment, start: DateTime, end: DateTime) -> Changes {
        let mut changes = Changes::new();
        if self.title != was.title {
            changes = changes.title(self.title.clone());
        }
        // (Seconds cannot be seen here, and are not lost.)
        if self.start != written(was.starts_at) || self.end != written(was.ends_at) {
            changes = changes.time(start, end);
        }
        if self.location != was.location.as_deref().unwrap_or_default() {
            changes = changes.location(some(&self.location));
        }
        if self.description != was.description.as_deref().unwrap_or_default() {
            changes = changes.description(some(&self.description));
        }
        changes
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|it| !it.is_empty())
}

fn written(at: DateTime) -> String {
    zone::wall(at).format(WRITTEN).to_string()
}

fn read(text: &str) -> Option<DateTime> {
    // (Some browsers write seconds.)
    let text = text.get(..16).unwrap_or(text);
    let wall = NaiveDateTime::parse_from_str(text, WRITTEN).ok()?;
    // A year that is half written is none, and browsers take it for one of the last century.
    (1900..2200).contains(&wall.year()).then(|| zone::at_wall(wall))
}
