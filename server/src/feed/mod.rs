//! Who is told what: a subscriber is a position in a calendar's log (S5).
//!
//! **The fan-out carries no truth.** A commit leaves a hint ("calendar X has reached revision n"),
//! and whoever waits reads the log, through a short tail in memory that all subscribers of a
//! calendar share. A lost hint costs latency, never an event. A slow subscriber is behind in the
//! log, not ahead in a queue, so it costs one page of it at the most (S6).

mod followers;
mod hub;
mod subscriber;
mod tail;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::domain::{Actor, CalendarId, Interval, Revision};
use crate::store::{Hint, Log, Result};

use hub::Hub;
pub use subscriber::{Event, EventKind, Subscriber};
pub use tail::BufferGauge;

/// How long a hint may be lost: writers in another process are noticed by looking.
const LOOK: Duration = Duration::from_secs(2);

/// Whoever reads and gets nothing for so long gives up, and reads again.
const PATIENCE: Duration = Duration::from_secs(10);

/// The calendars that somebody follows. An entry goes when its last subscriber has gone.
type Hubs = Arc<Mutex<HashMap<CalendarId, Weak<Hub>>>>;

/// The logs, for those who follow them.
#[derive(Clone)]
pub struct Feed {
    log: Arc<dyn Log>,
    hubs: Hubs,
    held: BufferGauge,
    commits: Arc<AtomicU64>,
    /// Hints were lost: it is time to look.
    looks: Arc<Notify>,
}

/// How the feed is, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedStats {
    /// Commits that moved a log.
    pub commits: u64,
    /// Subscribers.
    pub subscribers: usize,
    /// How many changes the slowest of them has still to be told.
    pub max_lag: u64,
}

impl Feed {
    /// The feed of a store's logs; from now on its commits wake those who follow them.
    pub fn start(log: Arc<dyn Log>) -> Self {
        let (hubs, commits) = (Hubs::default(), Arc::<AtomicU64>::default());
        let (woken, counted) = (hubs.clone(), commits.clone());
        let lost = Arc::<Notify>::default();
        let looks = lost.clone();
        log.on_commit(Box::new(move |hint| match hint {
            Hint::Committed(heads) => {
                counted.fetch_add(u64::from(!heads.is_empty()), Ordering::Relaxed);
                wake(&woken, heads);
            }
            Hint::Remote(heads) => wake(&woken, heads),
            Hint::Lost => lost.notify_one(),
        }));
        Self { log, hubs, held: BufferGauge::default(), commits, looks }
    }

    /// Follows a calendar from `after`, or from now. With a range only changes that concern it are
    /// told. A calendar that is not there, or may not be seen, is gone.
    pub async fn subscribe(
        &self,
        actor: &Actor,
        calendar: CalendarId,
        range: Option<Interval>,
        after: Option<Revision>,
    ) -> Result<Subscriber> {
        // The hub is entered before the log is read, so that no commit falls in between.
        let hub = actor.may_see(calendar).then(|| self.hub(calendar));
        let head = match &hub {
            Some(hub) => hub.open(after).await?,
            None => None,
        };
        Ok(match (hub, head) {
            (Some(hub), Some(head)) => Subscriber::new(hub, range, after, head),
            _ => Subscriber::for_missing_calendar(calendar, after.unwrap_or(Revision::ZERO)),
        })
    }

    /// Looks at the logs of all calendars that somebody follows, again and again: the net under
    /// the hints.
    pub async fn poll_forever(self) {
        loop {
            // (Whichever comes first.)
            let _ = timeout(LOOK, self.looks.notified()).await;
            // (A line to the database that is dead and does not know it answers nothing, for very long.)
            match timeout(PATIENCE, self.look()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "could not look at the logs"),
                Err(_) => tracing::warn!("could not look at the logs in time"),
            }
        }
    }

    async fn look(&self) -> Result<()> {
        let followed: Vec<_> = lock(&self.hubs).keys().copied().collect();
        for some in followed.chunks(1_000) {
            wake(&self.hubs, &self.log.heads(some).await?);
        }
        Ok(())
    }

    /// What the feed holds in memory: the tails, and what subscribers have read and not delivered.
    pub fn buffered(&self) -> &BufferGauge {
        &self.held
    }

    /// How it is, as far as is known without reading a log.
    pub fn stats(&self) -> FeedStats {
        let commits = self.commits.load(Ordering::Relaxed);
        let mut standing = FeedStats { commits, subscribers: 0, max_lag: 0 };
        let hubs: Vec<_> = lock(&self.hubs).values().filter_map(Weak::upgrade).collect();
        for hub in hubs {
            let (followers, behind) = hub.standing();
            standing.subscribers += followers;
            standing.max_lag = standing.max_lag.max(behind);
        }
        standing
    }

    fn hub(&self, calendar: CalendarId) -> Arc<Hub> {
        let mut hubs = lock(&self.hubs);
        if let Some(hub) = hubs.get(&calendar).and_then(Weak::upgrade) {
            return hub;
        }
        let leave = {
            let hubs = Arc::downgrade(&self.hubs);
            Box::new(move |calendar| {
                if let Some(hubs) = hubs.upgrade() {
                    // Somebody new may have come while the last one was leaving.
                    let mut hubs = lock(&hubs);
                    if hubs.get(&calendar).is_some_and(|it| it.strong_count() == 0) {
                        hubs.remove(&calendar);
                    }
                }
            })
        };
        let hub = Arc::new(Hub::new(calendar, self.log.clone(), self.held.clone(), leave));
        hubs.insert(calendar, Arc::downgrade(&hub));
        hub
    }
}

fn wake(hubs: &Hubs, heads: &[(CalendarId, Revision)]) {
    for &(calendar, head) in heads {
        // Bound first: dropping the last handle of a hub takes this lock again.
        let hub = lock(hubs).get(&calendar).and_then(Weak::upgrade);
        if let Some(hub) = hub {
            hub.hint(head);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
