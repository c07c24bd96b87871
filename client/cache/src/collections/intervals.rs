//! Half-open stretches, and what is left of them.

use crate::record::Span;

impl Span {
    /// The predicate that says the same everywhere: whether `interval` is seen in this range.
    ///
    /// An interval without length is seen where it starts, so two adjacent ranges show it once.
    pub(crate) fn includes(self, interval: Self) -> bool {
        interval.start < self.end && (interval.end > self.start || interval.start >= self.start)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start >= self.end
    }

    fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// What is left of `range` without `others`, in order.
pub(crate) fn subtract(range: Span, others: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut left = if range.is_empty() { Vec::new() } else { vec![range] };
    for other in others {
        if left.iter().all(|it| !it.overlaps(other)) {
            continue;
        }
        left = left.into_iter().flat_map(|it| cut(it, other)).filter(|it| !it.is_empty()).collect();
    }
    left
}

/// The same stretches in order, with those that touch put together.
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
    fn what_is_left() {
        check((0, 10), &[], &[(0, 10)]);
        check((0, 10), &[(0, 10)], &[]);
        check((0, 10), &[(-5, 3)], &[(3, 10)]);
        check((0, 10), &[(3, 5), (7, 20)], &[(0, 3), (5, 7)]);
        check((0, 10), &[(10, 20)], &[(0, 10)]);
        check((5, 5), &[], &[]);
    }

    #[test]
    fn an_interval_without_length_is_seen_once() {
        let at = Span { start: 5, end: 5 };
        assert!(!Span { start: 0, end: 5 }.includes(at));
        assert!(Span { start: 5, end: 9 }.includes(at));
    }
}
