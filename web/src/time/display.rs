//! How time is looked at: by which clocks, and how it is written. Pure.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use appointments_client::{Appointment, DateTime, TimeZone};
use chrono::{NaiveDate, TimeDelta};

use crate::time::locale::Locale;
use crate::time::wall_clock::Clocks;

/// By which clocks one looks, and in which language. Copies are one.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    pub(crate) clocks: Arc<Clocks>,
    pub(crate) locale: Locale,
    /// The clocks of other zones, by name.
    elsewhere: Arc<Mutex<HashMap<String, Arc<Clocks>>>>,
}

impl PartialEq for Sight {
    fn eq(&self, other: &Self) -> bool {
        self.clocks.zone() == other.clocks.zone() && self.locale == other.locale
    }
}

impl Sight {
    pub(crate) fn new(clocks: Clocks, locale: Locale) -> Self {
        Self { clocks: Arc::new(clocks), locale, elsewhere: Arc::default() }
    }

    /// By the clocks of another zone.
    pub(crate) fn within(&self, zone: &str) -> Self {
        Self { clocks: self.clocks_of(zone), ..self.clone() }
    }

    /// The day that it is.
    pub(crate) fn date(&self, at: DateTime) -> NaiveDate {
        self.clocks.wall(at).date()
    }

    /// `09:00–10:30`, or that it is the whole day.
    pub(crate) fn hours(&self, it: &Appointment) -> String {
        if it.all_day {
            return self.locale.labels().all_day.to_lowercase();
        }
        self.stretch(it.starts_at, it.ends_at)
    }

    /// `until 06:00`, on a day that something has reached from another; or that it is all of that day, which is over at `midnight`.
    pub(crate) fn hours_after(&self, end: DateTime, midnight: DateTime) -> String {
        if end > midnight {
            return self.locale.labels().all_day.to_lowercase();
        }
        self.locale.until(self.clocks.wall(end))
    }

    /// `09:00–10:30`.
    pub(crate) fn stretch(&self, start: DateTime, end: DateTime) -> String {
        self.locale.hours(self.clocks.wall(start), self.clocks.wall(end))
    }

    /// The first and the last day of something that lasts whole days in a zone. They are the same wherever one looks from: what
    /// is on the 24th is not moved to the 23rd for those who live further west.
    pub(crate) fn days_between(
        &self,
        (start, end): (DateTime, DateTime),
        zone: &TimeZone,
    ) -> (NaiveDate, NaiveDate) {
        let clocks = self.clocks_of(&zone.0);
        let last = clocks.wall(end - TimeDelta::seconds(1));
        (clocks.wall(start).date(), last.date())
    }

    fn clocks_of(&self, zone: &str) -> Arc<Clocks> {
        if zone == self.clocks.zone() {
            return self.clocks.clone();
        }
        let mut all = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
        let clocks = all.entry(zone.to_owned());
        clocks.or_insert_with(|| Arc::new(self.clocks.elsewhere(zone))).clone()
    }
}
