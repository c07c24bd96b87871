//! An index of the members of one scope by interval.
//!
//! A range must also find members that began long before it. Members are therefore grouped by
//! length into classes, one for each power of two. No member of a class is longer than 2^class, so
//! a scan from `start - 2^class` finds all members of the class in the range. There are at most 64
//! classes, so a search costs O(log n + results), however long the longest member is.

use std::collections::BTreeSet;

use super::Span;
use crate::record::EntityId;

/// An entry of the index: class, start, end, member.
type IndexEntry = (u8, i64, i64, EntityId);

/// The visible members of a scope, ordered by class and start.
#[derive(Debug, Default)]
pub(crate) struct Index {
    entries: BTreeSet<IndexEntry>,
    /// The number of members of each class that has any.
    classes: Vec<(u8, usize)>,
}

impl Index {
    pub(crate) fn insert(&mut self, interval: Span, member: EntityId) {
        let class = class(interval);
        if !self.entries.insert((class, interval.start, interval.end, member)) {
            return;
        }
        match self.classes.iter_mut().find(|(it, _)| *it == class) {
            Some((_, count)) => *count += 1,
            None => self.classes.push((class, 1)),
        }
    }

    pub(crate) fn remove(&mut self, interval: Span, member: EntityId) {
        let class = class(interval);
        if !self.entries.remove(&(class, interval.start, interval.end, member)) {
            return;
        }
        if let Some((_, count)) = self.classes.iter_mut().find(|(it, _)| *it == class) {
            *count -= 1;
        }
        self.classes.retain(|(_, count)| *count > 0);
    }

    /// Returns the members in a range: class by class, and by start and end within a class.
    pub(crate) fn in_range(&self, range: Span) -> impl Iterator<Item = (Span, EntityId)> + '_ {
        self.classes.iter().flat_map(move |(class, _)| {
            let longest = if *class < 63 { 1_i64 << class } else { i64::MAX };
            let from = range.start.saturating_sub(longest);
            let from = (*class, from, i64::MIN, EntityId(0));
            let to = (*class, range.end, i64::MIN, EntityId(0));
            let some = (from < to).then(|| self.entries.range(from..to));
            let all = some.into_iter().flatten();
            all.map(|(_, start, end, member)| (Span { start: *start, end: *end }, *member))
                .filter(move |(interval, _)| range.includes(*interval))
        })
    }
}

/// Returns the exponent of the smallest power of two that is not below the length.
fn class(interval: Span) -> u8 {
    let length = interval.end.saturating_sub(interval.start).max(1);
    length.cast_unsigned().checked_next_power_of_two().map_or(63, |it| it.trailing_zeros() as u8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The index finds the same members as a scan of all members.
        #[test]
        fn the_index_agrees_with_a_full_scan(
            members in proptest::collection::vec((-50_i64..50, 0_i64..100), 0..40),
            removed in proptest::collection::vec(any::<prop::sample::Index>(), 0..10),
            range in (-60_i64..60, 1_i64..40),
        ) {
            let mut members: Vec<(Span, EntityId)> = members
                .into_iter()
                .zip(0..)
                .map(|((start, length), id)| (Span { start, end: start + length }, EntityId(id)))
                .collect();
            let mut index = Index::default();
            for (interval, member) in &members {
                index.insert(*interval, *member);
            }
            for at in removed {
                if !members.is_empty() {
                    let (interval, member) = members.remove(at.index(members.len()));
                    index.remove(interval, member);
                }
            }
            let range = Span { start: range.0, end: range.0 + range.1 };
            let mut found: Vec<EntityId> = index.in_range(range).map(|(_, it)| it).collect();
            found.sort();
            members.retain(|(interval, _)| range.includes(*interval));
            prop_assert_eq!(found, members.into_iter().map(|(_, it)| it).collect::<Vec<_>>());
        }
    }
}
