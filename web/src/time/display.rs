//! How time is looked at: by which clock, and how it is written. Pure.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use appointments_client::{Appointment, DateTime, TimeZone};
use chrono::{NaiveDate, TimeDelta};

use crate::time::locale::Locale;
use crate::time::wall_clock::WallClock;

/// By which clocks one looks, and in which language. Copies are one.
#[derive(Clone, Debug)]
pub(crate) struct Display {
    pub(crate) clock: Arc<WallClock>,
    pub(crate) locale: Locale,
    /// The clocks of other zones, by name.
    elsewhere: Arc<Mutex<HashMap<String, Arc<WallClock>>>>,
}

impl PartialEq for Display {
    fn eq(&self, other: &Self) -> bool {
        self.clock.zone() == other.clock.zone() && self.locale == other.locale
    }
}

impl Display {
    pub(crate) fn new(clock: WallClock, locale: Locale) -> Self {
        Self { clock: Arc::new(clock), locale, elsewhere: Arc::default() }
    }

    /// By the clocks of another zone.
    pub(crate) fn in_zone(&self, zone: &str) -> Self {
        Self { clock: self.clock_for(zone), ..self.clone() }
    }

    /// The day that it is.
    pub(crate) fn date(&self, at: DateTime) -> NaiveDate {
        self.clock.to_wall(at).date()
    }

    /// `09:00–10:30`, or that it is the whole day.
    pub(crate) fn hours(&self, it: &Appointment) -> String {
        if it.all_day {
            return self.locale.labels().all_day.to_lowercase();
        }
        self.stretch(it.starts_at, it.ends_at)
    }

    /// `until 06:00`, on a day that something has reached from another; or that it is all of that day, which is over at `midnight`.
    pub(crate) fn format_continuation(&self, end: DateTime, midnight: DateTime) -> String {
        if end > midnight {
            return self.locale.labels().all_day.to_lowercase();
        }
        self.locale.until(self.clock.to_wall(end))
    }

    /// `09:00–10:30`.
    pub(crate) fn stretch(&self, start: DateTime, end: DateTime) -> String {
        self.locale.hours(self.clock.to_wall(start), self.clock.to_wall(end))
    }

    /// The first and the last day of something that lasts whole days in a zone. They are the same wherever one looks from: what
    /// is on the 24th is not moved to the 23rd for those who live further west.
    pub(crate) fn day_span(
        &self,
        (start, end): (DateTime, DateTime),
        zone: &TimeZone,
    ) -> (NaiveDate, NaiveDate) {
        let clock = self.clock_for(zone.as_str());
        let last = clock.to_wall(end - TimeDelta::seconds(1));
        (clock.to_wall(start).date(), last.date())
    }

    fn clock_for(&self, zone: &str) -> Arc<WallClock> {
        if zone == self.clock.zone() {
            return self.clock.clone();
        }
        let mut all = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = all.entry(zone.to_owned());
        clock.or_insert_with(|| Arc::new(self.clock.elsewhere(zone))).clone()
    }
}
