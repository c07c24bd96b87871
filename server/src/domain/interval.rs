//! Half-open time intervals, and when an appointment touches one.

use super::Instant;

/// The maximum length of a queried range, in days.
pub const MAX_RANGE_DAYS: i64 = 400;
/// The maximum number of appointments that a query returns.
pub const MAX_RANGE_ROWS: usize = 10_000;

/// A time interval that includes `start` and excludes `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The first second of the interval.
    pub start: Instant,
    /// The first second after the interval.
    pub end: Instant,
}

/// The reason why a range cannot be queried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// A bound is not a valid instant.
    #[error("The argument range.{field} is invalid. {message}")]
    BadInstant {
        /// `start` or `end`.
        field: &'static str,
        /// A sentence that says what to use instead.
        message: String,
    },
    /// The end is not after the start.
    #[error("The end of the range must be after its start.")]
    Empty,
    /// The range is longer than [`MAX_RANGE_DAYS`].
    #[error("A range can cover at most {MAX_RANGE_DAYS} days; query it in parts.")]
    TooLong,
}

impl Interval {
    /// Parses a range of any length.
    pub fn parse(start: &str, end: &str) -> Result<Self, RangeError> {
        let parse = |field, text| {
            Instant::parse(text).map_err(|message| RangeError::BadInstant { field, message })
        };
        let range = Self { start: parse("start", start)?, end: parse("end", end)? };
        if range.start >= range.end { Err(RangeError::Empty) } else { Ok(range) }
    }

    /// Returns the range itself if it is at most [`MAX_RANGE_DAYS`] long.
    pub fn check_length(self) -> Result<Self, RangeError> {
        if self.seconds() > MAX_RANGE_DAYS * 86_400 { Err(RangeError::TooLong) } else { Ok(self) }
    }

    /// The length in seconds.
    pub fn seconds(&self) -> i64 {
        self.end.unix() - self.start.unix()
    }

    /// The only overlap predicate (S13): whether something at this interval is visible in `range`.
    ///
    /// An empty interval is visible where it starts, so exactly one of two adjacent ranges contains
    /// it. Only an import can create an empty interval.
    pub fn touches(&self, range: &Self) -> bool {
        self.start < range.end && (self.end > range.start || self.start >= range.start)
    }
}
