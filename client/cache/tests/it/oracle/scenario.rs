//! A story: a server, a client with a cache, whatever is in flight between them, and chance.

mod mutations;
mod network;

use cynic_cache::{Cache, Prepared, Scope};
use serde_json::{Value, json};

use super::Dice;
use super::fragments::{Seen, Slim, Whole};
use super::reference::{Field, Reference};
use super::server::{Loan, Server};
use super::watcher::{Follow, Watcher};
use crate::library::Library;
use crate::reading::any;
use crate::world::at;
use mutations::Mutation;
use network::Query;

/// The hours in which everything happens.
const HOURS: u32 = 48;

pub(crate) struct Story {
    dice: Dice,
    /// What has happened, in words.
    pub(crate) told: Vec<String>,
    server: Server,
    client: Client,
    reference: Reference,
    /// Does not tell the reference of refusals, to see that this is noticed.
    is_blind: bool,
    names: usize,
    queries: Vec<Query>,
    mutations: Vec<Mutation>,
    is_connected: bool,
    /// Whether the log is heard, or will be from where it was heard last.
    is_followed: bool,
}

struct Client {
    cache: Cache,
    shelf: Scope,
    changes: Prepared<Value>,
    mutation: Prepared<Value>,
    watchers: Vec<Box<dyn Watcher>>,
}

impl Client {
    fn new() -> Self {
        let cache = Cache::new(Library).expect("policy and schema fit");
        let ready = |text: &str| any(&cache, text, json!({})).expect("the schema has it");
        let changes = ready(
            r#"subscription { loanChanges(shelf: "s1") { revision loan { id shelfId title note from until } } }"#,
        );
        let mutation = ready(
            r#"mutation { updateLoan(input: {id: "x"}) { loan { id shelfId title note from until } } }"#,
        );
        Self { cache, shelf: Scope::new("Loan", "s1"), changes, mutation, watchers: Vec::new() }
    }

    fn position(&self) -> Option<u64> {
        self.cache.position(&self.shelf)
    }
}

impl Story {
    pub(crate) fn new(seed: u64, is_blind: bool) -> Self {
        let mut story = Self {
            dice: Dice::new(seed),
            told: Vec::new(),
            server: Server::default(),
            client: Client::new(),
            reference: Reference::default(),
            is_blind,
            names: 0,
            queries: Vec::new(),
            mutations: Vec::new(),
            is_connected: false,
            is_followed: false,
        };
        for _ in 0..story.dice.below(8) {
            story.somebody_changes();
        }
        for _ in 0..2 {
            story.somebody_looks();
        }
        story
    }

    /// Something happens, and then everything is looked at.
    pub(crate) fn step(&mut self) -> Result<(), String> {
        match self.dice.below(32) {
            0..5 => self.somebody_changes(),
            5..10 => self.events_arrive(),
            10..13 => self.ask(),
            13..16 => self.server_reads(),
            16..19 => self.answer_arrives(),
            19..23 => self.predict(),
            23..25 => self.server_decides(),
            25..27 => self.decision_arrives(),
            27 => self.give_up(),
            28 => self.line_is_cut(),
            29 => self.somebody_looks(),
            30 => self.forget(),
            _ => match self.dice.below(4) {
                0 => self.restart(),
                1 => self.restore_server(),
                2 => self.event_arrives_again(),
                _ => self.look_away(),
            },
        }
        self.check()?;
        self.follow();
        self.check()
    }

    /// Everything arrives, and everybody sees what there is.
    pub(crate) fn end(&mut self) -> Result<(), String> {
        for _ in 0..20 {
            while !self.mutations.is_empty() {
                self.server_decides();
                self.decision_arrives();
                self.check()?;
            }
            while self.client.position().is_some_and(|it| it < self.server.head()) {
                self.follow();
                self.events_arrive();
                self.check()?;
            }
            while !self.queries.is_empty() {
                self.server_reads();
                self.answer_arrives();
                self.check()?;
                self.follow();
                self.check()?;
            }
            self.ask_for_all();
            self.check()?;
        }
        for watcher in &mut self.client.watchers {
            if !watcher.wanted().is_empty() {
                return Err(format!("{:?} is never complete", watcher.hours()));
            }
        }
        match self.reference.pending().next() {
            Some(by) => Err(format!("{by} is pending for ever")),
            None => Ok(()),
        }
    }

