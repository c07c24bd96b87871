//! Time zones by their IANA names, and the local times of RFC 5545.

use std::fmt;
use std::str::FromStr;

use chrono::{MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Instant;

/// A zone of the IANA list, named canonically: `Europe/Berlin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Finds a zone by its name in any case; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        Tz::from_str_insensitive(text)
            .map(Self)
            .map_err(|_| "must be a time zone of the IANA list, such as Europe/Berlin".into())
    }

    /// The canonical name.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// The wall clock here at an instant.
    pub fn local(&self, at: Instant) -> NaiveDateTime {
        at.utc().with_timezone(&self.0).naive_local()
    }

    /// The instant at which the wall clock here shows `local` (RFC 5545 §3.3.5): the first of two,
    /// and in a gap the one that the offset before the gap gives.
    pub fn instant(&self, local: NaiveDateTime) -> Instant {
        match self.0.from_local_datetime(&local) {
            MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => {
                Instant::from_unix(at.timestamp())
            }
            MappedLocalTime::None => {
                // No gap but Apia's missing day is longer than a few hours; a day before it the
                // old offset held, and still holds for a local time that never came.
                let before = self.instant(local - TimeDelta::days(1));
                before.plus(86_400)
            }
        }
    }

    /// The first instant of a day here: midnight, or what the clocks were set forward to.
    pub fn day_start(&self, day: NaiveDate) -> Instant {
        let midnight = day.and_time(NaiveTime::MIN);
        let at = self.instant(midnight);
        match self.0.from_local_datetime(&midnight) {
            MappedLocalTime::None => self.gap_end(at, day),
            _ => at,
        }
    }

    /// Whether a day begins here at this instant.
    pub fn is_day_start(&self, at: Instant) -> bool {
        self.day_start(self.local(at).date()) == at
    }

    /// The first instant whose day is `day`, which has no midnight: bisected, since a gap of two
    /// days at the most surrounds `near`.
    fn gap_end(&self, near: Instant, day: NaiveDate) -> Instant {
        let (mut before, mut after) = (near.plus(-2 * 86_400).unix(), near.plus(2 * 86_400).unix());
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if self.local(Instant::from_unix(middle)).date() < day {
                before = middle;
            } else {
                after = middle;
            }
        }
        Instant::from_unix(after)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        Tz::from_str(&name).map(Self).map_err(serde::de::Error::custom)
    }
}
