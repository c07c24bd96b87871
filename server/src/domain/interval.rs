//! Half-open stretches of time, and when an appointment touches one.

use super::Instant;

/// Queries may ask for this many days at once.
pub const MAX_RANGE_DAYS: i64 = 400;
/// Queries may be answered with this many appointments at once.
pub const MAX_RANGE_ROWS: usize = 10_000;

/// A stretch of time: from `start` up to, and without, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The first second.
    pub start: Instant,
    /// The first second that is no longer part of it.
    pub end: Instant,
}

/// Why a range cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// A bound that is no instant.
    #[error("the argument range.{field} {message}")]
    BadInstant {
        /// `start` or `end`.
        field: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The end does not come after the start.
    #[error("the argument range.end must be later than range.start")]
    Empty,
    /// Longer than [`MAX_RANGE_DAYS`].
    #[error("the range is longer than {MAX_RANGE_DAYS} days; ask for it in pieces")]
    TooLong,
}

impl Interval {
    /// Reads a range as a client sends it; it may have any length.
    pub fn parse(start: &str, end: &str) -> Result<Self, RangeError> {
        let bound = |field, text| {
            Instant::parse(text).map_err(|message| RangeError::BadInstant { field, message })
        };
        let range = Self { start: bound("start", start)?, end: bound("end", end)? };
        if range.start >= range.end { Err(RangeError::Empty) } else { Ok(range) }
    }

    /// The range itself, if it is short enough to be asked for at once.
    pub fn check_length(self) -> Result<Self, RangeError> {
        if self.seconds() > MAX_RANGE_DAYS * 86_400 { Err(RangeError::TooLong) } else { Ok(self) }
    }

    /// Its length in seconds.
    pub fn seconds(&self) -> i64 {
        self.end.unix() - self.start.unix()
    }

    /// S13, the one overlap predicate: whether something at this interval shows up in `range`.
    ///
    /// An empty interval (only an import can make one) shows up where it starts, so that of two
    /// adjacent ranges exactly one has it.
    pub fn touches(&self, range: &Self) -> bool {
        self.start < range.end && (self.end > range.start || self.start >= range.start)
    }
}