    fn check(&mut self) -> Result<(), String> {
        let Self { client, reference, server, is_followed, .. } = self;
        let position = client.position().unwrap_or_default();
        let Client { cache, watchers, .. } = client;
        let whole = watchers.iter_mut().filter_map(|it| it.is_whole().then_some(it.hours()));
        let whole: Vec<_> = whole.collect();
        let unknown = reference.unknown(server, position, &whole);
        // Views of one moment are for those who follow.
        let must_see = |hours| -> Option<Vec<Seen>> {
            is_followed.then(|| reference.view(server, position, hours))
        };
        watchers.iter_mut().try_for_each(|it| it.check(cache, &must_see, &unknown))
    }

    fn tell(&mut self, what: String) {
        self.told.push(what);
    }

    fn loan(&mut self) -> Loan {
        let (from, length) = (self.dice.below(HOURS as usize) as u32, self.dice.below(20) as u32);
        let length = if self.dice.one_in(3) { length } else { length % 3 };
        let note = (!self.dice.one_in(3)).then(|| format!("n{}", self.dice.below(3)));
        Loan { title: self.title(), note, from, until: from + length }
    }

    fn title(&mut self) -> String {
        format!("t{}", self.dice.below(4))
    }

    fn fields(&mut self) -> Vec<Field> {
        let loan = self.loan();
        match self.dice.below(4) {
            0 => vec![Field::Title(loan.title)],
            1 => vec![Field::Note(loan.note)],
            2 => vec![Field::From(loan.from), Field::Until(loan.until)],
            _ => {
                vec![Field::Title(loan.title), Field::From(loan.from), Field::Until(loan.until)]
            }
        }
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("{}", self.names)
    }

    fn any_loan(&mut self) -> Option<(String, Loan)> {
        let all: Vec<_> = self.server.now().into_iter().collect();
        self.dice.of(&all).map(|(id, (_, loan))| (id.clone(), loan.clone()))
    }

    fn somebody_changes(&mut self) {
        let (id, after) = match (self.dice.below(5), self.any_loan()) {
            (0, Some((id, _))) => (id, None),
            (1..4, Some((id, mut loan))) => {
                let fields = self.fields();
                fields.into_iter().for_each(|it| apply(&mut loan, it));
                (id, Some(loan))
            }
            _ => (self.name(), Some(self.loan())),
        };
        let at = self.server.commit(&id, after.clone(), None);
        self.tell(format!("somebody: {id} is {after:?} at {at}"));
    }

    fn somebody_looks(&mut self) {
        let start = self.dice.below(HOURS as usize - 1) as u32;
        let hours = (start, start + 1 + self.dice.below(24) as u32);
        let watcher: Box<dyn Watcher> = match self.dice.one_in(3) {
            true => Box::new(Follow::<Slim>::new(&self.client.cache, hours)),
            false => Box::new(Follow::<Whole>::new(&self.client.cache, hours)),
        };
        self.tell(format!("watch {} of {hours:?}", self.client.watchers.len()));
        self.client.watchers.push(watcher);
    }

    fn look_away(&mut self) {
        if self.client.watchers.len() > 1 {
            let at = self.dice.below(self.client.watchers.len());
            self.tell(format!("watch {at} goes"));
            self.client.watchers.remove(at);
        }
    }

    fn forget(&mut self) {
        self.tell("forget".to_owned());
        self.client.cache.evict_to(0);
    }

    /// The program ends, and comes back with what it has kept. What was pending is lost.
    fn restart(&mut self) {
        self.tell("restart".to_owned());
        let snapshot = self.client.cache.snapshot();
        let ranges: Vec<(u32, u32)> = self.client.watchers.iter().map(|it| it.hours()).collect();
        self.queries.clear();
        self.mutations.clear();
        self.reference.restart();
        self.client = Client::new();
        self.client.cache.restore(&snapshot).expect("it is whole");
        (self.is_connected, self.is_followed) = (false, false);
        for hours in ranges {
            self.client.watchers.push(Box::new(Follow::<Whole>::new(&self.client.cache, hours)));
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

/// A loan as a server answers it.
fn of_fields(fields: &str, id: &str, revision: u64, loan: &Loan) -> Value {
    let mut answer = json!({
        "__typename": "Loan", "id": id, "shelfId": "s1", "note": loan.note,
        "from": at(loan.from), "until": at(loan.until), "revision": revision,
    });
    if fields.contains("title") {
        answer["title"] = json!(loan.title);
    }
    answer
}
