//! Display settings: the time zone and the locale in which times are shown. Pure.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use appointments_client::{Appointment, DateTime, TimeZone};
use chrono::{NaiveDate, TimeDelta};

use crate::time::locale::Locale;
use crate::time::wall_clock::WallClock;

/// The time zone and the locale in which times are shown. Clones share the cached clocks.
#[derive(Clone, Debug)]
pub(crate) struct Display {
    pub(crate) clock: Arc<WallClock>,
    pub(crate) locale: Locale,
    /// The wall clocks of other zones, by zone name.
    other_clocks: Arc<Mutex<HashMap<String, Arc<WallClock>>>>,
}

impl PartialEq for Display {
    fn eq(&self, other: &Self) -> bool {
        self.clock.zone() == other.clock.zone() && self.locale == other.locale
    }
}

impl Display {
    pub(crate) fn new(clock: WallClock, locale: Locale) -> Self {
        Self { clock: Arc::new(clock), locale, other_clocks: Arc::default() }
    }

    /// Returns the settings with another time zone.
    pub(crate) fn in_zone(&self, zone: &str) -> Self {
        Self { clock: self.clock_for(zone), ..self.clone() }
    }

    /// Returns the local date at an instant.
    pub(crate) fn date(&self, at: DateTime) -> NaiveDate {
        self.clock.to_wall(at).date()
    }

    /// Formats an appointment's time: `09:00–10:30`, or `all day`.
    pub(crate) fn format_time(&self, it: &Appointment) -> String {
        if it.all_day {
            return self.locale.labels().all_day.to_lowercase();
        }
        self.format_range(it.starts_at, it.ends_at)
    }

    /// Formats the time of an appointment on a day after its first: `ends 06:00`, or `continues` if
    /// it goes on after `end_of_day`.
    pub(crate) fn format_continuation(&self, end: DateTime, end_of_day: DateTime) -> String {
        if end > end_of_day {
            return self.locale.labels().continues.to_owned();
        }
        self.locale.format_end(self.clock.to_wall(end))
    }

    /// Formats the time of an instant: `09:00`.
    pub(crate) fn format_instant(&self, at: DateTime) -> String {
        self.locale.format_time(self.clock.to_wall(at))
    }

    /// Formats a range of instants: `09:00–10:30`.
    pub(crate) fn format_range(&self, start: DateTime, end: DateTime) -> String {
        self.locale.format_range(self.clock.to_wall(start), self.clock.to_wall(end))
    }

    /// Returns the first and the last day of an all-day appointment in its zone.
    ///
    /// The days do not depend on the viewer's zone: what is on the 24th stays on the 24th for a
    /// viewer further west.
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
        let mut all = self.other_clocks.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = all.entry(zone.to_owned());
        clock.or_insert_with(|| Arc::new(self.clock.for_zone(zone))).clone()
    }
}
