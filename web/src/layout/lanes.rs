//! Lanes: appointments that overlap stand side by side. Pure.

/// Where one of several stands: in which lane, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) number: usize,
    pub(crate) of: usize,
}

/// The lanes of stretches that are in the order of their starts: the first that is free. Those that overlap, be it by
/// way of others, share the width.
pub(crate) fn lanes(stretches: &[(u32, u32)]) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::with_capacity(stretches.len());
    // Since when the group began, and until when each of its lanes is taken.
    let (mut group, mut taken) = (0, Vec::<u32>::new());
    for (at, (start, end)) in stretches.iter().enumerate() {
        if taken.iter().all(|it| it <= start) {
            lanes[group..].iter_mut().for_each(|it| it.of = taken.len());
            (group, taken) = (at, Vec::new());
        }
        let free = taken.iter().position(|it| it <= start);
        let number = free.unwrap_or(taken.len());
        match free {
            Some(free) => taken[free] = *end,
            None => taken.push(*end),
        }
        lanes.push(Lane { number, of: 0 });
    }
    lanes[group..].iter_mut().for_each(|it| it.of = taken.len());
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stretches: &[(u32, u32)], expected: &str) {
        let lanes = lanes(stretches);
        let words: Vec<_> = lanes.iter().map(|it| format!("{}/{}", it.number, it.of)).collect();
        assert_eq!(words.join(" "), expected);
    }

    #[test]
    fn what_overlaps_stands_side_by_side() {
        check(&[], "");
        check(&[(1, 2), (2, 3)], "0/1 0/1");
        check(&[(1, 3), (2, 4)], "0/2 1/2");
        // The third takes the lane of the first, and all three are of one group.
        check(&[(1, 3), (2, 5), (3, 4), (6, 7)], "0/2 1/2 0/2 0/1");
        check(&[(1, 9), (1, 2), (1, 2), (8, 9)], "0/3 1/3 2/3 1/3");
    }
}
