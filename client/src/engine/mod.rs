//! The engine: everything that the SDK decides, as one synchronous machine.
//!
//! It has no socket, no clock, no executor and no thread (C19). It is told what happened (`handle_…`, with
//! the time), and is asked what to do ([`Engine::poll`]) and when to be asked again ([`Engine::timeout`]). So every
//! race is a short test, and a simulation runs from a seed.

mod backoff;
mod outbox;
mod outbox_state;
mod passthrough;
mod polling;
mod ranges;
mod single_watches;
mod snapshot;
mod subscriptions;

use std::collections::{BTreeMap, HashMap, VecDeque};

use cynic_cache::Cache;

pub(crate) use passthrough::Events;
pub(crate) use ranges::WatchNumber;

use crate::model::connection::ConnectionStatus;
use crate::model::error::{BuildError, TransportError};
use crate::model::id::MutationId;
use crate::model::scalars::DateTime;
use crate::transport::SubscriptionNumber;
use crate::wire::policy::Contract;
use crate::wire::prepare;
use fastrand::Rng;
use outbox::Outbox;
use passthrough::Callers;
use polling::Polls;
use ranges::Ranges;
use single_watches::Singles;
use subscriptions::Feed;

/// Milliseconds on the clock of whoever drives the engine.
pub(crate) type Millis = u64;

/// The number of a request that wants an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RequestNumber(pub(crate) u64);

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send a request; what becomes of it goes to [`Engine::handle_answer`].
    Send {
        /// Its number.
        number: RequestNumber,
        /// JSON, as GraphQL over HTTP has it.
        body: String,
    },
    /// Open the line for subscriptions; what becomes of it goes to [`Engine::handle_line`].
    Connect,
    /// Subscribe over the line; what comes goes to [`Engine::handle_event`].
    Subscribe {
        /// Its number.
        number: SubscriptionNumber,
        /// JSON, the payload of `subscribe`.
        body: String,
    },
    /// End a subscription.
    Unsubscribe {
        /// Its number.
        number: SubscriptionNumber,
    },
}

/// Everything that the SDK knows and does.
pub(crate) struct Engine {
    pub(crate) cache: Cache,
    pub(crate) rng: Rng,
    feeds: BTreeMap<String, Feed>,
    ranges: Ranges,
    singles: Singles,
    callers: Callers,
    outbox: Outbox,
    /// Who waits for the answer of which request.
    waits: HashMap<RequestNumber, Waits>,
    actions: VecDeque<Action>,
    line: Line,
    next: u64,
}

/// Who waits for an answer.
enum Waits {
    Range(ranges::Asked),
    One(single_watches::AskedOne),
    /// A poll of this calendar.
    Head(String),
    Mutation(MutationId),
    /// Somebody who takes it as it comes.
    Caller(passthrough::Fetched),
}

/// The line for subscriptions.
struct Line {
    state: LineState,
    tries: u32,
    since: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineState {
    /// Nobody needs it.
    Idle,
    /// May be opened again from then on.
    Down {
        retry_at: Millis,
    },
    Opening,
    Open,
}

impl Engine {
    /// An engine with an empty cache. The seed is for ids and for jitter.
    ///
    /// # Errors
    ///
    /// If the contract that it was compiled with does not fit its own operations.
    pub(crate) fn new(seed: u64) -> Result<Self, BuildError> {
        let cache = Cache::new(Contract)?;
        prepare::check(&cache)?;
        Ok(Self {
            cache,
            rng: Rng::with_seed(seed),
            feeds: BTreeMap::new(),
            ranges: Ranges::default(),
            singles: Singles::default(),
            callers: Callers::default(),
            outbox: Outbox::default(),
            waits: HashMap::new(),
            actions: VecDeque::new(),
            line: Line { state: LineState::Idle, tries: 0, since: 0 },
            next: 0,
        })
    }

    /// What is known, and shown.
    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// What is to be done next, if anything.
    pub(crate) fn poll(&mut self, now: Millis) -> Option<Action> {
        if self.actions.is_empty() {
            self.pump(now);
        }
        self.actions.pop_front()
    }

