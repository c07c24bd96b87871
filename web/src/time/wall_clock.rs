//! Wall clocks of time zones: converts instants to local dates and times, and back.
//!
//! Pure: a function supplies the UTC offsets and is called a few times for each day.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use appointments_client::DateTime;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// Returns a zone's UTC offset in seconds (positive east of Greenwich) at a Unix timestamp.
pub(crate) type OffsetSource = fn(zone: &str, at: i64) -> i64;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// The wall clock of one time zone.
#[derive(Debug)]
pub(crate) struct WallClock {
    zone: String,
    source: OffsetSource,
    /// The cached offsets of each UTC day, by days since 1970.
    days: Mutex<HashMap<i64, DayOffsets>>,
}

/// A UTC day's offset at its start, and the first change in it as `(timestamp, new offset)`.
type DayOffsets = (i64, Option<(i64, i64)>);

impl WallClock {
    pub(crate) fn new(zone: impl Into<String>, source: OffsetSource) -> Self {
        Self { zone: zone.into(), source, days: Mutex::default() }
    }

    /// Returns the wall clock of another zone, with the same source of offsets.
    pub(crate) fn for_zone(&self, zone: &str) -> Self {
        Self::new(zone, self.source)
    }

    /// Returns the zone's IANA name.
    pub(crate) fn zone(&self) -> &str {
        &self.zone
    }

    /// Returns the local date and time at an instant.
    pub(crate) fn to_wall(&self, at: DateTime) -> NaiveDateTime {
        shifted(at.naive_utc(), self.utc_offset(at.timestamp()))
    }

    /// Returns the instant of a local date and time.
    ///
    /// If the clock shows the time twice, the first instant counts. If the clock skips it, the
    /// offset before the change counts.
    pub(crate) fn to_instant(&self, wall: NaiveDateTime) -> DateTime {
        let utc = wall.and_utc().timestamp();
        let (before, after) =
            (self.utc_offset(utc - DAY_SECONDS), self.utc_offset(utc + DAY_SECONDS));
        let is_right = |it: &i64| self.utc_offset(utc - it) == *it;
        let utc_offset = [before, after].into_iter().find(is_right).unwrap_or(before);
        shifted(wall, -utc_offset).and_utc()
    }

    /// Returns the start of a day. It is later than 00:00 where the clock skips midnight.
    pub(crate) fn start_of_day(&self, day: NaiveDate) -> DateTime {
        self.to_instant(day.and_time(NaiveTime::MIN))
    }

    /// Returns the end of a day, which is the start of the next.
    pub(crate) fn end_of_day(&self, day: NaiveDate) -> DateTime {
        self.start_of_day(day.succ_opt().unwrap_or(day))
    }

    fn utc_offset(&self, at: i64) -> i64 {
        let day = at.div_euclid(DAY_SECONDS);
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        match days.entry(day).or_insert_with(|| self.changes(day)) {
            (_, Some((since, to))) if at >= *since => *to,
            (first, _) => *first,
        }
    }

    fn changes(&self, day: i64) -> DayOffsets {
        let utc_offset = |at| (self.source)(&self.zone, at);
        let (mut before, mut since) = (day * DAY_SECONDS, (day + 1) * DAY_SECONDS);
        let (first, last) = (utc_offset(before), utc_offset(since));
        if first == last {
            return (first, None);
        }
        while since - before > 1 {
            let middle = before + (since - before) / 2;
            if utc_offset(middle) == first { before = middle } else { since = middle }
        }
        (first, Some((since, last)))
    }
}

/// Adds seconds to a local time. Returns the time unchanged if the result is out of range.
fn shifted(wall: NaiveDateTime, seconds: i64) -> NaiveDateTime {
    wall.checked_add_signed(TimeDelta::seconds(seconds)).unwrap_or(wall)
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::Offset;

    use super::*;

    /// Returns the wall clock of any zone, with offsets from the IANA database.
    pub(crate) fn clock(zone: &str) -> WallClock {
        WallClock::new(zone, |zone, at| {
            use chrono::TimeZone;
            let zone: chrono_tz::Tz = zone.parse().expect("a zone");
            let at = DateTime::from_timestamp(at, 0).expect("an instant");
            zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc().into()
        })
    }

    #[track_caller]
    fn check(zone: &str, wall: &str, at: &str, shown: &str) {
        let clock = clock(zone);
        let found = clock.to_instant(wall.parse().expect("a local time"));
        assert_eq!(found.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), at);
        assert_eq!(clock.to_wall(found).to_string(), shown);
    }

    #[test]
    fn skipped_and_repeated_local_times_have_one_instant() {
        check(
            "Europe/Berlin",
            "2026-07-01T12:00:00",
            "2026-07-01T10:00:00Z",
            "2026-07-01 12:00:00",
        );
        check(
            "Europe/Berlin",
            "2026-03-29T02:30:00",
            "2026-03-29T01:30:00Z",
            "2026-03-29 03:30:00",
        );
        check(
            "Europe/Berlin",
            "2026-10-25T02:30:00",
            "2026-10-25T00:30:00Z",
            "2026-10-25 02:30:00",
        );
        let lord_howe = "Australia/Lord_Howe";
        check(lord_howe, "2026-04-05T01:45:00", "2026-04-04T14:45:00Z", "2026-04-05 01:45:00");
        check(lord_howe, "2026-04-05T02:00:00", "2026-04-04T15:30:00Z", "2026-04-05 02:00:00");
    }

    #[track_caller]
    fn check_day(zone: &str, day: &str, begins: &str, minutes: i64) {
        let (clock, day) = (clock(zone), day.parse().expect("a day"));
        assert_eq!(clock.to_wall(clock.start_of_day(day)).to_string(), begins);
        assert_eq!((clock.end_of_day(day) - clock.start_of_day(day)).num_minutes(), minutes);
    }

    #[test]
    fn days_have_their_length_in_each_zone() {
        check_day("Europe/Berlin", "2026-03-29", "2026-03-29 00:00:00", 23 * 60);
        check_day("Europe/Berlin", "2026-10-25", "2026-10-25 00:00:00", 25 * 60);
        check_day("Australia/Lord_Howe", "2026-04-05", "2026-04-05 00:00:00", 24 * 60 + 30);
        check_day("America/Sao_Paulo", "2018-11-04", "2018-11-04 01:00:00", 23 * 60);
        // Samoa skipped this day.
        check_day("Pacific/Apia", "2011-12-30", "2011-12-31 00:00:00", 0);
    }
}
