//! Queries, events and the connection of a scenario.

use cynic_cache::EntityKey;
use serde_json::{Value, json};

use super::{Client, Story, of_fields};
use crate::oracle::watcher::Asked;

/// A query in flight, and its answer once the server has read it.
pub(super) struct Query {
    pub(super) asked: Box<dyn Asked>,
    pub(super) answer: Option<String>,
}

impl Story {
    pub(super) fn ask(&mut self) {
        let at = self.dice.below(self.client.watchers.len());
        let again = self.dice.one_in(6);
        self.ask_for(at, again);
    }

    pub(super) fn ask_for_all(&mut self) {
        for at in 0..self.client.watchers.len() {
            self.ask_for(at, false);
        }
    }

    pub(super) fn ask_for(&mut self, at: usize, again: bool) {
        let watcher = &self.client.watchers[at];
        let wanted =
            watcher.wanted().into_iter().map(|it| (hours(it.start, 0), hours(it.end, 3_599)));
        let mut wanted: Vec<(u32, u32)> = wanted.collect();
        if again {
            wanted.push(watcher.hours());
        }
        for stretch in wanted {
            let asked = self.client.watchers[at].ask(&self.client.cache, stretch);
            self.tell(format!("query of {stretch:?} for watch {at}"));
            self.queries.push(Query { asked, answer: None });
        }
    }

    pub(super) fn server_reads(&mut self) {
        let open: Vec<usize> =
            (0..self.queries.len()).filter(|it| self.queries[*it].answer.is_none()).collect();
        let Some(at) = self.dice.of(&open).copied() else { return };
        let (query, revision) = (&self.queries[at].asked, self.server.head());
        let (start, end) = query.hours();
        let fields = query.fields();
        let state = self.server.now().into_iter().filter(|(_, (_, it))| it.touches(start, end));
        let items: Vec<Value> =
            state.map(|(id, (at, loan))| of_fields(fields, &id, at, &loan)).collect();
        let told = format!("the server reads {:?} at {revision}", query.hours());
        let loans = json!({"__typename": "Loans", "revision": revision, "items": items});
        self.queries[at].answer = Some(json!({"data": {"loans": loans}}).to_string());
        self.tell(told);
    }

    pub(super) fn answer_arrives(&mut self) {
        let read: Vec<usize> =
            (0..self.queries.len()).filter(|it| self.queries[*it].answer.is_some()).collect();
        let Some(at) = self.dice.of(&read).copied() else { return };
        let Query { asked, answer } = self.queries.remove(at);
        self.tell(format!("the answer of {:?} arrives", asked.hours()));
        asked.answer(&self.client.cache, &answer.unwrap_or_default());
    }

    pub(super) fn give_up(&mut self) {
        if !self.queries.is_empty() {
            let at = self.dice.below(self.queries.len());
            let query = self.queries.remove(at);
            self.tell(format!("the query of {:?} is given up", query.asked.hours()));
        }
    }

    /// As soon as it is known where the base stands, it is followed from there.
    pub(super) fn follow(&mut self) {
        if !self.is_connected && self.client.position().is_some() && !self.dice.one_in(3) {
            self.is_connected = true;
            self.is_followed = true;
            self.client.cache.update(|batch| batch.follow(&self.client.shelf));
            let head = self.server.head();
            if self.dice.one_in(4) {
                self.tell(format!("connected: RESET at {head}"));
                self.client.cache.update(|batch| batch.reset(&self.client.shelf, head));
            } else {
                self.tell("connected".to_owned());
            }
        }
    }

    pub(super) fn line_is_cut(&mut self) {
        self.tell("the line is cut".to_owned());
        self.is_connected = false;
    }

    pub(super) fn events_arrive(&mut self) {
        let Some(position) = self.client.position().filter(|_| self.is_connected) else { return };
        let until = self.server.head().min(position + 1 + self.dice.below(3) as u64);
        if until > position {
            self.tell(format!("events {} to {until} arrive", position + 1));
            self.hear(position + 1..=until);
        }
    }

    pub(super) fn event_arrives_again(&mut self) {
        let Some(position) = self.client.position().filter(|it| *it > 0) else { return };
        let at = 1 + self.dice.below(position as usize) as u64;
        if self.is_connected {
            self.tell(format!("event {at} arrives again"));
            self.hear(at..=at);
        }
    }

    pub(super) fn hear(&mut self, revisions: std::ops::RangeInclusive<u64>) {
        let Self { client, reference, server, .. } = self;
        let Client { cache, shelf, changes, .. } = client;
        cache.update(|batch| {
            for revision in revisions {
                let change = &server.log[revision as usize - 1];
                match &change.after {
                    Some(loan) => {
                        let loan = of_fields("title", &change.id, revision, loan);
                        let event =
                            json!({"__typename": "LoanChange", "revision": revision, "loan": loan, "deletedId": null});
                        let event = json!({"data": {"loanChanges": event}}).to_string();
                        batch.apply_event(shelf, revision, changes, event.as_bytes()).expect("it fits");
                    }
                    None => {
                        batch.delete(&EntityKey::new("Loan", &change.id), Some(revision));
                        batch.advance(shelf, revision);
                    }
                }
                if let Some(by) = &change.by {
                    batch.settle(by.as_str());
                    reference.end(by, true, server, revision);
                }
            }
        });
    }

    /// The server comes back from a backup, and has forgotten the latest.
    pub(super) fn restore_server(&mut self) {
        let Some(position) = self.client.position().filter(|it| *it > 2) else { return };
        let to = position - 1 - self.dice.below(2) as u64;
        self.tell(format!("the server goes back to {to}"));
        self.server.log.truncate(to as usize);
        self.reference.restored();
        // What it had decided, and was not heard of yet, will never be.
        let lost = self.mutations.extract_if(.., |it| it.decided.is_some());
        let lost: Vec<String> = lost.map(|it| it.by).collect();
        let Self { client, reference, server, .. } = self;
        client.cache.update(|batch| {
            for by in &lost {
                batch.roll_back(by.as_str());
                reference.end(by, false, server, to);
            }
            batch.reset(&client.shelf, to);
        });
    }
}

/// The hour of an instant; `rest` seconds more round it up.
fn hours(micros: i64, rest: i64) -> u32 {
    let begin = 1_795_392_000;
    u32::try_from(
        (micros.div_euclid(1_000_000) + i64::from(micros % 1_000_000 != 0) * i64::from(rest > 0)
            - begin
            + rest)
            / 3_600,
    )
    .unwrap_or_default()
}
