//! Hints between servers: `notify` after a commit, `listen` for those of the others.
//!
//! **A hint carries no truth** (S5), so it may be lost, and is not part of the commit: inside of one, `notify` takes a lock over the
//! whole database. Those of one calendar that wait are told as one. Both ends have a connection of their own, and when
//! one had to be made anew everybody looks at the log.

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

const CHANNEL: &str = "appointments";
/// Hints that wait to be told; more are dropped, and others find out by looking.
const WAITING: usize = 4_096;
/// A line on which nothing comes for so long is asked whether it is alive, and must answer as soon.
const SILENCE: Duration = Duration::from_secs(5);
/// Between two attempts to connect.
const AGAIN: Duration = Duration::from_millis(250);

/// Where commits are told.
#[derive(Clone)]
pub(super) struct Wakeups {
    wake: Arc<OnceLock<OnCommit>>,
    tell: mpsc::Sender<Heads>,
}

type Heads = Vec<(CalendarId, Revision)>;

impl Wakeups {
    /// Starts both ends. When `closed` says so the one ends, and the other when it has told what is left.
    pub(super) fn start(
        options: PgConnectOptions,
        tasks: &TaskTracker,
        closed: &CancellationToken,
    ) -> Self {
        let (tell, told) = mpsc::channel(WAITING);
        let wakeups = Self { wake: Arc::default(), tell };
        // What this server tells comes back to it, and says nothing new.
        let name = Uuid::now_v7();
        tasks.spawn(tell_others(options.clone(), told, name, closed.clone()));
        let listening = listen(options, wakeups.wake.clone(), name);
        tasks.spawn(closed.clone().run_until_cancelled_owned(listening));
        wakeups
    }

    pub(super) fn on_commit(&self, wake: OnCommit) {
        let taken = self.wake.set(wake).is_err();
        debug_assert!(!taken, "a store has one feed");
    }

    /// Wakes those who follow here at once, and those elsewhere as soon as they can be told.
    pub(super) fn committed(&self, heads: Heads) {
        if heads.is_empty() {
            return;
        }
        if let Some(wake) = self.wake.get() {
            wake(Hint::Committed(&heads));
        }
        // (If the queue is full the database is away, or behind by thousands.)
        let _ = self.tell.try_send(heads);
    }
}

/// Tells what has been committed here, also what is left when the store is closed.
async fn tell_others(
    options: PgConnectOptions,
    mut told: mpsc::Receiver<Heads>,
    name: Uuid,
    closed: CancellationToken,
) {
    let mut connection = None;
    loop {
        let first = tokio::select! {
            biased;
            first = told.recv() => first,
            () = closed.cancelled() => None,
        };
        let Some(first) = first else { return };
        let mut heads: HashMap<CalendarId, Revision> = HashMap::new();
        let mut more = Some(first);
        while let Some(some) = more {
            for (calendar, head) in some {
                let known = heads.entry(calendar).or_insert(head);
                *known = head.max(*known);
            }
            more = told.try_recv().ok();
        }
        // At most twice: a line that was lost while nothing was told is noticed only by telling.
        for _ in 0..2 {
            match timeout(SILENCE, notify(&mut connection, &options, name, &heads)).await {
                Ok(Ok(())) => break,
                Ok(Err(error)) => tracing::debug!(%error, "other servers could not be told"),
                Err(_) => tracing::debug!("other servers could not be told in time"),
            }
            connection = None;
        }
    }
}

async fn notify(
    connection: &mut Option<PgConnection>,
    options: &PgConnectOptions,
    name: Uuid,
    heads: &HashMap<CalendarId, Revision>,
) -> sqlx::Result<()> {
    let payloads: Vec<String> =
        heads.iter().map(|(calendar, head)| format!("{name} {} {head}", calendar.0)).collect();
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

/// Hears what others have committed, over as many connections as it takes.
async fn listen(options: PgConnectOptions, wake: Arc<OnceLock<OnCommit>>, name: Uuid) {
    loop {
        match hear(&options, &wake, name).await {
            Ok(()) => tracing::warn!("the line to the database is silent; it is made anew"),
            Err(error) => tracing::warn!(%error, "the line to the database was lost"),
        }
        sleep(AGAIN).await;
    }
}

/// Hears until the line is lost, or answers no more.
async fn hear(
    options: &PgConnectOptions,
    wake: &OnceLock<OnCommit>,
    name: Uuid,
) -> sqlx::Result<()> {
    // A pool of one that makes no second: what is lost is noticed here, and by nobody else.
    let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    let pool = pool.acquire_timeout(SILENCE).connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    let silent = |_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into()));
    timeout(SILENCE, listener.listen(CHANNEL)).await.unwrap_or_else(silent)?;
    let tell = |hint: Hint<'_>| {
        if let Some(wake) = wake.get() {
            wake(hint);
        }
    };
    // What was told before it listened is lost.
    tell(Hint::Lost);
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => {
                if let Some(heard) = read(notification.payload(), name) {
                    tell(Hint::Remote(&[heard]));
                }
            }
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                match timeout(SILENCE, sqlx::query("select 1").execute(&mut listener)).await {
                    Ok(alive) => _ = alive?,
                    Err(_) => return Ok(()),
                }
            }
        }
    }
}

/// A calendar and its head; nothing if it is our own word, or none that we know.
fn read(payload: &str, name: Uuid) -> Option<(CalendarId, Revision)> {
    let mut words = payload.split(' ');
    let by = Uuid::parse_str(words.next()?).ok()?;
    let calendar = Uuid::parse_str(words.next()?).ok()?;
    let head = Revision::new(words.next()?.parse().ok()?)?;
    (by != name).then_some((CalendarId(calendar), head))
}
