//! WallClock on the wall, in a zone of the earth: instants become days and hours, and back. Pure; how far a zone is ahead of
//! UTC is asked of whoever knows, once for each day.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use appointments_client::DateTime;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// How many seconds the clocks of a zone are ahead of UTC, at so many seconds after 1970.
pub(crate) type OffsetSource = fn(zone: &str, at: i64) -> i64;

const DAY: i64 = 24 * 60 * 60;

/// The clocks of one zone.
#[derive(Debug)]
pub(crate) struct WallClock {
    zone: String,
    source: OffsetSource,
    /// Of each day of UTC.
    days: Mutex<HashMap<i64, DayOffsets>>,
}

/// How far clocks are ahead when a day begins; and if they change in it, when, and to what.
type DayOffsets = (i64, Option<(i64, i64)>);

impl WallClock {
    pub(crate) fn new(zone: impl Into<String>, source: OffsetSource) -> Self {
        Self { zone: zone.into(), source, days: Mutex::default() }
    }

    /// Those of another zone.
    pub(crate) fn elsewhere(&self, zone: &str) -> Self {
        Self::new(zone, self.source)
    }

    /// The zone's name, as IANA has it.
    pub(crate) fn zone(&self) -> &str {
        &self.zone
    }

    /// What clocks show at an instant.
    pub(crate) fn to_wall(&self, at: DateTime) -> NaiveDateTime {
        shifted(at.naive_utc(), self.utc_offset(at.timestamp()))
    }

    /// The instant at which clocks show this: the first where they show it twice, and where they never do, what it would be
    /// without the jump.
    pub(crate) fn from_wall(&self, wall: NaiveDateTime) -> DateTime {
        let utc = wall.and_utc().timestamp();
        let (before, after) = (self.utc_offset(utc - DAY), self.utc_offset(utc + DAY));
        let is_right = |it: &i64| self.utc_offset(utc - it) == *it;
        let utc_offset = [before, after].into_iter().find(is_right).unwrap_or(before);
        shifted(wall, -utc_offset).and_utc()
    }

    /// When a day begins; where its midnight does not exist, that is later.
    pub(crate) fn midnight(&self, day: NaiveDate) -> DateTime {
        self.from_wall(day.and_time(NaiveTime::MIN))
    }

    /// When a day is over.
    pub(crate) fn end(&self, day: NaiveDate) -> DateTime {
        self.midnight(day.succ_opt().unwrap_or(day))
    }

    fn utc_offset(&self, at: i64) -> i64 {
        let day = at.div_euclid(DAY);
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        match days.entry(day).or_insert_with(|| self.changes(day)) {
            (_, Some((since, to))) if at >= *since => *to,
            (first, _) => *first,
        }
    }

    fn changes(&self, day: i64) -> DayOffsets {
        let utc_offset = |at| (self.source)(&self.zone, at);
        let (mut before, mut since) = (day * DAY, (day + 1) * DAY);
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

/// The same but for so many seconds; or the same, at the end of all time.
fn shifted(wall: NaiveDateTime, seconds: i64) -> NaiveDateTime {
    wall.checked_add_signed(TimeDelta::seconds(seconds)).unwrap_or(wall)
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::Offset;

    use super::*;

    /// WallClock anywhere, as the database of zones has them.
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
        let found = clock.from_wall(wall.parse().expect("a time on the wall"));
        assert_eq!(found.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), at);
        assert_eq!(clock.to_wall(found).to_string(), shown);
    }

    #[test]
    fn what_clocks_never_show_and_what_they_show_twice() {
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
    fn lasts(zone: &str, day: &str, begins: &str, minutes: i64) {
        let (clock, day) = (clock(zone), day.parse().expect("a day"));
        assert_eq!(clock.to_wall(clock.midnight(day)).to_string(), begins);
        assert_eq!((clock.end(day) - clock.midnight(day)).num_minutes(), minutes);
    }

    #[test]
    fn days_are_as_long_as_they_are() {
        lasts("Europe/Berlin", "2026-03-29", "2026-03-29 00:00:00", 23 * 60);
        lasts("Europe/Berlin", "2026-10-25", "2026-10-25 00:00:00", 25 * 60);
        lasts("Australia/Lord_Howe", "2026-04-05", "2026-04-05 00:00:00", 24 * 60 + 30);
        lasts("America/Sao_Paulo", "2018-11-04", "2018-11-04 01:00:00", 23 * 60);
        // Nobody has seen it.
        lasts("Pacific/Apia", "2011-12-30", "2011-12-31 00:00:00", 0);
    }
}
