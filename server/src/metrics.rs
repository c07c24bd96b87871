//! Metrics for Prometheus. Every module may use this one, which depends on none of them.

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

/// The metrics of one server. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<OperationLabels, Histogram>,
    refusals: Family<RefusalLabels, Counter>,
    connections: Gauge,
    rejected_connections: Counter,
    sockets: Gauge,
    commits: Counter,
    subscriptions: Gauge,
    max_lag: Gauge,
    buffered: Gauge,
    log: Gauge,
    database: Gauge,
}

/// The labels of a request. Each has few values, whatever clients send.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: &'static str,
    field: String,
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    mutation: String,
    reason: &'static str,
}

/// Values that are read when the metrics are requested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// The number of commits that changed a calendar, since the server started.
    pub commits: u64,
    /// The number of subscribers.
    pub subscriptions: usize,
    /// The number of changes not yet delivered to the slowest subscriber.
    pub max_lag: u64,
    /// The size of the changes in memory, in bytes.
    pub buffered: usize,
    /// The number of changes in all logs.
    pub log: u64,
    /// The size of the database in bytes.
    pub database: u64,
}

/// Raises a gauge by one until this is dropped.
#[derive(Debug)]
pub struct GaugeGuard(Gauge);

impl GaugeGuard {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        // Buckets from half a millisecond to eight seconds, each twice the last.
        let histogram: fn() -> Histogram = || Histogram::new(exponential_buckets(0.000_5, 2.0, 15));
        let mut counters = Counters {
            registry: Registry::with_prefix("appointments"),
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram),
            refusals: Family::default(),
            connections: Gauge::default(),
            rejected_connections: Counter::default(),
            sockets: Gauge::default(),
            commits: Counter::default(),
            subscriptions: Gauge::default(),
            max_lag: Gauge::default(),
            buffered: Gauge::default(),
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
            "Requests by operation, root field, and outcome: ok or the code of the first error";
        all.register("requests", requests, self.requests.clone());
        let durations = "Time to execute a query or a mutation; subscriptions are not timed";
        all.register_with_unit("request", durations, Unit::Seconds, self.durations.clone());
        let refusals = "Mutations rejected by a rule of the domain, by reason";
        all.register("refusals", refusals, self.refusals.clone());
        all.register(
            "connections",
            "Open connections, including WebSockets",
            self.connections.clone(),
        );
        let rejected = "Connections rejected because of --max-connections";
        all.register("connections_turned_away", rejected, self.rejected_connections.clone());
        all.register("sockets", "Open WebSockets", self.sockets.clone());
        all.register("commits", "Commits that changed a calendar", self.commits.clone());
        let subscriptions = "Open subscriptions, over WebSocket or SSE";
        all.register("subscriptions", subscriptions, self.subscriptions.clone());
        let max_lag = "Changes not yet delivered to the slowest subscriber";
        all.register("slowest_subscriber_behind", max_lag, self.max_lag.clone());
        let buffered = "Size of the changes in memory, for all subscribers together";
        all.register_with_unit("feed_held", buffered, Unit::Bytes, self.buffered.clone());
        all.register("log_changes", "Changes in the logs of all calendars", self.log.clone());
        let database = "Size of the database";
        all.register_with_unit("database", database, Unit::Bytes, self.database.clone());
    }
}

impl Metrics {
    /// Counts a request. `duration` is `None` for requests that are not timed.
    pub fn count_request(
        &self,
        operation: &'static str,
        field: &str,
        outcome: &str,
        duration: Option<Duration>,
    ) {
        let field = field.to_owned();
        let outcome = outcome.to_owned();
        self.0.requests.get_or_create(&RequestLabels { operation, field, outcome }).inc();
        if let Some(duration) = duration {
            self.0
                .durations
                .get_or_create(&OperationLabels { operation })
                .observe(duration.as_secs_f64());
        }
    }

    /// Counts a mutation that a rule of the domain rejected.
    pub fn count_refusal(&self, mutation: &str, reason: &'static str) {
        let mutation = mutation.to_owned();
        self.0.refusals.get_or_create(&RefusalLabels { mutation, reason }).inc();
    }

    /// Counts an open connection until the guard is dropped.
    pub fn count_connection(&self) -> GaugeGuard {
        GaugeGuard::new(&self.0.connections)
    }

    /// Counts a connection that was rejected because of the limit.
    pub fn count_rejected_connection(&self) {
        self.0.rejected_connections.inc();
    }

    /// Counts an open WebSocket until the guard is dropped.
    pub fn count_socket(&self) -> GaugeGuard {
        GaugeGuard::new(&self.0.sockets)
    }

    /// Returns all metrics in the text format of OpenMetrics.
    pub fn text(&self, levels: &Levels) -> String {
        let set = |gauge: &Gauge, value: u64| gauge.set(value.try_into().unwrap_or(i64::MAX));
        self.0.commits.inner().store(levels.commits, Ordering::Relaxed);
        set(&self.0.subscriptions, levels.subscriptions as u64);
        set(&self.0.max_lag, levels.max_lag);
        set(&self.0.buffered, levels.buffered as u64);
        set(&self.0.log, levels.log);
        set(&self.0.database, levels.database);
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.0.registry) {
            tracing::error!(%error, "failed to write the metrics");
        }
        text
    }
}
