//! The invariants: those that hold at every moment, and those that hold at rest.

use std::collections::{BTreeMap, BTreeSet};

use cynic_cache::{Scope, View};
use serde_json::Value;

use super::reference::Reference;
use super::world::{Client, WatchedRange, World};
use crate::engine::Millis;
use crate::model::scalars::DateTime;
use crate::tests::model_server::server::{Server, at, touches};
use crate::wire::operations::{RangeQuery, TimeRange};

impl World {
    /// Returns whether all clients are up to date and have nothing pending.
    pub(super) fn is_at_rest(&mut self) -> bool {
        let Self { server, clients, .. } = self;
        clients.iter_mut().all(|client| client.is_at_rest(server))
    }

    /// Checks a client that is at rest: it shows what the server has, and every caller has got the
    /// right outcome.
    pub(super) fn check_at_rest(&mut self, number: usize) -> Result<(), String> {
        let Self { server, clients, .. } = self;
        let client = &mut clients[number];
        for watched in &mut client.watches {
            let log = &server.calendars[watched.calendar];
            let appointments = log.at(log.head()).into_iter();
            let in_range = |it: &Value| touches(it, watched.range.start, watched.range.end);
            let mut expected: Vec<(DateTime, String, String)> = appointments
                .filter(|(_, it)| in_range(it))
                .map(|(id, it)| (at(&it["startsAt"]), id, title(&it)))
                .collect();
            expected.sort();
            let shown = watched.visible().into_iter();
            let mut shown: Vec<_> = shown.map(|(id, (start, title))| (start, id, title)).collect();
            shown.sort();
            if shown != expected {
                return Err(format!("client {number} shows {shown:?}\n expected {expected:?}"));
            }
        }
        for (id, outcome) in &mut client.mutations {
            let outcome = outcome.try_recv().map_err(|_| format!("{id} was forgotten"))?;
            let outcome = outcome.ok_or_else(|| format!("{id} has no outcome"))?;
            let decision = server.ledger.get(id);
            let was_applied = decision.is_some_and(|it| it["error"].is_null());
            // A mutation without a decision was never sent: it was merged with another one, or
            // aborted.
            let is_right = match outcome {
                Ok(_) => was_applied || decision.is_none(),
                Err(_) => !was_applied,
            };
            if !is_right {
                return Err(format!("{id}: the server says {decision:?}, its caller {outcome:?}"));
            }
        }
        Ok(())
    }

    pub(super) fn check_each_mutation_committed_once(&self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        for (_, _, mutation) in self.server.calendars.values().flat_map(|log| &log.changes) {
            if !seen.insert(mutation) {
                return Err(format!("{mutation} was committed twice"));
            }
        }
        Ok(())
    }

    /// Checks what must hold at every moment.
    pub(super) fn check_always(&mut self) -> Result<(), String> {
        let Self { server, clients, now, .. } = self;
        for (number, client) in clients.iter_mut().enumerate() {
            let checked = client.check_always(server, *now);
            checked.map_err(|error| format!("client {number} {error}"))?;
        }
        Ok(())
    }
}

impl Client {
    fn is_at_rest(&mut self, server: &Server) -> bool {
        let Self { engine, watches, is_blocked, .. } = self;
        let are_current = watches.iter_mut().all(|watched| {
            // A client that polls must have fetched everything after a poll that found the head.
            let position = if *is_blocked {
                engine.polled_head(watched.calendar)
            } else {
                engine.cache().position(&Scope::new("Appointment", watched.calendar))
            };
            watched.is_complete() && position == Some(server.calendars[watched.calendar].head())
        });
        are_current && engine.pending(|_| DateTime::UNIX_EPOCH).is_empty()
    }

    fn check_always(&mut self, server: &Server, now: Millis) -> Result<(), String> {
        if self.engine.timeout().is_some_and(|it| it <= now) {
            return Err("would spin: its timeout is reached, and it does nothing".into());
        }
        let mut complete: Vec<(&str, TimeRange)> = Vec::new();
        for watched in &mut self.watches {
            if watched.is_complete() {
                complete.push((watched.calendar, watched.range));
            }
        }
        for watched in &mut self.watches {
            let ids = watched.shown_ids();
            if ids.windows(2).any(|pair| pair[0] == pair[1]) {
                return Err(format!("shows an appointment twice: {ids:?}"));
            }
            // Without events, two responses may show the calendar at two different revisions.
            let is_complete = complete.contains(&(watched.calendar, watched.range));
            if self.engine.is_polling() || !is_complete {
                continue;
            }
            let same_calendar = complete.iter().filter(|(it, _)| *it == watched.calendar);
            let known: Vec<TimeRange> = same_calendar.map(|(_, range)| *range).collect();
            let reference = Reference::new(server, &self.engine, watched.calendar, &known);
            let expected = reference.expected(watched.range);
            let mut shown = watched.visible();
            shown.retain(|id, _| reference.is_certain(id));
            if shown != expected {
                let WatchedRange { range, calendar, .. } = watched;
                return Err(format!(
                    "shows {shown:?}\n expected {expected:?} in {range:?} of {calendar}"
                ));
            }
        }
        Ok(())
    }
}

impl WatchedRange {
    fn is_complete(&mut self) -> bool {
        self.watch.view().is_complete() && !self.watch.is_stale()
    }

    /// Returns start and title of each appointment that is shown, by id.
    pub(super) fn visible(&mut self) -> BTreeMap<String, (DateTime, String)> {
        let view = self.watch.view();
        let items = view.data().map(|it| it.appointments_in_range.appointments.clone());
        let items = items.unwrap_or_default().into_iter();
        items.map(|it| (it.id.to_string(), (it.starts_at, it.title.clone()))).collect()
    }

    /// Returns the ids of all appointments that are shown, sorted.
    fn shown_ids(&mut self) -> Vec<String> {
        let view: View<RangeQuery> = self.watch.view();
        let items = view.data().map(|it| it.appointments_in_range.appointments.clone());
        let items = items.unwrap_or_default();
        let mut ids: Vec<String> = items.iter().map(|it| it.id.to_string()).collect();
        ids.sort();
        ids
    }
}

fn title(appointment: &Value) -> String {
    appointment["title"].as_str().unwrap_or_default().to_owned()
}
