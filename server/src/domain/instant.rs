//! Instants: RFC 3339 with an offset and whole seconds, years 1900 to 2199.
//!
//! The text is parsed here because other parsers change it: chrono keeps `:60`, PostgreSQL turns it
//! into the next minute and rounds fractions. The server must confirm exactly what was sent.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// A point in time, in whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(i64);

const FIRST: i64 = -2_208_988_800; // 1900-01-01T00:00:00Z
const LAST: i64 = 7_258_118_399; // 2199-12-31T23:59:59Z
const FORMAT: &str = "Use an RFC 3339 timestamp with an offset, such as 2026-11-23T09:30:00Z.";

impl Instant {
    /// Creates an instant from seconds since 1970-01-01T00:00:00Z.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Returns the seconds since 1970-01-01T00:00:00Z.
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// Returns the instant `seconds` later, or earlier if `seconds` is negative.
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Parses an RFC 3339 timestamp. The error is a sentence for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields = Fields::read(text).ok_or(FORMAT)?;
        let date = NaiveDate::from_ymd_opt(fields.year, fields.month, fields.day)
            .ok_or("This day does not exist.")?;
        if fields.second == 60 {
            return Err("Leap seconds are not supported; use :59 instead of :60.".into());
        }
        let time = date
            .and_hms_opt(fields.hour, fields.minute, fields.second)
            .ok_or("This time of day does not exist.")?;
        if fields.fraction {
            return Err("Use whole seconds, without a fraction.".into());
        }
        // A four-digit year and an offset below a day cannot overflow i64.
        let seconds = time.and_utc().timestamp() - fields.offset;
        if !(FIRST..=LAST).contains(&seconds) {
            return Err("Choose a year from 1900 to 2199.".into());
        }
        Ok(Self(seconds))
    }

    /// Converts to chrono's type. Every parsed instant is in its range.
    pub(super) fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0, 0).unwrap_or_default()
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use chrono::{Datelike, Timelike};
        let at = self.utc().naive_utc();
        let (year, month, day) = (at.year(), at.month(), at.day());
        let (hour, minute, second) = (at.hour(), at.minute(), at.second());
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// The numbers in the text. They may name a day or a time that does not exist.
struct Fields {
    year: i32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    /// Whether there is a nonzero fraction of a second.
    fraction: bool,
    /// The offset in seconds, positive east of Greenwich.
    offset: i64,
}

impl Fields {
    fn read(text: &str) -> Option<Self> {
        let (head, rest) = text.as_bytes().split_at_checked(19)?;
        let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
        if marks.iter().any(|&(at, mark)| head[at] != mark) || !matches!(head[10], b'T' | b't') {
            return None;
        }
        let (fraction, zone) = match rest.strip_prefix(b".") {
            None => (false, rest),
            Some(rest) => {
                let digits = rest.iter().take_while(|it| it.is_ascii_digit()).count();
                let (digits, zone) = rest.split_at(digits);
                (digits.iter().any(|&it| it != b'0'), (!digits.is_empty()).then_some(zone)?)
            }
        };
        Some(Self {
            year: number(&head[0..4])?.cast_signed(),
            month: number(&head[5..7])?,
            day: number(&head[8..10])?,
            hour: number(&head[11..13])?,
            minute: number(&head[14..16])?,
            second: number(&head[17..19])?,
            fraction,
            offset: offset(zone)?,
        })
    }
}

fn offset(text: &[u8]) -> Option<i64> {
    match text {
        b"Z" | b"z" => Some(0),
        &[sign @ (b'+' | b'-'), a, b, b':', c, d] => {
            let (hours, minutes) = (number(&[a, b])?, number(&[c, d])?);
            let seconds = i64::from(hours * 3600 + minutes * 60);
            (hours < 24 && minutes < 60).then_some(if sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0, |sum, it| it.is_ascii_digit().then(|| sum * 10 + u32::from(it - b'0')))
}
