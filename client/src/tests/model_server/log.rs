//! The model of a calendar's log: its changes, what it is after each, and what a restored backup forgets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Appointments by id, as they are; each with its revision in it.
pub(in crate::tests) type State = BTreeMap<String, Value>;

/// What a change has done: of which appointment, how it left it, and by which mutation.
pub(in crate::tests) type Change = (String, Option<Value>, String);

/// One calendar.
#[derive(Clone, Debug, Default)]
pub(in crate::tests) struct Log {
    /// Whether nothing may overlap.
    pub(in crate::tests) is_strict: bool,
    /// Up to where it was pruned.
    pub(in crate::tests) pruned: u64,
    pub(in crate::tests) changes: Vec<Change>,
    /// Where it begins: nowhere, or where a restored backup was taken up.
    start: u64,
    /// What there was then, and who was deleted before.
    initial: State,
    deleted: BTreeMap<String, u64>,
    /// The log that the restored one has replaced: clients may still stand in it.
    before: Option<Box<Self>>,
}

impl Log {
    pub(in crate::tests) fn head(&self) -> u64 {
        self.start + self.changes.len() as u64
    }

    /// What there was at a revision.
    pub(in crate::tests) fn at(&self, revision: u64) -> State {
        let Some(heard) = revision.checked_sub(self.start) else {
            return self.before.as_ref().map(|it| it.at(revision)).unwrap_or_default();
        };
        let mut state = self.initial.clone();
        for (id, after, _) in self.changes.iter().take(heard as usize) {
            match after {
                Some(it) => _ = state.insert(id.clone(), it.clone()),
                None => _ = state.remove(id),
            }
        }
        state
    }

    /// The change that a revision has made. It must be of this log.
    pub(in crate::tests) fn change(&self, revision: u64) -> &Change {
        &self.changes[(revision - self.start) as usize - 1]
    }

    /// Of whom something else may be told after a revision than what stood there.
    pub(in crate::tests) fn later(&self, revision: u64) -> BTreeSet<String> {
        let heard = revision.saturating_sub(self.start) as usize;
        let mut later: BTreeSet<String> =
            self.changes.iter().skip(heard).map(|(id, ..)| id.clone()).collect();
        if let Some(before) = self.before.as_ref().filter(|_| revision < self.start) {
            later.extend(self.initial.keys().cloned());
            later.extend(before.later(revision));
        }
        later
    }

    pub(in crate::tests) fn commit(&mut self, id: &str, after: Option<Value>, by: &str) -> u64 {
        let revision = self.head() + 1;
        let after = after.map(|it| stamped(it, revision));
        self.changes.push((id.to_owned(), after, by.to_owned()));
        revision
    }

    pub(in crate::tests) fn deleted_at(&self, id: &str) -> Option<u64> {
        match self.changes.iter().rposition(|(it, ..)| it == id) {
            Some(at) => self.changes[at].1.is_none().then_some(self.start + at as u64 + 1),
            None => self.deleted.get(id).copied(),
        }
    }

    /// Whether it was ever deleted up to a revision.
    pub(in crate::tests) fn was_deleted(&self, id: &str, revision: u64) -> bool {
        let heard = revision.saturating_sub(self.start) as usize;
        let mut here = self.changes.iter().take(heard);
        here.any(|(it, after, _)| it == id && after.is_none())
            || self.before.as_ref().is_some_and(|it| it.was_deleted(id, revision))
    }

    /// What this log becomes when `backup`, an earlier state of it, is restored and raised (S8).
    pub(in crate::tests) fn restored(&self, backup: &Self) -> Self {
        let start = self.head() + 1_000;
        let ids = backup.changes.iter().map(|(id, ..)| id).chain(backup.deleted.keys());
        let deleted = ids.filter_map(|id| Some((id.clone(), backup.deleted_at(id)?))).collect();
        let stands = backup.at(backup.head()).into_iter();
        Self {
            is_strict: self.is_strict,
            pruned: start,
            changes: Vec::new(),
            start,
            initial: stands.map(|(id, it)| (id, stamped(it, start))).collect(),
            deleted,
            before: Some(Box::new(self.clone())),
        }
    }
}

fn stamped(mut appointment: Value, revision: u64) -> Value {
    appointment["revision"] = json!(revision);
    appointment
}
