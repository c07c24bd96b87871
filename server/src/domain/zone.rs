//! IANA time zones, and local times as RFC 5545 defines them.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use chrono::{MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Instant;

/// An IANA time zone with its canonical name, such as `Europe/Berlin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Finds a zone by its name in any case. The error is a sentence for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        let zone = by_lower_case().get(text.to_ascii_lowercase().as_str()).copied();
        zone.map(Self).ok_or_else(|| "Choose an IANA time zone such as Europe/Berlin.".into())
    }

    /// Returns the canonical name.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// Returns the local time in this zone at an instant.
    pub fn local(&self, at: Instant) -> NaiveDateTime {
        at.utc().with_timezone(&self.0).naive_local()
    }

    /// Returns the instant of a local time in this zone (RFC 5545 §3.3.5). A local time that occurs
    /// twice means the first one. A local time in a gap has the offset from before the gap.
    pub fn instant(&self, local: NaiveDateTime) -> Instant {
        match self.0.from_local_datetime(&local) {
            MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => {
                Instant::from_unix(at.timestamp())
            }
            MappedLocalTime::None => {
                // The offset a day earlier is the one from before the gap: gaps are a few hours
                // long. The only longer gap is the day that Apia skipped, and it works there too.
                let before = self.instant(local - TimeDelta::days(1));
                before.plus(86_400)
            }
        }
    }

    /// Returns the first instant of a day in this zone: midnight, or the end of a gap at midnight.
    pub fn day_start(&self, day: NaiveDate) -> Instant {
        let midnight = day.and_time(NaiveTime::MIN);
        let at = self.instant(midnight);
        match self.0.from_local_datetime(&midnight) {
            MappedLocalTime::None => self.gap_end(at, day),
            _ => at,
        }
    }

    /// Whether a day of this zone begins at this instant.
    pub fn is_day_start(&self, at: Instant) -> bool {
        self.day_start(self.local(at).date()) == at
    }

    /// Finds the first instant of `day`, which has no midnight, by bisection. The gap is within two
    /// days of `near`.
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

/// Returns all zones by their names in lower case.
fn by_lower_case() -> &'static HashMap<String, Tz> {
    static ZONES: LazyLock<HashMap<String, Tz>> = LazyLock::new(|| {
        TZ_VARIANTS.iter().map(|zone| (zone.name().to_ascii_lowercase(), *zone)).collect()
    });
    &ZONES
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
