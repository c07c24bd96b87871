//! A scenario: a server, a client with a cache, the messages in flight, and a random generator.

mod mutations;
mod network;

use cynic_cache::{Cache, Prepared, Scope};
use fastrand::Rng;
use serde_json::{Value, json};

use super::Refusals;
use super::fragments::{FullQuery, ShownLoan, SlimQuery};
use super::reference::{Field, Reference};
use super::server::{Loan, Server};
use super::watcher::{CheckedWatch, RangeWatch};
use crate::library::Library;
use crate::reading::prepare;
use crate::world::at;
use mutations::Mutation;
use network::Query;

/// The number of hours in which loans start.
const HOURS: u32 = 48;

pub(crate) struct Scenario {
    rng: Rng,
    /// The steps so far, in words.
    pub(crate) log: Vec<String>,
    server: Server,
    client: Client,
    reference: Reference,
    refusals: Refusals,
    /// The number of ids given out.
    names: usize,
    queries: Vec<Query>,
    mutations: Vec<Mutation>,
    is_connected: bool,
    /// Whether the client has ever followed the log; a lost connection does not end that.
    is_followed: bool,
}

struct Client {
    cache: Cache,
    shelf: Scope,
    changes: Prepared<Value>,
    mutation: Prepared<Value>,
    watchers: Vec<Box<dyn CheckedWatch>>,
}

impl Client {
    fn new() -> Self {
        let cache = Cache::new(Library).expect("policy and schema fit");
        let prepared = |text: &str| prepare(&cache, text, json!({})).expect("the schema has it");
        let changes = prepared(
            r#"subscription { loanChanges(shelf: "s1") {
                revision loan { id shelfId title note from until } } }"#,
        );
        let mutation = prepared(
            r#"mutation { updateLoan(input: {id: "x"}) {
                loan { id shelfId title note from until } } }"#,
        );
        Self { cache, shelf: Scope::new("Loan", "s1"), changes, mutation, watchers: Vec::new() }
    }

    fn position(&self) -> Option<u64> {
        self.cache.position(&self.shelf)
    }
}

impl Scenario {
    pub(crate) fn new(seed: u64, refusals: Refusals) -> Self {
        let mut scenario = Self {
            rng: Rng::with_seed(seed),
            log: Vec::new(),
            server: Server::default(),
            client: Client::new(),
            reference: Reference::default(),
            refusals,
            names: 0,
            queries: Vec::new(),
            mutations: Vec::new(),
            is_connected: false,
            is_followed: false,
        };
        for _ in 0..scenario.rng.usize(..8) {
            scenario.write_by_other_client();
        }
        for _ in 0..2 {
            scenario.add_watch();
        }
        scenario
    }

    /// Takes one random step, and checks all views.
    pub(crate) fn step(&mut self) -> Result<(), String> {
        match self.rng.usize(..32) {
            0..5 => self.write_by_other_client(),
            5..10 => self.deliver_events(),
            10..13 => self.request_any(),
            13..16 => self.read_on_server(),
            16..19 => self.deliver_response(),
            19..23 => self.start_mutation(),
            23..25 => self.decide_on_server(),
            25..27 => self.deliver_decision(),
            27 => self.drop_query(),
            28 => self.disconnect(),
            29 => self.add_watch(),
            30 => self.evict(),
            _ => match self.rng.usize(..4) {
                0 => self.restart(),
                1 => self.restore_server_backup(),
                2 => self.repeat_event(),
                _ => self.drop_watch(),
            },
        }
        self.check()?;
        self.connect();
        self.check()
    }

    /// Delivers everything in flight, and checks that all views become complete.
    pub(crate) fn finish(&mut self) -> Result<(), String> {
        for _ in 0..20 {
            while !self.mutations.is_empty() {
                self.decide_on_server();
                self.deliver_decision();
                self.check()?;
            }
            while self.client.position().is_some_and(|it| it < self.server.head()) {
                self.connect();
                self.deliver_events();
                self.check()?;
            }
            while !self.queries.is_empty() {
                self.read_on_server();
                self.deliver_response();
                self.check()?;
                self.connect();
                self.check()?;
            }
            self.request_all_missing();
            self.check()?;
        }
        for watcher in &mut self.client.watchers {
            if !watcher.missing_ranges().is_empty() {
                return Err(format!("{:?} never becomes complete", watcher.hours()));
            }
        }
        match self.reference.pending().next() {
            Some(by) => Err(format!("{by} stays pending")),
            None => Ok(()),
        }
    }

