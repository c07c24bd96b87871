//! A story: a server, a client with a cache, whatever is in flight between them, and chance.

use cynic_cache::{Cache, EntityKey, Patch, Prediction, Prepared, Request, Scope};
use serde_json::{Value, json};

use super::Dice;
use super::fragments::{Seen, Slim, Whole};
use super::reference::{Edit, Field, Reference};
use super::server::{Loan, Server};
use super::watcher::{Asked, Follow, Watcher};
use crate::library::Library;
use crate::reading::any;
use crate::world::at;

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

/// A query in flight, and its answer once the server has read it.
struct Query {
    asked: Box<dyn Asked>,
    answer: Option<String>,
}

/// A mutation in flight, and what was decided once it was.
struct Mutation {
    by: String,
    id: String,
    does: Does,
    request: Request,
    decided: Option<Decided>,
}

#[derive(Clone, Debug)]
enum Does {
    Create(Loan),
    Change(Vec<Field>),
    Delete,
}

#[derive(Clone, Debug)]
enum Decided {
    Done(u64, Option<Loan>),
    Refused,
    /// There is none; since when, if there ever was one.
    NotFound(Option<u64>),
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

    fn ask(&mut self) {
        let at = self.dice.below(self.client.watchers.len());
        let again = self.dice.one_in(6);
        self.ask_for(at, again);
    }

    fn ask_for_all(&mut self) {
        for at in 0..self.client.watchers.len() {
            self.ask_for(at, false);
        }
    }

