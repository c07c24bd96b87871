//! The view that a client must show, computed in the simplest way: the calendar at one revision,
//! with the pending mutations applied in order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::engine::Engine;
use crate::model::scalars::DateTime;
use crate::mutation::MutationInput;
use crate::tests::model_server::log::Log;
use crate::tests::model_server::server::{Server, at, touches};
use crate::wire::operations::TimeRange;

/// The part of an appointment that is compared.
#[derive(Clone, Debug, PartialEq)]
struct Fields {
    title: String,
    start: DateTime,
    end: DateTime,
}

/// The part of a calendar that a client must show.
pub(super) struct Reference {
    appointments: BTreeMap<String, Fields>,
    /// Appointments that are not compared: a response may have shown changes that the log has still
    /// to deliver, or they are pending outside of all ranges that the client knows.
    uncertain: BTreeSet<String>,
}

impl Reference {
    /// Computes the reference. `known` are the ranges that the client shows completely.
    pub(super) fn new(
        server: &Server,
        engine: &Engine,
        calendar: &str,
        known: &[TimeRange],
    ) -> Self {
        let scope = cynic_cache::Scope::new("Appointment", calendar);
        let position = engine.cache().position(&scope).unwrap_or_default();
        let log = &server.calendars[calendar];
        let base = log.at(position);
        let appointments = base.iter().map(|(id, it)| (id.clone(), Fields::of(it))).collect();
        let mut reference = Self { appointments, uncertain: log.changed_after(position) };
        let is_known = |id: &str| {
            let appointment = base.get(id);
            appointment
                .is_some_and(|it| known.iter().any(|range| touches(it, range.start, range.end)))
        };
        reference.apply_pending(engine, calendar, log, position, is_known);
        reference
    }

    fn apply_pending(
        &mut self,
        engine: &Engine,
        calendar: &str,
        log: &Log,
        position: u64,
        is_known: impl Fn(&str) -> bool,
    ) {
        let creations =
            engine.pending_inputs().filter(|(.., it)| matches!(it, MutationInput::Create(_)));
        let created: BTreeSet<&str> = creations.map(|(_, id, _)| id.as_str()).collect();
        for (of, id, input) in engine.pending_inputs() {
            let id = id.as_str().to_owned();
            match input {
                // Ids are used once: the appointment was created and deleted, and only the response
                // is missing.
                MutationInput::Create(_) if log.was_deleted(&id, position) => {
                    self.uncertain.insert(id);
                }
                MutationInput::Create(new) if of.as_str() == calendar => {
                    let title = new.title.clone();
                    let fields = Fields { title, start: new.starts_at, end: new.ends_at };
                    self.appointments.insert(id, fields);
                }
                MutationInput::Create(_) => {}
                MutationInput::Update(changes) => {
                    if !is_known(&id) && !created.contains(&*id) {
                        self.uncertain.insert(id.clone());
                    }
                    if let Some(fields) = self.appointments.get_mut(&id) {
                        fields.title = changes.title.clone().unwrap_or(fields.title.clone());
                        fields.start = changes.starts_at.unwrap_or(fields.start);
                        fields.end = changes.ends_at.unwrap_or(fields.end);
                    }
                }
                MutationInput::Delete(_) => {
                    self.appointments.remove(&id);
                }
            }
        }
    }

    /// Returns whether an appointment is compared.
    pub(super) fn is_certain(&self, id: &str) -> bool {
        !self.uncertain.contains(id)
    }

    /// Returns start and title of each appointment that must be shown in a range, by id.
    pub(super) fn expected(&self, range: TimeRange) -> BTreeMap<String, (DateTime, String)> {
        let is_in_range =
            |it: &Fields| it.start < range.end && (it.end > range.start || it.start >= range.start);
        let certain = self.appointments.iter().filter(|(id, _)| self.is_certain(id));
        let expected = certain.filter(|(_, it)| is_in_range(it));
        expected.map(|(id, it)| (id.clone(), (it.start, it.title.clone()))).collect()
    }
}

impl Fields {
    fn of(appointment: &Value) -> Self {
        Self {
            title: appointment["title"].as_str().unwrap_or_default().to_owned(),
            start: at(&appointment["startsAt"]),
            end: at(&appointment["endsAt"]),
        }
    }
}
