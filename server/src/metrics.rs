//! What is counted, for Prometheus: a leaf that every room may count in.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The counters of one server.
#[derive(Clone)]
pub struct Metrics(Arc<Counters>);

struct Counters {
    registry: Registry,
    requests: Family<Asked, Counter>,
    durations: Family<Kind, Histogram>,
    refusals: Family<Refused, Counter>,
    connections: Gauge,
    turned_away: Counter,
    sockets: Gauge,
    commits: Counter,
    subscriptions: Gauge,
    behind: Gauge,
    held: Gauge,
    log: Gauge,
    database: Gauge,
}

/// A request. Each label has few values, whatever clients send.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    operation: &'static str,
    field: String,
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    mutation: String,
    reason: &'static str,
}

/// What is looked at when somebody asks, rather than counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// Commits that moved a log, since the server started.
    pub commits: u64,
    /// Subscribers.
    pub subscriptions: usize,
    /// How many changes the slowest of them has still to be told.
    pub behind: u64,
    /// Bytes of changes in memory.
    pub held: usize,
    /// Changes in all logs.
    pub log: u64,
    /// Bytes of the database.
    pub database: u64,
}

/// One more of something, until this is dropped.
pub struct OneMore(Gauge);

impl OneMore {
    fn of(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for OneMore {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        // From half a millisecond, doubled up to eight seconds.
        let histogram: fn() -> Histogram = || Histogram::new(exponential_buckets(0.000_5, 2.0, 15));
        let mut counters = Counters {
            registry: Registry::with_prefix("appointments"),
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram),
            refusals: Family::default(),
            connections: Gauge::default(),
            turned_away: Counter::default(),
            sockets: Gauge::default(),
            commits: Counter::default(),
            subscriptions: Gauge::default(),
            behind: Gauge::default(),
            held: Gauge::default(),
            log: Gauge::default(),
            database: Gauge::default(),
        };
        counters.register();
        Self(Arc::new(counters))
    }
}

impl Counters {
    fn register(&mut self) {
        let Self { registry: all, .. } = self;
        let requests =
            "Requests by kind of operation, its field, and ok or the code of the first error";
        all.register("requests", requests, self.requests.clone());
        let durations =
            "Time from a request that was read to its answer; subscriptions are not timed";
        all.register_with_unit("request", durations, Unit::Seconds, self.durations.clone());
        let refusals = "Mutations to which the domain said no, by reason";
        all.register("refusals", refusals, self.refusals.clone());
        all.register("connections", "Connections, WebSockets among them", self.connections.clone());
        let turned_away = "Connections for which there was no room (--max-connections)";
        all.register("connections_turned_away", turned_away, self.turned_away.clone());
        all.register("sockets", "Open WebSockets", self.sockets.clone());
        all.register("commits", "Commits that moved the log of a calendar", self.commits.clone());
        let subscriptions = "Subscriptions that go on, over WebSockets or as events";
        all.register("subscriptions", subscriptions, self.subscriptions.clone());
        let behind = "Changes that the slowest subscriber has still to be told";
        all.register("slowest_subscriber_behind", behind, self.behind.clone());
        let held = "Changes in memory, for all subscribers together";
        all.register_with_unit("feed_held", held, Unit::Bytes, self.held.clone());
        all.register("log_changes", "Changes that are kept in all logs", self.log.clone());
        let database = "Size of the database";
        all.register_with_unit("database", database, Unit::Bytes, self.database.clone());
    }
}

impl Metrics {
    /// A request was answered; nothing of how long that took for a subscription.
    pub fn asked(
        &self,
        operation: &'static str,
        field: &str,
        outcome: &str,
        took: Option<Duration>,
    ) {
        let (field, outcome) = (field.to_owned(), outcome.to_owned());
        self.0.requests.get_or_create(&Asked { operation, field, outcome }).inc();
        if let Some(took) = took {
            self.0.durations.get_or_create(&Kind { operation }).observe(took.as_secs_f64());
        }
    }

    /// The domain said no.
    pub fn refused(&self, mutation: &str, reason: &'static str) {
        let mutation = mutation.to_owned();
        self.0.refusals.get_or_create(&Refused { mutation, reason }).inc();
    }

    /// A connection, for as long as it is there.
    pub fn connection(&self) -> OneMore {
        OneMore::of(&self.0.connections)
    }

    /// A connection for which there is no room.
    pub fn turned_away(&self) {
        self.0.turned_away.inc();
    }

    /// A WebSocket, for as long as it is there.
    pub fn socket(&self) -> OneMore {
        OneMore::of(&self.0.sockets)
    }

    /// Everything, as Prometheus reads it.
    pub fn text(&self, now: &Levels) -> String {
        let gauge = |of: &Gauge, value: u64| of.set(value.try_into().unwrap_or(i64::MAX));
        self.0.commits.inner().store(now.commits, Ordering::Relaxed);
        gauge(&self.0.subscriptions, now.subscriptions as u64);
        gauge(&self.0.behind, now.behind);
        gauge(&self.0.held, now.held as u64);
        gauge(&self.0.log, now.log);
        gauge(&self.0.database, now.database);
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.0.registry) {
            tracing::error!(%error, "the metrics cannot be written");
        }
        text
    }
}
