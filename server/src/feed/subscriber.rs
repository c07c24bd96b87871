//! A subscriber: a position in a calendar's log.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::followers::Follower;
use super::hub::Hub;
use super::tail::{BufferedChange, LogRead};
use crate::domain::{CalendarId, ChangeKind, Interval, Revision};
use crate::store::{Result, StoreError};

/// The time after which a subscriber that has only skipped changes gets a bookmark (S9).
const BOOKMARK_AFTER: Duration = Duration::from_secs(10);

/// The delay between reads while the log is unavailable. The feed's polling logs the error.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// An event for a subscriber. Each event continues the one before.
#[derive(Clone, Debug)]
pub struct Event {
    /// The calendar of the subscription.
    pub calendar_id: CalendarId,
    /// The revision of the event before this one, or the start of the subscription.
    pub previous: Revision,
    /// The subscriber has now received everything up to this revision.
    pub revision: Revision,
    /// The kind of the event.
    pub kind: EventKind,
}

/// The kind of an event.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// A change that affects the subscriber's range.
    Change(Arc<BufferedChange>),
    /// There are no more changes for this subscriber up to the event's revision.
    Bookmark,
    /// The subscriber's position is not in the log; it must query again.
    Reset,
    /// The calendar does not exist, or not any more. This is the last event.
    Gone,
}

/// A subscriber's connection to the hub of its calendar.
struct HubLink {
    hub: Arc<Hub>,
    hints: watch::Receiver<Revision>,
    follower: Follower,
}

/// A subscription to one calendar.
pub struct Subscriber {
    calendar: CalendarId,
    /// `None` if the calendar does not exist.
    link: Option<HubLink>,
    range: Option<Interval>,
    /// The revision of the last event.
    delivered: Revision,
    /// The position in the log; changes up to here were delivered or skipped.
    read_to: Revision,
    /// The time since which changes were skipped without an event. `None` if there are none.
    skipped_since: Option<Instant>,
    /// The head of the log when the subscription began. `None` after the backlog up to it was
    /// delivered.
    backlog: Option<Revision>,
    /// Changes that were read and not delivered yet; at most one page.
    batch: VecDeque<Arc<BufferedChange>>,
    has_ended: bool,
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber").field("calendar", &self.calendar).finish_non_exhaustive()
    }
}

impl Subscriber {
    pub(super) fn new(
        hub: Arc<Hub>,
        range: Option<Interval>,
        after: Option<Revision>,
        head: Revision,
    ) -> Self {
        let start = after.unwrap_or(head);
        let calendar = hub.calendar;
        let hints = hub.hints();
        let follower = hub.join(start);
        let link = Some(HubLink { hub, hints, follower });
        Self { link, range, backlog: Some(head), ..Self::for_missing_calendar(calendar, start) }
    }

    /// Creates a subscriber of a calendar that does not exist. Its only event is
    /// [`EventKind::Gone`].
    pub(super) fn for_missing_calendar(calendar: CalendarId, start: Revision) -> Self {
        Self {
            calendar,
            link: None,
            range: None,
            delivered: start,
            read_to: start,
            skipped_since: None,
            backlog: None,
            batch: VecDeque::new(),
            has_ended: false,
        }
    }

    /// Waits for the next event. While the store is unavailable, this keeps waiting. Returns `None`
    /// after [`EventKind::Gone`] and after an error; the client then subscribes again with its last
    /// revision.
    pub async fn next(&mut self) -> Option<Result<Event>> {
        let event = self.next_event().await;
        self.has_ended |= event.is_err();
        event.transpose()
    }

    async fn next_event(&mut self) -> Result<Option<Event>> {
        while !self.has_ended {
            if let Some(event) = self.next_from_batch() {
                return Ok(Some(event));
            }
            let Some(link) = &self.link else {
                return Ok(Some(self.end()));
            };
            link.follower.set_position(self.read_to);
            let read = match link.hub.read(self.read_to).await {
                Err(StoreError::Unavailable(_)) => {
                    // No change is lost: the position stays the same until the store is back.
                    tokio::time::sleep(RETRY_DELAY).await;
                    continue;
                }
                result => result?,
            };
            match read {
                LogRead::Changes(changes) => self.batch = changes.into(),
                LogRead::Reset(head) => {
                    self.read_to = head;
                    self.backlog = None;
                    return Ok(Some(self.event(EventKind::Reset)));
                }
                LogRead::Gone => return Ok(Some(self.end())),
                LogRead::Nothing => {
                    if self.is_backlog_delivered() || !self.wait_for_hint().await {
                        return Ok(Some(self.bookmark()));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Returns the next event that needs no further read.
    fn next_from_batch(&mut self) -> Option<Event> {
        while !self.batch.is_empty() {
            if self.is_backlog_delivered() || self.is_bookmark_due() {
                return Some(self.bookmark());
            }
            let change = self.batch.pop_front()?;
            self.read_to = change.change.revision;
            self.has_ended = matches!(change.change.kind, ChangeKind::CalendarGone);
            if self.range.is_none_or(|range| change.change.affects(&range)) {
                return Some(self.event(EventKind::Change(change)));
            }
            self.skipped_since.get_or_insert_with(Instant::now);
        }
        None
    }

    /// Whether a bookmark must tell the subscriber that it has received the backlog.
    fn is_backlog_delivered(&self) -> bool {
        self.backlog.is_some_and(|end| self.read_to >= end)
    }

    fn is_bookmark_due(&self) -> bool {
        self.skipped_since.is_some_and(|since| since.elapsed() >= BOOKMARK_AFTER)
    }

    /// Waits until the log continues. Returns `false` if a bookmark is due first.
    async fn wait_for_hint(&mut self) -> bool {
        let read_to = self.read_to;
        let Some(HubLink { hints, .. }) = &mut self.link else { return true };
        // The link keeps the hub, and with it the sender, alive. So waiting cannot fail.
        let hint = hints.wait_for(|&head| head > read_to);
        match self.skipped_since {
            None => hint.await.is_ok(),
            Some(since) => tokio::time::timeout_at(since + BOOKMARK_AFTER, hint).await.is_ok(),
        }
    }

    fn bookmark(&mut self) -> Event {
        self.backlog = None;
        self.event(EventKind::Bookmark)
    }

    fn end(&mut self) -> Event {
        self.has_ended = true;
        self.event(EventKind::Gone)
    }

    /// Creates an event at the current position.
    fn event(&mut self, kind: EventKind) -> Event {
        self.skipped_since = None;
        if let Some(link) = &self.link {
            link.follower.set_position(self.read_to);
        }
        let previous = std::mem::replace(&mut self.delivered, self.read_to);
        Event { calendar_id: self.calendar, previous, revision: self.read_to, kind }
    }
}
