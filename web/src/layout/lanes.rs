//! Lanes: appointments that overlap are drawn side by side. Pure.

/// The lane of an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    /// The lane, from 0 on.
    pub(crate) number: usize,
    /// The number of lanes that share the width.
    pub(crate) count: usize,
}

/// Assigns each span `(start, end)` to the first free lane. The spans are ordered by start. Spans
/// that overlap, directly or through others, form a group and share the width.
pub(crate) fn lanes(spans: &[(u32, u32)]) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::with_capacity(spans.len());
    // The index of the group's first span.
    let mut group = 0;
    // The end of the last span in each lane of the group.
    let mut ends = Vec::<u32>::new();
    for (at, (start, end)) in spans.iter().enumerate() {
        if ends.iter().all(|it| it <= start) {
            lanes[group..].iter_mut().for_each(|it| it.count = ends.len());
            group = at;
            ends.clear();
        }
        let free = ends.iter().position(|it| it <= start);
        let number = free.unwrap_or(ends.len());
        match free {
            Some(free) => ends[free] = *end,
            None => ends.push(*end),
        }
        lanes.push(Lane { number, count: 0 });
    }
    lanes[group..].iter_mut().for_each(|it| it.count = ends.len());
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(spans: &[(u32, u32)], expected: &str) {
        let lanes = lanes(spans);
        let texts: Vec<_> = lanes.iter().map(|it| format!("{}/{}", it.number, it.count)).collect();
        assert_eq!(texts.join(" "), expected);
    }

    #[test]
    fn overlapping_spans_are_side_by_side() {
        check(&[], "");
        check(&[(1, 2), (2, 3)], "0/1 0/1");
        check(&[(1, 3), (2, 4)], "0/2 1/2");
        // The third span reuses the first lane, and all three share the width.
        check(&[(1, 3), (2, 5), (3, 4), (6, 7)], "0/2 1/2 0/2 0/1");
        check(&[(1, 9), (1, 2), (1, 2), (8, 9)], "0/3 1/3 2/3 1/3");
    }
}
