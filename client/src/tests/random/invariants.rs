//! What must hold: at every moment, and when everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use cynic_cache::View;
use serde_json::Value;

use super::reference::Reference;
use super::world::{Seen, World};
use crate::model::scalars::DateTime;
use crate::tests::model_server::server::{at, touches};
use crate::wire::operations::{RangeQuery, TimeRange};

impl World {
    pub(super) fn is_at_rest(&mut self) -> bool {
        let heads: BTreeMap<String, u64> =
            self.server.calendars.iter().map(|(it, log)| (it.clone(), log.head())).collect();
        self.clients.iter_mut().all(|client| {
            let has_all = client.watches.iter_mut().all(|it| {
                let scope = cynic_cache::Scope::new("Appointment", it.calendar);
                // Where no event is heard, all must have been asked for after a poll that found the head.
                let position = match client.is_walled {
                    true => client.engine.polled(it.calendar),
                    false => client.engine.cache().position(&scope),
                };
                it.watch.view().is_complete()
                    && !it.watch.is_stale()
                    && position == heads.get(it.calendar).copied()
            });
            has_all && client.engine.pending(|_| DateTime::UNIX_EPOCH).is_empty()
        })
    }

    pub(super) fn is_settled(&mut self, number: usize) -> Result<(), String> {
        let Self { server, clients, .. } = self;
        let client = &mut clients[number];
        for seen in &mut client.watches {
            let log = &server.calendars[seen.calendar];
            let all = log.at(log.head()).into_iter();
            let there = all.filter(|(_, it)| touches(it, seen.range.start, seen.range.end));
            let mut there: Vec<(DateTime, String, String)> =
                there.map(|(id, it)| (at(&it["startsAt"]), id, title(&it))).collect();
            there.sort();
            let mut shown: Vec<_> =
                seen.shown().into_iter().map(|(id, it)| (it.0, id, it.1)).collect();
            shown.sort();
            if shown != there {
                return Err(format!("client {number} shows {shown:?}\n there is {there:?}"));
            }
        }
        for (id, told) in &mut client.mutations {
            let outcome = told.try_recv().map_err(|_| format!("{id} was forgotten"))?;
            let outcome = outcome.ok_or_else(|| format!("nobody was told of {id}"))?;
            let decided = server.ledger.get(id);
            let was_done = decided.is_some_and(|it| it["error"].is_null());
            // What was never sent was merged with another, or called off.
            let is_right = if outcome.is_ok() { was_done || decided.is_none() } else { !was_done };
            if !is_right {
                return Err(format!(
                    "{id} came to {decided:?}, and its caller was told {outcome:?}"
                ));
            }
        }
        Ok(())
    }

    pub(super) fn nothing_happened_twice(&self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        for (_, _, by) in self.server.calendars.values().flat_map(|it| &it.changes) {
            if !seen.insert(by) {
                return Err(format!("{by} was committed twice"));
            }
        }
        Ok(())
    }

    /// What must hold at every moment.
    pub(super) fn check(&mut self) -> Result<(), String> {
        let Self { server, clients, now, .. } = self;
        for (number, client) in clients.iter_mut().enumerate() {
            if client.engine.timeout().is_some_and(|it| it <= *now) {
                return Err(format!(
                    "client {number} would spin: its time has come, and it does nothing"
                ));
            }
            let whole: Vec<(&str, TimeRange)> = client
                .watches
                .iter_mut()
                .filter_map(|it| {
                    let is_whole = it.watch.view().is_complete() && !it.watch.is_stale();
                    is_whole.then_some((it.calendar, it.range))
                })
                .collect();
            for seen in &mut client.watches {
                let view = seen.watch.view();
                let ids = seen.ids(&view);
                if ids.windows(2).any(|pair| pair[0] == pair[1]) {
                    return Err(format!("client {number} shows one twice: {ids:?}"));
                }
                // Two answers without events between them are of two moments.
                if client.engine.is_polling() || !whole.contains(&(seen.calendar, seen.range)) {
                    continue;
                }
                let known = whole.iter().filter(|(it, _)| *it == seen.calendar);
                let known: Vec<TimeRange> = known.map(|(_, it)| *it).collect();
                let reference = Reference::new(server, &client.engine, seen.calendar, &known);
                let must_show = reference.shows(seen.range);
                let mut shown = seen.shown();
                shown.retain(|id, _| reference.is_certain(id));
                if shown != must_show {
                    return Err(format!(
                        "client {number} shows {shown:?}\n it must show {must_show:?} in {:?} of {}",
                        seen.range, seen.calendar
                    ));
                }
            }
        }
        Ok(())
    }
}

impl Seen {
    /// What is shown: start and title by id.
    pub(super) fn shown(&mut self) -> BTreeMap<String, (DateTime, String)> {
        let view = self.watch.view();
        let items = view.data().map(|it| it.appointments_in_range.appointments.clone());
        let items = items.unwrap_or_default().into_iter();
        items.map(|it| (it.id.to_string(), (it.starts_at, it.title.clone()))).collect()
    }

    pub(super) fn ids(&self, view: &View<RangeQuery>) -> Vec<String> {
        let items = view.data().map(|it| it.appointments_in_range.appointments.clone());
        let mut ids: Vec<String> =
            items.unwrap_or_default().iter().map(|it| it.id.to_string()).collect();
        ids.sort();
        ids
    }
}

fn title(appointment: &Value) -> String {
    appointment["title"].as_str().unwrap_or_default().to_owned()
}
