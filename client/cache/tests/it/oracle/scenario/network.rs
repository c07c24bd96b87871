//! The queries, the events and the connection of a scenario.

use cynic_cache::EntityKey;
use serde_json::{Value, json};

use super::{Client, Scenario, loan_json};
use crate::oracle::watcher::SentQuery;

/// A query in flight, and its response; `None` until the server has read the data.
pub(super) struct Query {
    pub(super) sent: Box<dyn SentQuery>,
    pub(super) response: Option<String>,
}

impl Scenario {
    /// Sends queries for a random watch.
    pub(super) fn request_any(&mut self) {
        let at = self.rng.usize(..self.client.watchers.len());
        self.request_missing(at);
        if self.rng.usize(..6) == 0 {
            self.request(at, self.client.watchers[at].hours());
        }
    }

    /// Sends queries for the missing ranges of all watches.
    pub(super) fn request_all_missing(&mut self) {
        for at in 0..self.client.watchers.len() {
            self.request_missing(at);
        }
    }

    /// Sends queries for the missing ranges of a watch.
    fn request_missing(&mut self, watch: usize) {
        for range in self.client.watchers[watch].missing_ranges() {
            self.request(watch, (first_hour(range.start), last_hour(range.end)));
        }
    }

    /// Sends a query for a range of hours.
    fn request(&mut self, watch: usize, hours: (u32, u32)) {
        let sent = self.client.watchers[watch].send_query(&self.client.cache, hours);
        self.record(format!("query of {hours:?} for watch {watch}"));
        self.queries.push(Query { sent, response: None });
    }

    /// Lets the server read the data for a random query.
    pub(super) fn read_on_server(&mut self) {
        let open: Vec<usize> =
            (0..self.queries.len()).filter(|it| self.queries[*it].response.is_none()).collect();
        let Some(at) = self.rng.choice(&open).copied() else { return };
        let query = &self.queries[at].sent;
        let revision = self.server.head();
        let (start, end) = query.hours();
        let fields = query.fields();
        let state = self.server.now().into_iter().filter(|(_, (_, it))| it.overlaps(start, end));
        let items: Vec<Value> =
            state.map(|(id, (at, loan))| loan_json(fields, &id, at, &loan)).collect();
        let step = format!("the server reads {:?} at {revision}", query.hours());
        let loans = json!({"__typename": "Loans", "revision": revision, "items": items});
        self.queries[at].response = Some(json!({"data": {"loans": loans}}).to_string());
        self.record(step);
    }

    /// Delivers a random response that the server has sent.
    pub(super) fn deliver_response(&mut self) {
        let read: Vec<usize> =
            (0..self.queries.len()).filter(|it| self.queries[*it].response.is_some()).collect();
        let Some(at) = self.rng.choice(&read).copied() else { return };
        let Query { sent, response } = self.queries.remove(at);
        self.record(format!("the response for {:?} arrives", sent.hours()));
        sent.respond(&self.client.cache, &response.unwrap_or_default());
    }

    /// Drops a random query in flight.
    pub(super) fn drop_query(&mut self) {
        if !self.queries.is_empty() {
            let at = self.rng.usize(..self.queries.len());
            let query = self.queries.remove(at);
            self.record(format!("the query of {:?} is dropped", query.sent.hours()));
        }
    }

    /// Sometimes connects and follows the log, if the position of the base is known.
    pub(super) fn connect(&mut self) {
        if !self.is_connected && self.client.position().is_some() && self.rng.usize(..3) != 0 {
            self.is_connected = true;
            self.is_followed = true;
            self.client.cache.update(|batch| batch.follow(&self.client.shelf));
            let head = self.server.head();
            if self.rng.usize(..4) == 0 {
                self.record(format!("connected: RESET at {head}"));
                self.client.cache.update(|batch| batch.reset(&self.client.shelf, head));
            } else {
                self.record("connected".to_owned());
            }
        }
    }

    /// Ends the connection.
    pub(super) fn disconnect(&mut self) {
        self.record("disconnected".to_owned());
        self.is_connected = false;
    }

    /// Delivers the next events of the log.
    pub(super) fn deliver_events(&mut self) {
        let Some(position) = self.client.position().filter(|_| self.is_connected) else { return };
        let until = self.server.head().min(position + 1 + self.rng.usize(..3) as u64);
        if until > position {
            self.record(format!("events {} to {until} arrive", position + 1));
            self.apply_events(position + 1..=until);
        }
    }

    /// Delivers an old event again.
    pub(super) fn repeat_event(&mut self) {
        let Some(position) = self.client.position().filter(|it| *it > 0) else { return };
        let at = 1 + self.rng.usize(..position as usize) as u64;
        if self.is_connected {
            self.record(format!("event {at} arrives again"));
            self.apply_events(at..=at);
        }
    }

    fn apply_events(&mut self, revisions: std::ops::RangeInclusive<u64>) {
        let Self { client, reference, server, .. } = self;
        let Client { cache, shelf, changes, .. } = client;
        cache.update(|batch| {
            for revision in revisions {
                let change = &server.log[revision as usize - 1];
                match &change.after {
                    Some(loan) => {
                        let loan = loan_json("title", &change.id, revision, loan);
                        let change = json!({"__typename": "LoanChange", "revision": revision,
                            "loan": loan, "deletedId": null});
                        let event = json!({"data": {"loanChanges": change}}).to_string();
                        batch
                            .apply_event(shelf, revision, changes, event.as_bytes())
                            .expect("it fits");
                    }
                    None => {
                        batch.delete(&EntityKey::new("Loan", &change.id), Some(revision));
                        batch.advance(shelf, revision);
                    }
                }
                if let Some(by) = &change.by {
                    batch.settle(by.as_str());
                    reference.confirm(by, server, revision);
                }
            }
        });
    }

    /// Restores the server from a backup that lacks the latest changes.
    pub(super) fn restore_server_backup(&mut self) {
        let Some(position) = self.client.position().filter(|it| *it > 2) else { return };
        let to = position - 1 - self.rng.usize(..2) as u64;
        self.record(format!("the server goes back to {to}"));
        self.server.log.truncate(to as usize);
        self.reference.restore_server();
        // Decisions that have not arrived yet are lost with the changes.
        let lost: Vec<String> =
            self.mutations.extract_if(.., |it| it.decision.is_some()).map(|it| it.by).collect();
        let Self { client, reference, server, .. } = self;
        client.cache.update(|batch| {
            for by in &lost {
                batch.roll_back(by.as_str());
                reference.roll_back(by, server, to);
            }
            batch.reset(&client.shelf, to);
        });
    }
}

/// The start of the 23rd, in microseconds since 1970.
const START: i64 = 1_795_392_000_000_000;
const HOUR: i64 = 3_600_000_000;

/// Returns the hour in which a range starts.
fn first_hour(micros: i64) -> u32 {
    u32::try_from((micros - START).div_euclid(HOUR)).unwrap_or_default()
}

/// Returns the hour before which a range ends, rounded up.
fn last_hour(micros: i64) -> u32 {
    u32::try_from((micros - START + HOUR - 1).div_euclid(HOUR)).unwrap_or_default()
}
