//! Hints between replicas: `notify` after a commit, `listen` for commits of other replicas.
//!
//! **A hint carries no data** (S5), so it may be lost. It is not part of the commit, because
//! `notify` in a transaction takes a lock on the whole database. Waiting hints for one calendar are
//! merged. The sender and the listener have their own connections. When the listener has
//! reconnected, the feed checks the log of every calendar that has subscribers.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::super::{Hint, OnCommit};
use crate::domain::{CalendarId, Revision};

/// The channel of `notify` and `listen`.
const CHANNEL: &str = "appointments";
/// The maximum number of commits that wait for `notify`. Further hints are dropped; other replicas
/// find those changes when they poll.
const MAX_WAITING: usize = 4_096;
/// A listening connection that receives nothing for this time is pinged.
const PING_INTERVAL: Duration = Duration::from_secs(5);
/// The time limit for every request to the database.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The delay before the listener reconnects.
const RECONNECT_DELAY: Duration = Duration::from_millis(250);

/// Passes the hints of this replica's commits to its own feed and to the other replicas.
#[derive(Clone)]
pub(super) struct Notifier {
    on_commit: Arc<OnceLock<OnCommit>>,
    waiting: mpsc::Sender<Heads>,
}

/// The new heads of changed logs.
type Heads = Vec<(CalendarId, Revision)>;

impl Notifier {
    /// Starts the sender and the listener. When `closed` is cancelled, the listener ends, and the
    /// sender ends after the waiting hints.
    pub(super) fn start(
        options: PgConnectOptions,
        tasks: &TaskTracker,
        closed: &CancellationToken,
    ) -> Self {
        let (waiting, receiver) = mpsc::channel(MAX_WAITING);
        let notifier = Self { on_commit: Arc::default(), waiting };
        // The listener also receives this replica's own hints. It ignores them by this id.
        let replica = Uuid::now_v7();
        tasks.spawn(send_hints(options.clone(), receiver, replica, closed.clone()));
        let listening = listen(options, notifier.on_commit.clone(), replica);
        tasks.spawn(closed.clone().run_until_cancelled_owned(listening));
        notifier
    }

    pub(super) fn on_commit(&self, callback: OnCommit) {
        let is_set = self.on_commit.set(callback).is_err();
        debug_assert!(!is_set, "a store has one feed");
    }

    /// Notifies the feed of this replica at once, and the other replicas soon.
    pub(super) fn notify(&self, heads: Heads) {
        if heads.is_empty() {
            return;
        }
        if let Some(on_commit) = self.on_commit.get() {
            on_commit(Hint::Committed(&heads));
        }
        // If the queue is full, the database is away or far behind. The hint is dropped.
        let _ = self.waiting.try_send(heads);
    }
}

/// Sends the hints of this replica's commits. After the store is closed, it sends the waiting ones.
async fn send_hints(
    options: PgConnectOptions,
    mut waiting: mpsc::Receiver<Heads>,
    replica: Uuid,
    closed: CancellationToken,
) {
    let mut connection = None;
    loop {
        let first = tokio::select! {
            biased;
            first = waiting.recv() => first,
            () = closed.cancelled() => None,
        };
        let Some(first) = first else { return };
        let heads = merge(first, &mut waiting);
        // A lost connection is only noticed by sending, so the first attempt may fail.
        for _ in 0..2 {
            let send = send_once(&mut connection, &options, replica, &heads);
            match timeout(RESPONSE_TIMEOUT, send).await {
                Ok(Ok(())) => break,
                Ok(Err(error)) => tracing::debug!(%error, "failed to notify other replicas"),
                Err(_) => tracing::debug!("timed out while notifying other replicas"),
            }
            connection = None;
        }
    }
}

/// Merges all waiting hints, so that each calendar has one head.
fn merge(first: Heads, waiting: &mut mpsc::Receiver<Heads>) -> HashMap<CalendarId, Revision> {
    let mut merged = HashMap::new();
    let mut next = Some(first);
    while let Some(heads) = next {
        for (calendar, head) in heads {
            let known = merged.entry(calendar).or_insert(head);
            *known = head.max(*known);
        }
        next = waiting.try_recv().ok();
    }
    merged
}

async fn send_once(
    connection: &mut Option<PgConnection>,
    options: &PgConnectOptions,
    replica: Uuid,
    heads: &HashMap<CalendarId, Revision>,
) -> sqlx::Result<()> {
    let payloads: Vec<String> =
        heads.iter().map(|(calendar, head)| format!("{replica} {} {head}", calendar.0)).collect();
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(options.connect().await?),
    };
    sqlx::query("select pg_notify($1, it) from unnest($2::text[]) it")
        .bind(CHANNEL)
        .bind(payloads)
        .execute(connection)
        .await?;
    Ok(())
}

/// Receives the hints of other replicas, and reconnects whenever the connection is lost.
async fn listen(options: PgConnectOptions, on_commit: Arc<OnceLock<OnCommit>>, replica: Uuid) {
    loop {
        match receive_hints(&options, &on_commit, replica).await {
            Ok(()) => tracing::warn!("the database connection does not respond; reconnecting"),
            Err(error) => tracing::warn!(%error, "the database connection was lost; reconnecting"),
        }
        sleep(RECONNECT_DELAY).await;
    }
}

/// Receives hints until the connection fails. Returns `Ok` if it was closed or does not respond.
async fn receive_hints(
    options: &PgConnectOptions,
    on_commit: &OnceLock<OnCommit>,
    replica: Uuid,
) -> sqlx::Result<()> {
    // A pool with one connection cannot reconnect in the background, so a loss is noticed here.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(RESPONSE_TIMEOUT)
        .connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    let late = |_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into()));
    timeout(RESPONSE_TIMEOUT, listener.listen(CHANNEL)).await.unwrap_or_else(late)?;
    let notify_feed = |hint: Hint<'_>| {
        if let Some(on_commit) = on_commit.get() {
            on_commit(hint);
        }
    };
    // Hints from before `listen` are lost.
    notify_feed(Hint::Lost);
    loop {
        match timeout(PING_INTERVAL, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => {
                if let Some(head) = parse_hint(notification.payload(), replica) {
                    notify_feed(Hint::Remote(&[head]));
                }
            }
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                let ping = sqlx::query("select 1").execute(&mut listener);
                match timeout(RESPONSE_TIMEOUT, ping).await {
                    Ok(response) => _ = response?,
                    Err(_) => return Ok(()),
                }
            }
        }
    }
}

/// Parses a calendar and its head. Returns `None` for this replica's own hint and for an unknown
/// format.
fn parse_hint(payload: &str, this_replica: Uuid) -> Option<(CalendarId, Revision)> {
    let mut words = payload.split(' ');
    let replica = Uuid::parse_str(words.next()?).ok()?;
    let calendar = Uuid::parse_str(words.next()?).ok()?;
    let head = Revision::new(words.next()?.parse().ok()?)?;
    (replica != this_replica).then_some((CalendarId(calendar), head))
}
