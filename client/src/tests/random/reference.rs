//! What must be seen, as simply as it can be said: the calendar at one revision, and the pending edits in order.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Engine;
use crate::model::scalars::DateTime;
use crate::mutation::MutationInput;
use crate::tests::model_server::server::{Server, at, touches};
use crate::wire::operations::TimeRange;

/// An appointment as far as it is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Looks {
    pub(super) title: String,
    pub(super) start: DateTime,
    end: DateTime,
}

/// What a client must see of a calendar.
pub(super) struct Reference {
    all: BTreeMap<String, Looks>,
    /// Of these nothing is said: an answer may have told of them what the log has still to tell, or they are
    /// pending and nowhere where the client knows everything.
    uncertain: BTreeSet<String>,
}

impl Reference {
    /// `known` are the ranges that the client shows whole.
    pub(super) fn new(
        server: &Server,
        engine: &Engine,
        calendar: &str,
        known: &[TimeRange],
    ) -> Self {
        let scope = cynic_cache::Scope::new("Appointment", calendar);
        let position = engine.cache().position(&scope).unwrap_or_default();
        let log = &server.calendars[calendar];
        let mut uncertain = log.later(position);
        let base = log.at(position);
        let is_known = |id: &str| {
            let there = base.get(id);
            there.is_some_and(|it| known.iter().any(|range| touches(it, range.start, range.end)))
        };
        let mut all: BTreeMap<String, Looks> = base
            .iter()
            .map(|(id, it)| {
                let title = it["title"].as_str().unwrap_or_default().to_owned();
                (id.clone(), Looks { title, start: at(&it["startsAt"]), end: at(&it["endsAt"]) })
            })
            .collect();
        let created: BTreeSet<&str> = engine
            .predicted()
            .filter(|(.., what)| matches!(what, MutationInput::Create(_)))
            .map(|(_, id, _)| id.as_str())
            .collect();
        for (of, id, what) in engine.predicted() {
            let id = id.to_string();
            match what {
                // An id is not used twice: it was created and deleted, and only the answer to that is missing.
                MutationInput::Create(_) if log.was_deleted(&id, position) => {
                    _ = uncertain.insert(id)
                }
                MutationInput::Create(new) if of.as_str() == calendar => {
                    let (title, start, end) = (new.title.clone(), new.starts_at, new.ends_at);
                    all.insert(id, Looks { title, start, end });
                }
                MutationInput::Create(_) => {}
                MutationInput::Update(changes) => {
                    if !is_known(&id) && !created.contains(&*id) {
                        uncertain.insert(id.clone());
                    }
                    if let Some(looks) = all.get_mut(&id) {
                        looks.title = changes.title.clone().unwrap_or(looks.title.clone());
                        looks.start = changes.starts_at.unwrap_or(looks.start);
                        looks.end = changes.ends_at.unwrap_or(looks.end);
                    }
                }
                MutationInput::Delete(_) => _ = all.remove(&id),
            }
        }
        Self { all, uncertain }
    }

    pub(super) fn is_certain(&self, id: &str) -> bool {
        !self.uncertain.contains(id)
    }

    /// What a range must show of that of which something can be said.
    pub(super) fn shows(&self, range: TimeRange) -> BTreeMap<String, (DateTime, String)> {
        let seen =
            |it: &Looks| it.start < range.end && (it.end > range.start || it.start >= range.start);
        let shown = self.all.iter().filter(|(id, it)| self.is_certain(id) && seen(it));
        shown.map(|(id, it)| (id.clone(), (it.start, it.title.clone()))).collect()
    }
}
