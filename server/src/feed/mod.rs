//! The feed: delivers the changes of calendars to subscribers. A subscriber is a position in a
//! calendar's log (S5).
//!
//! **Hints carry no data.** A commit leaves a hint ("calendar X has reached revision n"), and
//! waiting subscribers read the log. They read it through a short tail in memory, which all
//! subscribers of a calendar share. A lost hint delays events, but loses none. A slow subscriber
//! lags behind in the log instead of filling a queue, so it holds at most one page in memory (S6).

mod followers;
mod hub;
mod subscriber;
mod tail;

use std::collections::HashMap;
use std::fmt;
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

/// How often the heads of all logs with subscribers are read. Polling finds changes whose hint was
/// lost.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The time limit for reading a log. After that the read is repeated.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum number of calendars in one read of heads.
const POLL_BATCH: usize = 1_000;

/// The calendars that have subscribers. The last subscriber of a calendar removes its entry.
type Hubs = Arc<Mutex<HashMap<CalendarId, Weak<Hub>>>>;

/// Delivers changes from the logs of a store to subscribers.
#[derive(Clone)]
pub struct Feed {
    log: Arc<dyn Log>,
    hubs: Hubs,
    gauge: BufferGauge,
    commits: Arc<AtomicU64>,
    /// Notified when hints were lost, so that the next poll starts at once.
    poll_now: Arc<Notify>,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}

/// Statistics of the feed, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedStats {
    /// The number of commits of this server that changed a calendar.
    pub commits: u64,
    /// The number of subscribers.
    pub subscribers: usize,
    /// The number of changes that the slowest subscriber has not received yet.
    pub max_lag: u64,
}

impl Feed {
    /// Starts the feed of a store. From now on, commits wake the subscribers.
    pub fn start(log: Arc<dyn Log>) -> Self {
        let feed = Self {
            log,
            hubs: Hubs::default(),
            gauge: BufferGauge::default(),
            commits: Arc::default(),
            poll_now: Arc::default(),
        };
        let hubs = feed.hubs.clone();
        let commits = feed.commits.clone();
        let poll_now = feed.poll_now.clone();
        feed.log.on_commit(Box::new(move |hint| match hint {
            Hint::Committed(heads) => {
                commits.fetch_add(u64::from(!heads.is_empty()), Ordering::Relaxed);
                wake_subscribers(&hubs, heads);
            }
            Hint::Remote(heads) => wake_subscribers(&hubs, heads),
            Hint::Lost => poll_now.notify_one(),
        }));
        feed
    }

    /// Subscribes to a calendar's changes after `after`, or from now on. With a range, the
    /// subscriber only gets changes that affect it. If the calendar does not exist or the actor may
    /// not see it, the only event is [`EventKind::Gone`].
    pub async fn subscribe(
        &self,
        actor: &Actor,
        calendar: CalendarId,
        range: Option<Interval>,
        after: Option<Revision>,
    ) -> Result<Subscriber> {
        // The hub exists before the log is read, so that no hint is missed in between.
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

    /// Polls the logs of all calendars that have subscribers, in case hints were lost. Never
    /// returns.
    pub async fn poll_forever(self) {
        loop {
            // Continues after the interval, or at once when hints were lost.
            let _ = timeout(POLL_INTERVAL, self.poll_now.notified()).await;
            // A dead connection may not respond for a very long time.
            match timeout(READ_TIMEOUT, self.poll()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "failed to poll change logs"),
                Err(_) => tracing::warn!("timed out while polling change logs"),
            }
        }
    }

    async fn poll(&self) -> Result<()> {
        let calendars: Vec<_> = lock(&self.hubs).keys().copied().collect();
        for batch in calendars.chunks(POLL_BATCH) {
            wake_subscribers(&self.hubs, &self.log.heads(batch).await?);
        }
        Ok(())
    }

    /// Returns the gauge of changes in memory: those in tails, and those that subscribers have read
    /// and not delivered yet.
    pub fn buffered(&self) -> &BufferGauge {
        &self.gauge
    }

    /// Collects statistics without reading a log.
    pub fn stats(&self) -> FeedStats {
        let commits = self.commits.load(Ordering::Relaxed);
        let mut stats = FeedStats { commits, subscribers: 0, max_lag: 0 };
        let hubs: Vec<_> = lock(&self.hubs).values().filter_map(Weak::upgrade).collect();
        for hub in hubs {
            let (subscribers, lag) = hub.stats();
            stats.subscribers += subscribers;
            stats.max_lag = stats.max_lag.max(lag);
        }
        stats
    }

    /// Returns the hub of a calendar, and creates it if necessary.
    fn hub(&self, calendar: CalendarId) -> Arc<Hub> {
        let mut hubs = lock(&self.hubs);
        if let Some(hub) = hubs.get(&calendar).and_then(Weak::upgrade) {
            return hub;
        }
        let on_drop = {
            let hubs = Arc::downgrade(&self.hubs);
            Box::new(move |calendar| {
                if let Some(hubs) = hubs.upgrade() {
                    // A new hub may already have taken the place of the dropped one.
                    let mut hubs = lock(&hubs);
                    if hubs.get(&calendar).is_some_and(|it| it.strong_count() == 0) {
                        hubs.remove(&calendar);
                    }
                }
            })
        };
        let hub = Arc::new(Hub::new(calendar, self.log.clone(), self.gauge.clone(), on_drop));
        hubs.insert(calendar, Arc::downgrade(&hub));
        hub
    }
}

fn wake_subscribers(hubs: &Hubs, heads: &[(CalendarId, Revision)]) {
    for &(calendar, head) in heads {
        // The lock must be released before `hub` is dropped, because the drop of the last handle
        // takes this lock again.
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
