//! A world: the server, the clients and the messages in transit. Each step does one random thing.

use std::collections::{BTreeMap, HashMap};

use cynic_cache::Watch;
use fastrand::Rng;
use futures_channel::oneshot;

use super::network::{CalendarSubscription, Message};
use crate::engine::{Engine, Millis, WatchId};
use crate::model::refusal::MutationResult;
use crate::tests::model_server::server::Server;
use crate::transport::SubscriptionId;
use crate::wire::operations::{RangeQuery, TimeRange};

/// The calendar that allows overlaps, and the one that does not.
pub(super) const CALENDARS: [&str; 2] = ["free", "strict"];
/// All appointments start within this many hours.
pub(super) const HOURS: u64 = 72;
/// A world must come to rest within this time.
const MAX_TIME_TO_REST: Millis = 3_600_000;

/// The state of the simulation.
pub(super) struct World {
    seed: u64,
    pub(super) rng: Rng,
    pub(super) now: Millis,
    /// The story: one line for each event.
    pub(super) story: Vec<String>,
    pub(super) server: Server,
    pub(super) backup: Option<Server>,
    pub(super) clients: Vec<Client>,
    /// Messages in transit, by the time of arrival and a sequence number.
    pub(super) in_transit: BTreeMap<(Millis, u64), Message>,
    pub(super) messages_sent: u64,
    /// Whether the network works without faults.
    pub(super) is_reliable: bool,
    /// Counts names, so that each is used once.
    pub(super) names: u64,
}

/// A client and its end of the network.
pub(super) struct Client {
    pub(super) engine: Engine,
    /// A proxy blocks all connections for subscriptions.
    pub(super) is_blocked: bool,
    pub(super) watches: Vec<WatchedRange>,
    /// The receivers of the outcomes of this client's mutations, by mutation id.
    pub(super) mutations: HashMap<String, oneshot::Receiver<MutationResult>>,
    /// The number of the open connection. Messages of earlier connections are dropped.
    pub(super) connection: Option<u64>,
    pub(super) connections: u64,
    /// When the last message over the connection arrives: messages do not overtake each other.
    pub(super) last_arrival: Millis,
    pub(super) subscriptions: BTreeMap<SubscriptionId, CalendarSubscription>,
}

/// A range that a client watches.
pub(super) struct WatchedRange {
    pub(super) calendar: &'static str,
    pub(super) range: TimeRange,
    pub(super) id: WatchId,
    pub(super) watch: Watch<RangeQuery>,
}

/// Returns the generator of a step. Each step has its own, so that the others stay the same when
/// one is left out.
fn step_rng(seed: u64, step: u64) -> Rng {
    let seed = Rng::with_seed(seed).u64(..);
    Rng::with_seed(seed.wrapping_add(step))
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut world = Self {
            seed,
            rng: step_rng(seed, 0),
            now: 0,
            story: Vec::new(),
            server: Server::default(),
            backup: None,
            clients: Vec::new(),
            in_transit: BTreeMap::new(),
            messages_sent: 0,
            is_reliable: false,
            names: 0,
        };
        for calendar in CALENDARS {
            let log = world.server.calendars.entry(calendar.to_owned()).or_default();
            log.is_strict = calendar == "strict";
        }
        for number in 0..2 + world.rng.usize(..2) {
            let engine = Engine::new(world.rng.u64(..)).expect("the contract fits");
            let is_blocked = world.below(8) == 0;
            if is_blocked {
                world.record(format!("client {number} can open no connection"));
            }
            world.clients.push(Client {
                engine,
                is_blocked,
                watches: Vec::new(),
                mutations: HashMap::new(),
                connection: None,
                connections: 0,
                last_arrival: 0,
                subscriptions: BTreeMap::new(),
            });
            world.watch(number);
        }
        world
    }

    /// Does one random thing, and checks what must always hold.
    pub(super) fn step(&mut self, number: u64) -> Result<(), String> {
        self.rng = step_rng(self.seed, number + 1);
        let client = self.rng.usize(..self.clients.len());
        match self.below(40) {
            0..10 => self.mutate(client),
            10 => self.watch(client),
            11 => self.unwatch(client),
            12 => self.disconnect(client),
            13 => self.prune(),
            14 => self.abort(client),
            15 if self.below(3) == 0 => self.restart_server(),
            16 => self.restart_client(client),
            17 if self.below(3) == 0 => self.take_or_restore_backup(),
            _ => self.advance(),
        }
        self.run_engines();
        self.check_always()
    }

    /// Lets everything arrive, without faults. Then all clients must show what the server has, and
    /// have nothing to do.
    pub(super) fn come_to_rest(&mut self) -> Result<(), String> {
        self.is_reliable = true;
        self.record("the network is reliable");
        let deadline = self.now + MAX_TIME_TO_REST;
        loop {
            self.run_engines();
            self.check_always()?;
            if self.is_at_rest() {
                break;
            }
            if self.now > deadline {
                return Err("the world does not come to rest within an hour".into());
            }
            self.advance();
        }
        for client in 0..self.clients.len() {
            self.check_at_rest(client)?;
        }
        self.check_each_mutation_committed_once()
    }

    /// Adds a line to the story.
    pub(super) fn record(&mut self, line: impl AsRef<str>) {
        self.story.push(format!("{:>7} ms  {}", self.now, line.as_ref()));
    }

    /// Returns a random number below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.rng.u64(..bound)
    }

    /// Advances the time to the next message or timeout.
    fn advance(&mut self) {
        let timeouts = self.clients.iter().filter_map(|it| it.engine.timeout());
        let timeout = timeouts.min().map(|it| it.max(self.now + 1));
        let message = self.in_transit.first_key_value().map(|(key, _)| *key);
        match (message, timeout) {
            (Some(key), timeout) if timeout.is_none_or(|it| key.0 <= it) => {
                self.now = self.now.max(key.0);
                if let Some(message) = self.in_transit.remove(&key) {
                    self.deliver(message);
                }
            }
            (_, Some(timeout)) => self.now = timeout,
            (_, None) => self.now += 1_000,
        }
    }
}
