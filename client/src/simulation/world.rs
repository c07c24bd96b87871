//! A world: the server, the clients, and everything that is on its way between them.

use std::collections::{BTreeMap, HashMap};

use cynic_cache::{View, Watch};
use futures_channel::oneshot;
use serde_json::{Value, json};

use super::server::{Server, at, change, touches};
use crate::dice::Dice;
use crate::engine::{
    Action, Engine, Millis, RequestNumber, SubscriptionNumber, WatchNumber, What, range_query,
};
use crate::error::{LineError, Outcome};
use crate::input::{Changes, NewAppointment};
use crate::operations::{RangeQuery, TimeRange};
use crate::scalars::DateTime;

const CALENDARS: [&str; 2] = ["free", "strict"];
/// Hours in which everything lies.
const HOURS: u64 = 72;

pub(super) struct World {
    dice: Dice,
    now: Millis,
    pub(super) story: Vec<String>,
    server: Server,
    clients: Vec<Client>,
    /// What is on its way: when it arrives, in which order it left, and to whom.
    mail: BTreeMap<(Millis, u64), Mail>,
    sent: u64,
    /// No more mischief: everything arrives.
    is_calm: bool,
    names: u64,
}

struct Client {
    engine: Engine,
    watches: Vec<Seen>,
    /// Mutations of this client, and who hears what comes of them.
    mutations: HashMap<String, oneshot::Receiver<Outcome>>,
    /// The line, by the number of its opening; lines before it are gone.
    line: Option<u64>,
    lines: u64,
    /// When the last thing sent over the line arrives: nothing overtakes.
    last: Millis,
    subscriptions: BTreeMap<SubscriptionNumber, Followed>,
}

/// A watched range.
struct Seen {
    calendar: &'static str,
    range: TimeRange,
    number: WatchNumber,
    watch: Watch<RangeQuery>,
}

/// What the server tells a subscription, and up to where it has.
#[derive(Clone)]
struct Followed {
    calendar: String,
    position: u64,
    has_bookmark: bool,
}

