//! A hub: the state that all subscribers of one calendar share.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::time::timeout;

use super::followers::{Follower, Followers};
use super::tail::{BufferGauge, LogRead, Tail};
use super::{READ_TIMEOUT, lock};
use crate::domain::{CalendarId, Revision};
use crate::store::{LOG_PAGE_ROWS, Log, LogPage, Result, StoreError};

/// A callback that removes a hub from the feed.
type OnDrop = Box<dyn Fn(CalendarId) + Send + Sync>;

/// The shared state of one calendar's subscribers.
pub(super) struct Hub {
    pub(super) calendar: CalendarId,
    log: Arc<dyn Log>,
    gauge: BufferGauge,
    /// The head of the log according to commits and polls.
    hint: watch::Sender<Revision>,
    /// The end of the log as it was last read. `None` until the first subscriber has read it.
    tail: Mutex<Option<Tail>>,
    /// Locked by the subscriber that reads the log, while the others wait for its result.
    reading: tokio::sync::Mutex<()>,
    followers: Arc<Followers>,
    on_drop: OnDrop,
}

impl Hub {
    pub(super) fn new(
        calendar: CalendarId,
        log: Arc<dyn Log>,
        gauge: BufferGauge,
        on_drop: OnDrop,
    ) -> Self {
        Self {
            calendar,
            log,
            gauge,
            hint: watch::Sender::new(Revision::ZERO),
            tail: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            followers: Arc::default(),
            on_drop,
        }
    }

    /// Wakes the subscribers if `head` is further than the hint.
    pub(super) fn hint(&self, head: Revision) {
        self.hint.send_if_modified(|known| {
            let is_further = head > *known;
            *known = head.max(*known);
            is_further
        });
    }

    /// Adds a subscriber at a position.
    pub(super) fn join(&self, at: Revision) -> Follower {
        self.followers.join(at)
    }

    /// Returns the number of subscribers, and the lag of the slowest one.
    pub(super) fn stats(&self) -> (usize, u64) {
        let (count, slowest) = self.followers.slowest();
        let head = self.hint.borrow().get();
        (count, slowest.map_or(0, |it| head.saturating_sub(it)))
    }

    pub(super) fn hints(&self) -> watch::Receiver<Revision> {
        self.hint.subscribe()
    }

    /// Ensures that there is a tail, and returns the head of the log. `None` if the calendar does
    /// not exist.
    ///
    /// After a restart, clients reconnect with positions that are close to each other. So the first
    /// one makes the tail start at its own position, if that is at most one page back.
    pub(super) async fn open(&self, after: Option<Revision>) -> Result<Option<Revision>> {
        let _reading = self.reading.lock().await;
        let end = lock(&self.tail).as_ref().map(Tail::end);
        if let Some(end) = end {
            return Ok(Some(end.max(*self.hint.borrow())));
        }
        let Some(page) = self.find_page(after.unwrap_or(Revision::MAX)).await? else {
            return Ok(None);
        };
        let head = page.head;
        let start = after.filter(|&it| {
            let distance = head.get().checked_sub(it.get());
            it >= page.pruned && distance.is_some_and(|n| n <= LOG_PAGE_ROWS as u64)
        });
        let mut tail = Tail::new(start.unwrap_or(head));
        tail.extend(page, &self.gauge);
        *lock(&self.tail) = Some(tail);
        self.hint(head);
        Ok(Some(head))
    }

    /// Reads the changes after `position`.
    pub(super) async fn read(&self, position: Revision) -> Result<LogRead> {
        self.catch_up(position).await?;
        if let Some(read) = lock(&self.tail).as_ref().and_then(|it| it.read(position)) {
            return Ok(read);
        }
        // The position is before the tail, so this subscriber reads a page for itself. The page may
        // end after the tail, if the hint of a commit is still on its way.
        let page = self.page(position).await?;
        if position < page.pruned {
            return Ok(LogRead::Reset(page.head));
        }
        Ok(LogRead::Changes(page.changes.into_iter().map(|it| self.gauge.buffer(it)).collect()))
    }

    /// Extends the tail until it reaches the hint and `position`, or the end of the log. One
    /// subscriber reads, and the others use its result.
    async fn catch_up(&self, position: Revision) -> Result<()> {
        while self.outdated_end(position).is_some() {
            let _reading = self.reading.lock().await;
            let Some(end) = self.outdated_end(position) else { break };
            let hinted = *self.hint.borrow();
            let page = self.page(end).await?;
            let head = page.head;
            if let Some(tail) = lock(&self.tail).as_mut() {
                tail.extend(page, &self.gauge);
            }
            if head <= end {
                // The hint is beyond the end of the log: an older file has replaced the database.
                // The hint is lowered, unless it was raised in the meantime.
                self.hint.send_if_modified(|known| {
                    if *known == hinted {
                        *known = hinted.min(end);
                    }
                    false
                });
                break;
            }
        }
        Ok(())
    }

    /// Returns the end of the tail if it is before the hint or before a subscriber's position.
    fn outdated_end(&self, position: Revision) -> Option<Revision> {
        let known = position.max(*self.hint.borrow());
        lock(&self.tail).as_ref().map(Tail::end).filter(|&end| end < known)
    }

    async fn page(&self, after: Revision) -> Result<LogPage> {
        let page = self.find_page(after).await?;
        page.ok_or_else(|| StoreError::Failed("a calendar's row has disappeared".into()))
    }

    /// Reads a page with a time limit, because all subscribers of the calendar wait for it.
    async fn find_page(&self, after: Revision) -> Result<Option<LogPage>> {
        let late = |_| Err(StoreError::Unavailable("reading a log timed out".into()));
        let read = self.log.log_after(self.calendar, after);
        timeout(READ_TIMEOUT, read).await.unwrap_or_else(late)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        (self.on_drop)(self.calendar);
    }
}
