//! The model of a calendar's log: its changes, the calendar after each of them, and what a restored
//! backup forgets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// The appointments of a calendar at one revision, by id. Each contains its own revision.
pub(in crate::tests) type Appointments = BTreeMap<String, Value>;

/// A change: the id of the appointment, its new content (`None`: deleted), and the mutation id.
pub(in crate::tests) type Change = (String, Option<Value>, String);

/// The log of one calendar.
#[derive(Clone, Debug, Default)]
pub(in crate::tests) struct Log {
    /// Whether the calendar rejects overlapping appointments.
    pub(in crate::tests) is_strict: bool,
    /// The last revision that was pruned.
    pub(in crate::tests) pruned: u64,
    pub(in crate::tests) changes: Vec<Change>,
    /// The revision before the first change: 0, or that of the restored backup.
    start: u64,
    /// The appointments at `start`.
    initial: Appointments,
    /// Appointments that were deleted before `start`, with the revision of the deletion.
    deleted: BTreeMap<String, u64>,
    /// The log that a restored backup has replaced. Clients may still have one of its revisions.
    replaced: Option<Box<Self>>,
}

impl Log {
    pub(in crate::tests) fn head(&self) -> u64 {
        self.start + self.changes.len() as u64
    }

    /// Returns the appointments at a revision.
    pub(in crate::tests) fn at(&self, revision: u64) -> Appointments {
        let Some(changes) = revision.checked_sub(self.start) else {
            return self.replaced.as_ref().map(|log| log.at(revision)).unwrap_or_default();
        };
        let mut appointments = self.initial.clone();
        for (id, after, _) in self.changes.iter().take(changes as usize) {
            match after {
                Some(appointment) => _ = appointments.insert(id.clone(), appointment.clone()),
                None => _ = appointments.remove(id),
            }
        }
        appointments
    }

    /// Returns the change of a revision, which must be in this log.
    pub(in crate::tests) fn change(&self, revision: u64) -> &Change {
        &self.changes[(revision - self.start) as usize - 1]
    }

    /// Returns the ids of all appointments that may have changed after a revision.
    pub(in crate::tests) fn changed_after(&self, revision: u64) -> BTreeSet<String> {
        let known = revision.saturating_sub(self.start) as usize;
        let later = self.changes.iter().skip(known);
        let mut changed: BTreeSet<String> = later.map(|(id, ..)| id.clone()).collect();
        if let Some(replaced) = self.replaced.as_ref().filter(|_| revision < self.start) {
            changed.extend(self.initial.keys().cloned());
            changed.extend(replaced.changed_after(revision));
        }
        changed
    }

    /// Adds a change, and returns its revision.
    pub(in crate::tests) fn commit(
        &mut self,
        id: &str,
        after: Option<Value>,
        mutation: &str,
    ) -> u64 {
        let revision = self.head() + 1;
        let after = after.map(|appointment| with_revision(appointment, revision));
        self.changes.push((id.to_owned(), after, mutation.to_owned()));
        revision
    }

    /// Returns the revision that deleted an appointment, if it is deleted.
    pub(in crate::tests) fn deleted_at(&self, id: &str) -> Option<u64> {
        match self.changes.iter().rposition(|(it, ..)| it == id) {
            Some(at) => self.changes[at].1.is_none().then_some(self.start + at as u64 + 1),
            None => self.deleted.get(id).copied(),
        }
    }

    /// Returns whether an appointment was deleted at any time up to a revision.
    pub(in crate::tests) fn was_deleted(&self, id: &str, revision: u64) -> bool {
        let known = revision.saturating_sub(self.start) as usize;
        let mut changes = self.changes.iter().take(known);
        changes.any(|(it, after, _)| it == id && after.is_none())
            || self.replaced.as_ref().is_some_and(|log| log.was_deleted(id, revision))
    }

    /// Returns the log after the restore of `backup`, an earlier state of this log. Revisions are
    /// raised (S8).
    pub(in crate::tests) fn restored(&self, backup: &Self) -> Self {
        let start = self.head() + 1_000;
        let ids = backup.changes.iter().map(|(id, ..)| id).chain(backup.deleted.keys());
        let deleted = ids.filter_map(|id| Some((id.clone(), backup.deleted_at(id)?))).collect();
        let appointments = backup.at(backup.head()).into_iter();
        Self {
            is_strict: self.is_strict,
            pruned: start,
            changes: Vec::new(),
            start,
            initial: appointments.map(|(id, it)| (id, with_revision(it, start))).collect(),
            deleted,
            replaced: Some(Box::new(self.clone())),
        }
    }
}

fn with_revision(mut appointment: Value, revision: u64) -> Value {
    appointment["revision"] = json!(revision);
    appointment
}