    fn ask_for(&mut self, at: usize, again: bool) {
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

    fn server_reads(&mut self) {
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

    fn answer_arrives(&mut self) {
        let read: Vec<usize> =
            (0..self.queries.len()).filter(|it| self.queries[*it].answer.is_some()).collect();
        let Some(at) = self.dice.of(&read).copied() else { return };
        let Query { asked, answer } = self.queries.remove(at);
        self.tell(format!("the answer of {:?} arrives", asked.hours()));
        asked.answer(&self.client.cache, &answer.unwrap_or_default());
    }

    fn give_up(&mut self) {
        if !self.queries.is_empty() {
            let at = self.dice.below(self.queries.len());
            let query = self.queries.remove(at);
            self.tell(format!("the query of {:?} is given up", query.asked.hours()));
        }
    }

    /// As soon as it is known where the base stands, it is followed from there.
    fn follow(&mut self) {
        if !self.is_connected && self.client.position().is_some() && !self.dice.one_in(3) {
            self.is_connected = true;
            self.is_followed = true;
            self.client.cache.update(|batch| batch.follow(&self.client.shelf, true));
            let head = self.server.head();
            if self.dice.one_in(4) {
                self.tell(format!("connected: RESET at {head}"));
                self.client.cache.update(|batch| batch.reset(&self.client.shelf, head));
            } else {
                self.tell("connected".to_owned());
            }
        }
    }

    fn line_is_cut(&mut self) {
        self.tell("the line is cut".to_owned());
        self.is_connected = false;
    }

    fn events_arrive(&mut self) {
        let Some(position) = self.client.position().filter(|_| self.is_connected) else { return };
        let until = self.server.head().min(position + 1 + self.dice.below(3) as u64);
        if until > position {
            self.tell(format!("events {} to {until} arrive", position + 1));
            self.hear(position + 1..=until);
        }
    }

    fn event_arrives_again(&mut self) {
        let Some(position) = self.client.position().filter(|it| *it > 0) else { return };
        let at = 1 + self.dice.below(position as usize) as u64;
        if self.is_connected {
            self.tell(format!("event {at} arrives again"));
            self.hear(at..=at);
        }
    }

    fn hear(&mut self, revisions: std::ops::RangeInclusive<u64>) {
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
                        batch.event(shelf, revision, changes, event.as_bytes()).expect("it fits");
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

    fn predict(&mut self) {
        let by = format!("m{}", self.names);
        let (id, does) = match (self.dice.below(6), self.any_loan()) {
            (0..2, _) | (_, None) => (self.name(), Does::Create(self.loan())),
            (2, Some((id, _))) => (id, Does::Delete),
            (_, Some((id, _))) => {
                // Often something that pends itself.
                let pending = self.mutations.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
                let id = self
                    .dice
                    .of(&pending)
                    .cloned()
                    .filter(|_| self.names.is_multiple_of(2))
                    .unwrap_or(id);
                (id, Does::Change(self.fields()))
            }
        };
        self.name();
        let by = format!("{by}{}", does.word());
        self.tell(format!("{by} expects: {id} {does:?}"));
        let Client { cache, mutation, .. } = &self.client;
        let request = cache.ask(mutation);
        let prediction: Prediction = match &does {
            Does::Create(loan) => {
                let mut loan = of_fields("title", &id, 0, loan);
                loan.as_object_mut().map(|it| it.remove("revision"));
                Prediction::answer(mutation, &json!({"updateLoan": {"loan": loan}}))
            }
            Does::Delete => Patch::of("Loan", &id).delete().into(),
            Does::Change(fields) => {
                let patch =
                    fields.iter().fold(Patch::of("Loan", &id), |patch, field| match field {
                        Field::Title(it) => patch.set("title", it),
                        Field::Note(it) => patch.set("note", it),
                        Field::From(it) => patch.set("from", at(*it)),
                        Field::Until(it) => patch.set("until", at(*it)),
                    });
                patch.into()
            }
        };
        cache.predict(by.as_str(), prediction).expect("it fits");
        self.reference.predict(&by, &id, does.edits());
        self.mutations.push(Mutation { by, id, does, request, decided: None });
    }

    fn server_decides(&mut self) {
        let open: Vec<usize> =
            (0..self.mutations.len()).filter(|it| self.mutations[*it].decided.is_none()).collect();
        let Some(at) = self.dice.of(&open).copied() else { return };
        let is_refused = self.dice.one_in(4);
        let Mutation { by, id, does, decided, .. } = &mut self.mutations[at];
        let stands = self.server.now().remove(id).map(|(_, loan)| loan);
        let after = match (does, stands) {
            _ if is_refused => Err(Decided::Refused),
            (Does::Create(loan), None) => Ok(Some(loan.clone())),
            (Does::Create(_), Some(_)) => Err(Decided::Refused),
            (_, None) => Err(Decided::NotFound(self.server.deleted_at(id))),
            (Does::Delete, Some(_)) => Ok(None),
            (Does::Change(fields), Some(mut loan)) => {
                fields.iter().for_each(|it| apply(&mut loan, it.clone()));
                Ok(Some(loan))
            }
        };
        let done = match after {
            Ok(after) => Decided::Done(self.server.commit(id, after.clone(), Some(by)), after),
            Err(refused) => refused,
        };
        let told = format!("the server decides {by}: {done:?}");
        *decided = Some(done);
        self.tell(told);
    }

    fn decision_arrives(&mut self) {
        let made: Vec<usize> =
            (0..self.mutations.len()).filter(|it| self.mutations[*it].decided.is_some()).collect();
        let Some(at) = self.dice.of(&made).copied() else { return };
        if self.dice.one_in(3) {
            // Lost on the way; what is not heard otherwise is asked for again, and answered the same.
            return;
        }
        let Mutation { by, id, request, decided, .. } = self.mutations.remove(at);
        let Some(decided) = decided else { return };
        self.tell(format!("the decision of {by} arrives"));
        let position = self.client.position().unwrap_or_default();
        let Self { client, reference, server, .. } = self;
        let key = EntityKey::new("Loan", &id);
        client.cache.update(|batch| match decided {
            Decided::Done(at, Some(loan)) => {
                reference.told(&id, at, Some(loan.clone()));
                let loan = of_fields("title", &id, at, &loan);
                let payload = json!({"__typename": "LoanPayload", "loan": loan});
                let answer = json!({"data": {"updateLoan": payload}}).to_string();
                batch.answer(Some(&request), &client.mutation, answer.as_bytes()).expect("it fits");
                batch.settle(by.as_str());
                reference.end(&by, true, server, position);
            }
            Decided::Done(at, None) => {
                reference.told(&id, at, None);
                batch.delete(&key, Some(at));
                batch.settle(by.as_str());
                reference.end(&by, true, server, position);
            }
            Decided::Refused | Decided::NotFound(_) => {
                if let Decided::NotFound(Some(at)) = decided {
                    reference.told(&id, at, None);
                    batch.delete(&key, Some(at));
                }
                batch.roll_back(by.as_str());
                if !self.is_blind {
                    reference.end(&by, false, server, position);
                }
            }
        });
    }

    fn forget(&mut self) {
        self.tell("forget".to_owned());
        self.client.cache.forget(0);
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

    /// The server comes back from a backup, and has forgotten the latest.
    fn restore_server(&mut self) {
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

impl Does {
    fn word(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Change(_) => "change",
            Self::Delete => "delete",
        }
    }

    fn edits(&self) -> Vec<Edit> {
        match self {
            Self::Create(loan) => vec![
                Edit::Create,
                Edit::Set(Field::Title(loan.title.clone())),
                Edit::Set(Field::Note(loan.note.clone())),
                Edit::Set(Field::From(loan.from)),
                Edit::Set(Field::Until(loan.until)),
            ],
            Self::Change(fields) => fields.iter().cloned().map(Edit::Set).collect(),
            Self::Delete => vec![Edit::Delete],
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
