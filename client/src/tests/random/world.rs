//! A world: the server, the clients, and everything that is on its way between them.

use std::collections::{BTreeMap, HashMap};

use cynic_cache::Watch;
use futures_channel::oneshot;
use serde_json::{Value, json};

use crate::engine::{Action, Engine, Millis, RequestNumber, WatchNumber};
use crate::model::error::TransportError;
use crate::model::refusal::MutationResult;
use crate::tests::model_server::server::{Server, change};
use crate::transport::SubscriptionNumber;
use crate::wire::operations::{RangeQuery, TimeRange};
use fastrand::Rng;

pub(super) const CALENDARS: [&str; 2] = ["free", "strict"];
/// Hours in which everything lies.
pub(super) const HOURS: u64 = 72;

pub(super) struct World {
    seed: u64,
    pub(super) rng: Rng,
    pub(super) now: Millis,
    pub(super) story: Vec<String>,
    pub(super) server: Server,
    pub(super) backup: Option<Server>,
    pub(super) clients: Vec<Client>,
    /// What is on its way: when it arrives, in which order it left, and to whom.
    pub(super) mail: BTreeMap<(Millis, u64), Mail>,
    pub(super) sent: u64,
    /// No more mischief: everything arrives.
    pub(super) is_calm: bool,
    pub(super) names: u64,
}

pub(super) struct Client {
    pub(super) engine: Engine,
    /// There is a proxy in the way that lets no line through.
    pub(super) is_walled: bool,
    pub(super) watches: Vec<Seen>,
    /// Mutations of this client, and who hears what comes of them.
    pub(super) mutations: HashMap<String, oneshot::Receiver<MutationResult>>,
    /// The line, by the number of its opening; lines before it are gone.
    pub(super) line: Option<u64>,
    pub(super) lines: u64,
    /// When the last thing sent over the line arrives: nothing overtakes.
    pub(super) last: Millis,
    pub(super) subscriptions: BTreeMap<SubscriptionNumber, Followed>,
}

/// A watched range.
pub(super) struct Seen {
    pub(super) calendar: &'static str,
    pub(super) range: TimeRange,
    pub(super) number: WatchNumber,
    pub(super) watch: Watch<RangeQuery>,
}

/// What the server tells a subscription, and up to where it has.
#[derive(Clone)]
pub(super) struct Followed {
    pub(super) calendar: String,
    pub(super) position: u64,
    pub(super) has_bookmark: bool,
}

pub(super) enum Mail {
    Request { client: usize, number: RequestNumber, body: Value },
    Answer { client: usize, number: RequestNumber, answer: Result<String, TransportError> },
    Opened { client: usize, is_open: bool },
    Subscribe { client: usize, line: u64, number: SubscriptionNumber, body: Value },
    Event { client: usize, line: u64, number: SubscriptionNumber, event: String },
    Lost { client: usize },
}

/// The generator of one step. Each step has its own, so that a story stays the same when other steps are left out.
fn rng(seed: u64, step: u64) -> Rng {
    let seed = Rng::with_seed(seed).u64(..);
    Rng::with_seed(seed.wrapping_add(step))
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut world = Self {
            seed,
            rng: rng(seed, 0),
            now: 0,
            story: Vec::new(),
            server: Server::default(),
            backup: None,
            clients: Vec::new(),
            mail: BTreeMap::new(),
            sent: 0,
            is_calm: false,
            names: 0,
        };
        for calendar in CALENDARS {
            let log = world.server.calendars.entry(calendar.to_owned()).or_default();
            log.is_strict = calendar == "strict";
        }
        for number in 0..2 + world.rng.u64(..2) {
            let engine = Engine::new(world.rng.u64(..));
            let is_walled = world.below(8) == 0;
            if is_walled {
                world.tell(format!("no line gets through to client {number}"));
            }
            world.clients.push(Client {
                is_walled,
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

    /// Something happens: somebody does something, or time goes on. Each step has rng of its own, so that a story goes
    /// on alike when another step is left out.
    pub(super) fn step(&mut self, number: u64) -> Result<(), String> {
        self.rng = rng(self.seed, number + 1);
        let client = self.rng.usize(..self.clients.len());
        match self.rng.u64(..40) {
            0..10 => self.mutate(client),
            10 => self.watch(client),
            11 => self.unwatch(client),
            12 => self.cut(client),
            13 => self.prune(),
            14 => self.abort(client),
            15 if self.below(3) == 0 => self.server_restarts(),
            16 => self.program_restarts(client),
            17 if self.below(3) == 0 => self.backup(),
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

    pub(super) fn tell(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.story.push(format!("{:>7} ms  {what}", self.now));
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.rng.u64(..bound)
    }

    /// Whether mischief happens that happens once in `times`.
    fn mischief(&mut self, times: u64) -> bool {
        !self.is_calm && self.below(times) == 0
    }

    pub(super) fn post(&mut self, after: Millis, mail: Mail) {
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

    pub(super) fn latency(&mut self) -> Millis {
        match self.below(10) {
            0 => 500 + self.below(3_000),
            _ => 5 + self.below(100),
        }
    }

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
                    let answer = Err(TransportError::new("lost"));
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
                let is_open = !self.mischief(4) && !self.clients[client].is_walled;
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
                    let answer = Err(TransportError::new("lost"));
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
