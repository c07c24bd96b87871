//! What all subscribers of one calendar share: the hint, and the tail of the log.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::time::timeout;

use super::followers::{Follower, Followers};
use super::tail::{BufferGauge, Read, Tail};
use super::{PATIENCE, lock};
use crate::domain::{CalendarId, Revision};
use crate::store::{LOG_PAGE_ROWS, Log, LogPage, Result, StoreError};

/// One calendar that somebody follows.
pub(super) struct Hub {
    pub(super) calendar: CalendarId,
    log: Arc<dyn Log>,
    held: BufferGauge,
    /// How far the log is said to reach. Raised by commits and by looking; never lowered.
    hint: watch::Sender<Revision>,
    /// The end of the log as it was last read; nothing until the first subscriber has read.
    tail: Mutex<Option<Tail>>,
    /// Held by whoever reads the log on behalf of all, so that the others wait instead.
    reading: tokio::sync::Mutex<()>,
    followers: Arc<Followers>,
    leave: Box<dyn Fn(CalendarId) + Send + Sync>,
}

impl Hub {
    pub(super) fn new(
        calendar: CalendarId,
        log: Arc<dyn Log>,
        held: BufferGauge,
        leave: Box<dyn Fn(CalendarId) + Send + Sync>,
    ) -> Self {
        let (hint, _) = watch::channel(Revision::ZERO);
        let (tail, reading) = (Mutex::default(), tokio::sync::Mutex::default());
        let followers = Arc::default();
        Self { calendar, log, held, hint, tail, reading, followers, leave }
    }

    /// The log is said to reach `head`.
    pub(super) fn hint(&self, head: Revision) {
        self.hint.send_if_modified(|known| {
            let further = head > *known;
            *known = head.max(*known);
            further
        });
    }

    /// A subscriber, at a position.
    pub(super) fn join(&self, at: Revision) -> Follower {
        self.followers.join(at)
    }

    /// How many subscribers there are, and how far the last of them is behind.
    pub(super) fn standing(&self) -> (usize, u64) {
        let (followers, last) = self.followers.last();
        let head = self.hint.borrow().get();
        (followers, last.map_or(0, |it| head.saturating_sub(it)))
    }

    pub(super) fn hints(&self) -> watch::Receiver<Revision> {
        self.hint.subscribe()
    }

    /// Makes sure that there is a tail, and answers where the log ends; `None` if there is no such
    /// calendar. Those who come back after a restart come with positions close to each other: the
    /// first of them makes the tail reach back to its own.
    pub(super) async fn open(&self, after: Option<Revision>) -> Result<Option<Revision>> {
        let _reading = self.reading.lock().await;
        let known = lock(&self.tail).as_ref().map(Tail::end);
        if let Some(end) = known {
            return Ok(Some(end.max(*self.hint.borrow())));
        }
        let Some(page) = self.page_if_any(after.unwrap_or(Revision::MAX)).await? else {
            return Ok(None);
        };
        let head = page.head;
        let close = after.filter(|&it| {
            it >= page.pruned
                && head.get().checked_sub(it.get()).is_some_and(|n| n <= LOG_PAGE_ROWS as u64)
        });
        let mut tail = Tail::at(close.unwrap_or(head));
        tail.extend(page, &self.held);
        *lock(&self.tail) = Some(tail);
        self.hint(head);
        Ok(Some(head))
    }

    /// What the log has after `position`.
    pub(super) async fn read(&self, position: Revision) -> Result<Read> {
        self.catch_up(position).await?;
        if let Some(read) = lock(&self.tail).as_ref().and_then(|it| it.after(position)) {
            return Ok(read);
        }
        // Further back than the tail: a page for this subscriber alone. It may reach further than
        // the tail, if a commit's hint is still on its way.
        let page = self.page(position).await?;
        if position < page.pruned {
            return Ok(Read::Reset(page.head));
        }
        Ok(Read::Changes(page.changes.into_iter().map(|it| self.held.hold(it)).collect()))
    }

    /// Reads until the tail has reached the hint and `position`, or the end of the log: one
    /// subscriber reads, the others find it read.
    async fn catch_up(&self, position: Revision) -> Result<()> {
        while self.behind(position).is_some() {
            let _reading = self.reading.lock().await;
            let Some(end) = self.behind(position) else { break };
            let hinted = *self.hint.borrow();
            let page = self.page(end).await?;
            let head = page.head;
            if let Some(tail) = lock(&self.tail).as_mut() {
                tail.extend(page, &self.held);
            }
            if head <= end {
                // A hint that speaks of what is not there: somebody has put an older file in place.
                self.hint.send_if_modified(|known| {
                    *known = if *known == hinted { hinted.min(end) } else { *known };
                    false
                });
                break;
            }
        }
        Ok(())
    }

    /// Where the tail ends, if that is behind the hint or a position that somebody has reached.
    fn behind(&self, position: Revision) -> Option<Revision> {
        let known = position.max(*self.hint.borrow());
        lock(&self.tail).as_ref().map(Tail::end).filter(|&end| end < known)
    }

    async fn page(&self, after: Revision) -> Result<LogPage> {
        let page = self.page_if_any(after).await?;
        page.ok_or_else(|| StoreError::Failed("a calendar's row went away".into()))
    }

    /// Reads, and gives up in time: all who follow the calendar wait for whoever reads.
    async fn page_if_any(&self, after: Revision) -> Result<Option<LogPage>> {
        let late = |_| Err(StoreError::Unavailable("a log was not read in time".into()));
        let reading = self.log.log_after(self.calendar, after);
        timeout(PATIENCE, reading).await.unwrap_or_else(late)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        (self.leave)(self.calendar);
    }
}
