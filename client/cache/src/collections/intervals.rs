//! Arithmetic of half-open spans.

use crate::record::Span;

impl Span {
    /// Returns whether this range includes a member with `interval`. All modules use this
    /// predicate.
    ///
    /// A range includes an empty interval if it includes its start, so two adjacent ranges include
    /// it once.
    pub(crate) fn includes(self, interval: Self) -> bool {
        interval.start < self.end && (interval.end > self.start || interval.start >= self.start)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// Returns whether two non-empty spans have an instant in common.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// Returns the parts of `range` that none of `others` covers, in order.
pub(crate) fn subtract(range: Span, others: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut rest = if range.is_empty() { Vec::new() } else { vec![range] };
    for other in others {
        if rest.iter().all(|it| !it.overlaps(other)) {
            continue;
        }
        rest = rest.into_iter().flat_map(|it| cut(it, other)).filter(|it| !it.is_empty()).collect();
    }
    rest
}

/// Sorts spans and joins those that overlap or are adjacent.
pub(crate) fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    spans.dedup_by(|next, kept| {
        let is_joined = next.start <= kept.end;
        if is_joined {
            kept.end = kept.end.max(next.end);
        }
        is_joined
    });
    spans
}

/// Returns the parts of `from` before and after `other`. Either may be empty.
fn cut(from: Span, other: Span) -> [Span; 2] {
    if !from.overlaps(other) {
        return [from, Span { start: 0, end: 0 }];
    }
    [
        Span { start: from.start, end: other.start.min(from.end) },
        Span { start: other.end.max(from.start), end: from.end },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(range: (i64, i64), others: &[(i64, i64)], expected: &[(i64, i64)]) {
        let span = |(start, end): (i64, i64)| Span { start, end };
        let left = subtract(span(range), others.iter().map(|it| span(*it)));
        assert_eq!(left, expected.iter().map(|it| span(*it)).collect::<Vec<_>>());
    }

    #[test]
    fn subtraction_leaves_the_uncovered_parts() {
        check((0, 10), &[], &[(0, 10)]);
        check((0, 10), &[(0, 10)], &[]);
        check((0, 10), &[(-5, 3)], &[(3, 10)]);
        check((0, 10), &[(3, 5), (7, 20)], &[(0, 3), (5, 7)]);
        check((0, 10), &[(10, 20)], &[(0, 10)]);
        check((5, 5), &[], &[]);
    }

    #[test]
    fn an_empty_interval_is_in_one_of_two_adjacent_ranges() {
        let at = Span { start: 5, end: 5 };
        assert!(!Span { start: 0, end: 5 }.includes(at));
        assert!(Span { start: 5, end: 9 }.includes(at));
    }
}
