//! Classes of durations (S17).
//!
//! A range query searches each class that occurs in the calendar. It looks back from the start of
//! the range by the longest duration of that class. So one appointment of 366 days does not make
//! the query look back 366 days for short ones.

use crate::domain::Interval;

/// Returns ceil(log2(seconds)). The durations of class k are at most 2^k seconds, and longer than
/// 2^(k-1) seconds unless k is 0.
pub(super) fn duration_class(interval: Interval) -> i64 {
    match interval.seconds() {
        ..=1 => 0,
        seconds => i64::from(64 - (seconds - 1).leading_zeros()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Instant;

    #[test]
    fn a_class_bounds_its_durations() {
        for (seconds, expected) in
            [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (3_600, 12), (366 * 86_400, 25)]
        {
            let start = Instant::from_unix(0);
            let interval = Interval { start, end: start.plus(seconds) };
            assert_eq!(duration_class(interval), expected, "{seconds} s");
        }
    }
}
