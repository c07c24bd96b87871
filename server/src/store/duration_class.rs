//! Classes of length (S17): a range is looked for once in each class that a calendar has, over a
//! stretch that is longer by the class's longest member. So one appointment of 366 days makes
//! nobody look 366 days back for a short one.

use crate::domain::Interval;

/// ceil(log2(seconds)): a member of class k is at most 2^k seconds long, and all but those of
/// class 0 are longer than 2^(k-1).
pub(super) fn class(interval: Interval) -> i64 {
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
    fn a_class_bounds_its_members() {
        for (seconds, expected) in
            [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (3_600, 12), (366 * 86_400, 25)]
        {
            let start = Instant::from_unix(0);
            assert_eq!(
                class(Interval { start, end: start.plus(seconds) }),
                expected,
                "{seconds} s"
            );
        }
    }
}