    /// Checks all views against the reference.
    fn check(&mut self) -> Result<(), String> {
        let Self { client, reference, server, is_followed, .. } = self;
        let position = client.position().unwrap_or_default();
        let Client { cache, watchers, .. } = client;
        let complete: Vec<_> =
            watchers.iter_mut().filter_map(|it| it.is_complete().then_some(it.hours())).collect();
        let unknown = reference.unknown(server, position, &complete);
        // Only a client that follows the log has views of a single revision.
        let expected_view = |hours| -> Option<Vec<ShownLoan>> {
            is_followed.then(|| reference.view(server, position, hours))
        };
        watchers.iter_mut().try_for_each(|it| it.check(cache, &expected_view, &unknown))
    }

    fn record(&mut self, step: String) {
        self.log.push(step);
    }

    /// Returns a random loan.
    fn loan(&mut self) -> Loan {
        let from = self.rng.u32(..HOURS);
        let is_long = self.rng.usize(..3) == 0;
        let length = self.rng.u32(..if is_long { 20 } else { 3 });
        let note = (self.rng.usize(..3) != 0).then(|| format!("n{}", self.rng.usize(..3)));
        Loan { title: self.title(), note, from, until: from + length }
    }

    fn title(&mut self) -> String {
        format!("t{}", self.rng.usize(..4))
    }

    /// Returns random new values of some fields.
    fn fields(&mut self) -> Vec<Field> {
        let loan = self.loan();
        match self.rng.usize(..4) {
            0 => vec![Field::Title(loan.title)],
            1 => vec![Field::Note(loan.note)],
            2 => vec![Field::From(loan.from), Field::Until(loan.until)],
            _ => {
                vec![Field::Title(loan.title), Field::From(loan.from), Field::Until(loan.until)]
            }
        }
    }

    fn next_id(&mut self) -> String {
        self.names += 1;
        format!("{}", self.names)
    }

    /// Returns a random loan of the server; `None` if there is none.
    fn any_loan(&mut self) -> Option<(String, Loan)> {
        let all: Vec<_> = self.server.now().into_iter().collect();
        self.rng.choice(&all).map(|(id, (_, loan))| (id.clone(), loan.clone()))
    }

    fn write_by_other_client(&mut self) {
        let (id, after) = match (self.rng.usize(..5), self.any_loan()) {
            (0, Some((id, _))) => (id, None),
            (1..4, Some((id, mut loan))) => {
                let fields = self.fields();
                fields.into_iter().for_each(|it| apply(&mut loan, it));
                (id, Some(loan))
            }
            _ => (self.next_id(), Some(self.loan())),
        };
        let at = self.server.commit(&id, after.clone(), None);
        self.record(format!("another client: {id} becomes {after:?} at {at}"));
    }

    fn add_watch(&mut self) {
        let start = self.rng.u32(..HOURS - 1);
        let hours = (start, start + 1 + self.rng.u32(..24));
        let cache = &self.client.cache;
        let watcher: Box<dyn CheckedWatch> = if self.rng.usize(..3) == 0 {
            Box::new(RangeWatch::<SlimQuery>::new(cache, hours))
        } else {
            Box::new(RangeWatch::<FullQuery>::new(cache, hours))
        };
        self.record(format!("add watch {} of {hours:?}", self.client.watchers.len()));
        self.client.watchers.push(watcher);
    }

    fn drop_watch(&mut self) {
        if self.client.watchers.len() > 1 {
            let at = self.rng.usize(..self.client.watchers.len());
            self.record(format!("drop watch {at}"));
            self.client.watchers.remove(at);
        }
    }

    fn evict(&mut self) {
        self.record("evict".to_owned());
        self.client.cache.evict_to(0);
    }

    /// Restarts the client from a snapshot. Pending mutations are lost.
    fn restart(&mut self) {
        self.record("restart".to_owned());
        let snapshot = self.client.cache.snapshot();
        let ranges: Vec<(u32, u32)> = self.client.watchers.iter().map(|it| it.hours()).collect();
        self.queries.clear();
        self.mutations.clear();
        self.reference.restart();
        self.client = Client::new();
        self.client.cache.restore(&snapshot).expect("the snapshot is complete");
        self.is_connected = false;
        self.is_followed = false;
        for hours in ranges {
            let watcher = RangeWatch::<FullQuery>::new(&self.client.cache, hours);
            self.client.watchers.push(Box::new(watcher));
        }
    }
}

fn apply(loan: &mut Loan, field: Field) {
    match field {
        Field::Title(it) => loan.title = it,
        Field::Note(it) => loan.note = it,
        Field::From(it) => loan.from = it,
        Field::Until(it) => loan.until = it,
    }
}

/// Returns the JSON of a loan in a response that selects `fields`.
fn loan_json(fields: &str, id: &str, revision: u64, loan: &Loan) -> Value {
    let mut object = json!({
        "__typename": "Loan", "id": id, "shelfId": "s1", "note": loan.note,
        "from": at(loan.from), "until": at(loan.until), "revision": revision,
    });
    if fields.contains("title") {
        object["title"] = json!(loan.title);
    }
    object
}