    /// When to ask again, if nothing happens before.
    pub(crate) fn timeout(&self) -> Option<Millis> {
        let line = match self.line.state {
            LineState::Down { retry_at } => Some(retry_at),
            _ => None,
        };
        let is_open = self.line.state == LineState::Open;
        let feeds = self.feeds.values().filter_map(|it| it.timeout(is_open));
        line.into_iter()
            .chain(feeds)
            .chain(self.ranges.timeout())
            .chain(self.singles.values().filter_map(single_watches::Single::timeout))
            .chain(self.outbox.timeout())
            .min()
    }

    /// A request was answered, or nothing came back.
    pub(crate) fn handle_answer(
        &mut self,
        now: Millis,
        number: RequestNumber,
        answer: Result<&[u8], TransportError>,
    ) {
        match self.waits.remove(&number) {
            Some(Waits::Range(asked)) => self.range_answered(now, asked, answer),
            Some(Waits::One(asked)) => self.one_answered(now, asked, answer),
            Some(Waits::Head(calendar)) => self.head_answered(now, &calendar, answer),
            Some(Waits::Mutation(id)) => self.mutation_answered(now, &id, answer),
            // (Who does not wait any more need not hear it.)
            Some(Waits::Caller(caller)) => _ = caller.send(answer.map(<[u8]>::to_vec)),
            // It was given up meanwhile.
            None => {}
        }
    }

    /// The line for subscriptions is open, or it is not any more.
    pub(crate) fn handle_line(&mut self, now: Millis, is_open: bool) {
        if is_open {
            self.line = Line { state: LineState::Open, tries: 0, since: now };
            self.feeds.values_mut().for_each(|it| it.polls = Polls::default());
            return;
        }
        if self.line.state == LineState::Open {
            self.line.since = now;
        }
        self.line.tries += 1;
        let wait = backoff::after(self.line.tries, &mut self.rng);
        self.line.state = LineState::Down { retry_at: now + wait };
        self.feeds.values_mut().for_each(Feed::is_cut_off);
        self.cut_callers();
    }

    /// Returns whether changes reach this client.
    pub(crate) fn connection_status(
        &self,
        to_wall_time: impl Fn(Millis) -> DateTime,
    ) -> ConnectionStatus {
        match self.line.state {
            LineState::Idle => ConnectionStatus::Idle,
            _ if self.polls_succeed() => ConnectionStatus::Polling,
            LineState::Opening if self.line.tries == 0 => ConnectionStatus::Connecting,
            LineState::Opening | LineState::Down { .. } => {
                ConnectionStatus::Offline { since: to_wall_time(self.line.since) }
            }
            LineState::Open if self.feeds.values().all(Feed::is_live) => ConnectionStatus::Live,
            LineState::Open => ConnectionStatus::Connecting,
        }
    }

    /// Works out what is to be done.
    fn pump(&mut self, now: Millis) {
        self.pump_line(now);
        self.pump_feeds(now);
        self.pump_callers();
        self.pump_polls(now);
        self.pump_singles(now);
        self.pump_ranges(now);
        self.pump_outbox(now);
    }

    /// Opens the line again at once, if it waits for its time.
    fn retry_line(&mut self) {
        if let LineState::Down { retry_at } = &mut self.line.state {
            *retry_at = 0;
        }
        self.feeds.values_mut().for_each(|it| it.polls.retry_at = None);
    }

    fn pump_line(&mut self, now: Millis) {
        let is_due = match self.line.state {
            LineState::Idle => {
                let mut feeds = self.feeds.values();
                !self.callers.is_empty() || feeds.any(|it| it.needs_line(&self.cache))
            }
            LineState::Down { retry_at } => retry_at <= now,
            LineState::Opening | LineState::Open => false,
        };
        if is_due {
            self.line.state = LineState::Opening;
            self.actions.push_back(Action::Connect);
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A new id: a UUID of version 7, so that ids are in the order in which they were made.
    pub(crate) fn new_id(&mut self, at: DateTime) -> String {
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
        let mut random = [0; 10];
        self.rng.fill(&mut random);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        id.to_string()
    }
}