enum Mail {
    Request { client: usize, number: RequestNumber, body: Value },
    Answer { client: usize, number: RequestNumber, answer: Result<String, LineError> },
    Opened { client: usize, is_open: bool },
    Subscribe { client: usize, line: u64, number: SubscriptionNumber, body: Value },
    Event { client: usize, line: u64, number: SubscriptionNumber, event: String },
    Lost { client: usize },
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut world = Self {
            dice: Dice::new(u128::from(seed) << 7 | 1),
            now: 0,
            story: Vec::new(),
            server: Server::default(),
            clients: Vec::new(),
            mail: BTreeMap::new(),
            sent: 0,
            is_calm: false,
            names: 0,
        };
        for calendar in CALENDARS {
            world.server.calendars.insert(calendar.to_owned(), Default::default());
        }
        for number in 0..2 + world.dice.below(2) {
            let engine = Engine::new(u128::from(seed) << 64 | u128::from(number));
            world.clients.push(Client {
                engine: engine.expect("the contract fits"),
                watches: Vec::new(),
                mutations: HashMap::new(),
                line: None,
                lines: 0,
                last: 0,
                subscriptions: BTreeMap::new(),
            });
            world.watch(number as usize);
        }
        world
    }

    /// Something happens: somebody does something, or time goes on.
    pub(super) fn step(&mut self) -> Result<(), String> {
        let client = self.dice.below(self.clients.len() as u64) as usize;
        match self.dice.below(40) {
            0..10 => self.mutate(client),
            10 => self.watch(client),
            11 => self.unwatch(client),
            12 => self.cut(client),
            13 => self.prune(),
            14 => self.call_off(client),
            _ => self.time_goes_on(),
        }
        self.act();
        self.check()
    }

    /// Everything arrives; then all clients show what the server has, and nothing is left to be done.
    pub(super) fn come_to_rest(&mut self) -> Result<(), String> {
        self.is_calm = true;
        self.tell("calm");
        let until = self.now + 3_600_000;
        loop {
            self.act();
            self.check()?;
            if self.is_at_rest() {
                break;
            }
            if self.now > until {
                return Err("it does not come to rest in an hour".into());
            }
            self.time_goes_on();
        }
        for client in 0..self.clients.len() {
            self.is_settled(client)?;
        }
        self.nothing_happened_twice()
    }

    fn is_at_rest(&mut self) -> bool {
        let heads: BTreeMap<String, u64> =
            self.server.calendars.iter().map(|(it, log)| (it.clone(), log.head())).collect();
        self.clients.iter_mut().all(|client| {
            let has_all = client.watches.iter_mut().all(|it| {
                let scope = cynic_cache::Scope::new("Appointment", it.calendar);
                let position = client.engine.cache().position(&scope);
                it.watch.view().is_complete()
                    && !it.watch.is_stale()
                    && position == heads.get(it.calendar).copied()
            });
            has_all && client.engine.pending().is_empty()
        })
    }

    fn is_settled(&mut self, number: usize) -> Result<(), String> {
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
            let committed = server.calendars.values().flat_map(|it| &it.changes);
            let was_done = committed.filter(|(_, _, by)| by == id).count() > 0;
            let is_merged = !server.ledger.contains_key(id);
            if outcome.is_err() && was_done {
                return Err(format!("{id} was done, and its caller was told {outcome:?}"));
            }
            if outcome.is_ok() && !was_done && !is_merged {
                return Err(format!("{id} was not done, and its caller was told {outcome:?}"));
            }
        }
        Ok(())
    }

    fn nothing_happened_twice(&self) -> Result<(), String> {
        let mut seen = std::collections::BTreeSet::new();
        for (_, _, by) in self.server.calendars.values().flat_map(|it| &it.changes) {
            if !seen.insert(by) {
                return Err(format!("{by} was committed twice"));
            }
        }
        Ok(())
    }

    /// What must hold at every moment.
    fn check(&mut self) -> Result<(), String> {
        let Self { server, clients, .. } = self;
        for (number, client) in clients.iter_mut().enumerate() {
            let is_idle = client.engine.pending().is_empty();
            for seen in &mut client.watches {
                let view = seen.watch.view();
                let ids = seen.ids(&view);
                if ids.windows(2).any(|pair| pair[0] == pair[1]) {
                    return Err(format!("client {number} shows one twice: {ids:?}"));
                }
                if !is_idle || !view.is_complete() || seen.watch.is_stale() {
                    continue;
                }
                // With nothing pending it is the calendar at one revision, but for what answers told of later.
                let scope = cynic_cache::Scope::new("Appointment", seen.calendar);
                let position = client.engine.cache().position(&scope).unwrap_or_default();
                let log = &server.calendars[seen.calendar];
                let later =
                    |id: &str| log.changes.iter().skip(position as usize).any(|(it, ..)| it == id);
                let there = log.at(position).into_iter();
                let there = there
                    .filter(|(id, it)| touches(it, seen.range.start, seen.range.end) && !later(id));
                let there: BTreeMap<String, String> =
                    there.map(|(id, it)| (id, title(&it))).collect();
                let shown = seen.shown().into_iter().filter(|(id, _)| !later(id));
                let shown: BTreeMap<String, String> = shown.map(|(id, it)| (id, it.1)).collect();
                if shown != there {
                    return Err(format!(
                        "client {number} at {position} shows {shown:?}\n there was {there:?} in {:?}",
                        seen.range
                    ));
                }
            }
        }
        Ok(())
    }

    fn tell(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.story.push(format!("{:>7} ms  {what}", self.now));
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.dice.below(bound)
    }

    /// Whether mischief happens that happens once in `times`.
    fn mischief(&mut self, times: u64) -> bool {
        !self.is_calm && self.below(times) == 0
    }

    fn post(&mut self, after: Millis, mail: Mail) {
        self.sent += 1;
        self.mail.insert((self.now + after, self.sent), mail);
    }

    /// Over the line nothing overtakes.
    fn post_in_order(&mut self, client: usize, after: Millis, mail: Mail) {
        let arrives = (self.now + after).max(self.clients[client].last);
        self.clients[client].last = arrives;
        self.sent += 1;
        self.mail.insert((arrives, self.sent), mail);
    }

    fn latency(&mut self) -> Millis {
        match self.below(10) {
            0 => 500 + self.below(3_000),
            _ => 5 + self.below(100),
        }
    }

    // What people do.

    fn hour(&mut self, hour: u64) -> DateTime {
        let begin = 1_795_392_000;
        DateTime::from_timestamp(begin + hour as i64 * 3_600, 0).unwrap_or_default()
    }

    fn watch(&mut self, client: usize) {
        let calendar = CALENDARS[self.below(2) as usize];
        let from = self.below(HOURS - 1);
        let until = from + 1 + self.below(HOURS - from);
        let range = TimeRange { start: self.hour(from), end: self.hour(until) };
        self.tell(format!("client {client} watches {calendar} {from}..{until}"));
        let engine = &mut self.clients[client].engine;
        let query = range_query(engine.cache(), calendar, range).expect("it fits");
        let watch = engine.cache().watch(&query);
        let number = engine.watch(calendar, query);
        self.clients[client].watches.push(Seen { calendar, range, number, watch });
    }

    fn unwatch(&mut self, client: usize) {
        if self.clients[client].watches.len() > 1 {
            let seen = self.clients[client].watches.remove(0);
            self.clients[client].engine.unwatch(seen.number);
            self.tell(format!("client {client} looks away from {}", seen.calendar));
        }
    }

    fn mutate(&mut self, client: usize) {
        self.names += 1;
        let title = format!("t{}", self.names);
        let shown: Vec<(&'static str, String)> = self.clients[client]
            .watches
            .iter_mut()
            .flat_map(|it| it.shown().into_keys().map(|id| (it.calendar, id)).collect::<Vec<_>>())
            .collect();
        let known =
            (!shown.is_empty()).then(|| shown[self.below(shown.len() as u64) as usize].clone());
        let (from, kind) = (self.below(HOURS), self.below(6));
        let (start, end) = (self.hour(from), self.hour(from + 1 + kind % 3));
        let (calendar, id, what) = match (kind, known) {
            (0 | 1, _) | (_, None) => {
                let calendar = CALENDARS[self.below(2) as usize];
                let id = format!("a{}", self.names);
                (calendar, id, What::Create(Box::new(NewAppointment::new(title, start, end))))
            }
            (2, Some((calendar, id))) => (calendar, id, What::Delete { if_unchanged: false }),
            (3, Some((calendar, id))) => {
                (calendar, id, What::Update(Box::new(Changes::new().time(start, end))))
            }
            (4, Some((calendar, id))) => {
                (calendar, id, What::Update(Box::new(Changes::new().title(title).if_unchanged())))
            }
            (_, Some((calendar, id))) => {
                (calendar, id, What::Update(Box::new(Changes::new().title(title))))
            }
        };
        let (tell, told) = oneshot::channel();
        let (calendar_id, id) = (cynic::Id::new(calendar), cynic::Id::new(id));
        let now = DateTime::from_timestamp_millis(self.now as i64).unwrap_or_default();
        let word = format!("client {client} in {calendar}: {} {what:?}", id.inner());
        let it = &mut self.clients[client];
        let mutation = it.engine.mutate(now, &calendar_id, &id, what, tell);
        it.mutations.insert(mutation.inner().to_owned(), told);
        self.tell(format!("{word} as {}", mutation.inner()));
    }

    fn call_off(&mut self, client: usize) {
        let pending = self.clients[client].engine.pending();
        if !pending.is_empty() {
            let entry = &pending[self.below(pending.len() as u64) as usize];
            let done = self.clients[client].engine.call_off(&entry.id);
            self.tell(format!("client {client} calls {} off: {done}", entry.id.inner()));
        }
    }

    fn cut(&mut self, client: usize) {
        if self.clients[client].line.take().is_some() {
            self.tell(format!("the line of client {client} is cut"));
            self.clients[client].subscriptions.clear();
            let after = self.latency();
            self.post(after, Mail::Lost { client });
        }
    }

    fn prune(&mut self) {
        let calendar = CALENDARS[self.below(2) as usize];
        if let Some(log) = self.server.calendars.get_mut(calendar) {
            log.pruned = log.head().saturating_sub(2);
            self.tell(format!("the log of {calendar} is pruned"));
        }
    }

    // What is done about it.

    /// Every engine does what it has to do, and the server tells what there is to tell.
    fn act(&mut self) {
        for client in 0..self.clients.len() {
            while let Some(action) = self.clients[client].engine.poll(self.now) {
                self.carry(client, action);
            }
        }
        self.server_tells();
    }

    fn carry(&mut self, client: usize, action: Action) {
        let after = self.latency();
        match action {
            Action::Send { number, body } => {
                let body: Value = serde_json::from_str(&body).expect("it is JSON");
                if self.mischief(12) {
                    self.tell(format!("a request of client {client} is lost"));
                    let answer = Err(LineError("lost".into()));
                    return self.post(after, Mail::Answer { client, number, answer });
                }
                if self.mischief(30) {
                    // Once more, later: what was given up may still arrive.
                    let (late, body) = (after + self.latency(), body.clone());
                    self.post(late, Mail::Request { client, number, body });
                }
                self.post(after, Mail::Request { client, number, body });
            }
            Action::Connect => {
                let is_open = !self.mischief(4);
                self.post(after, Mail::Opened { client, is_open });
            }
            Action::Subscribe { number, body } => {
                let Some(line) = self.clients[client].line else { return };
                let body = serde_json::from_str(&body).expect("it is JSON");
                self.post(after, Mail::Subscribe { client, line, number, body });
            }
            Action::Unsubscribe { number } => {
                self.clients[client].subscriptions.remove(&number);
            }
        }
    }

    fn server_tells(&mut self) {
        for client in 0..self.clients.len() {
            let Some(line) = self.clients[client].line else { continue };
            let numbers: Vec<_> = self.clients[client].subscriptions.keys().copied().collect();
            for number in numbers {
                let mut followed = self.clients[client].subscriptions[&number].clone();
                let log = &self.server.calendars[&followed.calendar];
                let (head, pruned) = (log.head(), log.pruned);
                let mut events = Vec::new();
                if followed.position < pruned || followed.position > head {
                    events.push(change("RESET", head, followed.position, json!({})));
                    (followed.position, followed.has_bookmark) = (head, true);
                }
                while followed.position < head {
                    followed.position += 1;
                    events.push(self.server.event(&followed.calendar, followed.position));
                }
                if !followed.has_bookmark {
                    followed.has_bookmark = true;
                    events.push(change("BOOKMARK", head, head, json!({})));
                }
                self.clients[client].subscriptions.insert(number, followed);
                let last = events.len().saturating_sub(1);
                for (at, event) in events.into_iter().enumerate() {
                    if at < last && self.mischief(40) {
                        self.tell(format!("an event to client {client} is swallowed"));
                        continue;
                    }
                    let (after, event) = (self.latency(), event.to_string());
                    if self.mischief(40) {
                        let event = event.clone();
                        self.post_in_order(
                            client,
                            after,
                            Mail::Event { client, line, number, event },
                        );
                    }
                    self.post_in_order(client, after, Mail::Event { client, line, number, event });
                }
            }
        }
    }

    /// The next thing arrives, or somebody's time has come.
    fn time_goes_on(&mut self) {
        let timeouts = self.clients.iter().filter_map(|it| it.engine.timeout());
        let timeout = timeouts.min().map(|it| it.max(self.now + 1));
        let mail = self.mail.first_key_value().map(|(it, _)| *it);
        match (mail, timeout) {
            (Some(key), timeout) if timeout.is_none_or(|it| key.0 <= it) => {
                self.now = self.now.max(key.0);
                if let Some(mail) = self.mail.remove(&key) {
                    self.arrives(mail);
                }
            }
            (_, Some(timeout)) => self.now = timeout,
            (_, None) => self.now += 1_000,
        }
    }

    fn arrives(&mut self, mail: Mail) {
        let now = self.now;
        match mail {
            Mail::Request { client, number, body } => {
                let answer = self.server.answer(&body).to_string();
                self.tell(format!("the server answers client {client}: {answer}"));
                let after = self.latency();
                if self.mischief(10) {
                    self.tell(format!("that answer to client {client} is lost"));
                    let answer = Err(LineError("lost".into()));
                    return self.post(after, Mail::Answer { client, number, answer });
                }
                if self.mischief(10) {
                    let (again, answer) = (after + self.latency(), Ok(answer.clone()));
                    self.post(again, Mail::Answer { client, number, answer });
                }
                self.post(after, Mail::Answer { client, number, answer: Ok(answer) });
            }
            Mail::Answer { client, number, answer } => {
                self.tell(format!("client {client} is answered ({number:?})"));
                let answer = answer.as_ref().map(String::as_bytes).map_err(Clone::clone);
                self.clients[client].engine.handle_answer(now, number, answer);
            }
            Mail::Opened { client, is_open } => {
                self.tell(format!("the line of client {client} opens: {is_open}"));
                let it = &mut self.clients[client];
                it.lines += 1;
                it.line = is_open.then_some(it.lines);
                it.engine.handle_line(now, is_open);
            }
            Mail::Subscribe { client, line, number, body } => {
                if self.clients[client].line == Some(line) {
                    let variables = &body["variables"];
                    let calendar = variables["calendar"].as_str().unwrap_or_default().to_owned();
                    let position = variables["after"].as_u64().unwrap_or_default();
                    self.tell(format!("client {client} follows {calendar} after {position}"));
                    let followed = Followed { calendar, position, has_bookmark: false };
                    self.clients[client].subscriptions.insert(number, followed);
                }
            }
            Mail::Event { client, line, number, event } => {
                if self.clients[client].line == Some(line) {
                    self.tell(format!("client {client} hears {event}"));
                    self.clients[client].engine.handle_event(now, number, event.as_bytes());
                }
            }
            Mail::Lost { client } => {
                self.tell(format!("client {client} notices that its line is lost"));
                self.clients[client].engine.handle_line(now, false);
            }
        }
    }
}

impl Seen {
    /// What is shown: start and title by id.
    fn shown(&mut self) -> BTreeMap<String, (DateTime, String)> {
        let view = self.watch.view();
        let items = view.data().map(|it| it.appointments_in_range.appointments.clone());
        let items = items.unwrap_or_default().into_iter();
        items.map(|it| (it.id.inner().to_owned(), (it.starts_at, it.title.clone()))).collect()
    }

    fn ids(&self, view: &View<RangeQuery>) -> Vec<String> {
        let items = view.data().map(|it| it.appointments_in_range.appointments.clone());
        let mut ids: Vec<String> =
            items.unwrap_or_default().iter().map(|it| it.id.inner().to_owned()).collect();
        ids.sort();
        ids
    }
}

fn title(appointment: &Value) -> String {
    appointment["title"].as_str().unwrap_or_default().to_owned()
}
