//! One subscriber: a position in a log, and what it has been told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::followers::Follower;
use super::hub::Hub;
use super::tail::{BufferedChange, Read};
use crate::domain::{CalendarId, ChangeKind, Interval, Revision};
use crate::store::{Result, StoreError};

/// How long a subscriber may be behind the head because nothing concerned it (S9).
const BOOKMARK_AFTER: Duration = Duration::from_secs(10);

/// While the log cannot be read, it is tried so often. (The feed's looking says in the log that it cannot.)
const AGAIN: Duration = Duration::from_secs(1);

/// What a subscriber is told. Each event continues the one before: `previous` is its revision.
#[derive(Clone, Debug)]
pub struct Event {
    /// Whose log.
    pub calendar_id: CalendarId,
    /// The revision of the event before this one, or where the subscriber started.
    pub previous: Revision,
    /// Everything up to here has been seen.
    pub revision: Revision,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// A change.
    Change(Arc<BufferedChange>),
    /// Nothing more that concerns this subscriber, up to here.
    Bookmark,
    /// The log does not join on: query again.
    Reset,
    /// The calendar is gone; nothing follows.
    Gone,
}

/// The calendar, and the subscriber's place among those who follow it.
struct Followed {
    hub: Arc<Hub>,
    hints: watch::Receiver<Revision>,
    place: Follower,
}

/// Somebody who follows a calendar.
pub struct Subscriber {
    calendar: CalendarId,
    /// Nothing for a calendar that is not there.
    hub: Option<Followed>,
    range: Option<Interval>,
    /// The revision of the last event.
    told: Revision,
    /// Up to where the log was read and delivered, or passed over.
    seen: Revision,
    /// Since when something was passed over that no event has told of.
    behind: Option<Instant>,
    /// Where the log ended when the subscriber came; nothing once it was told that it is there.
    backlog: Option<Revision>,
    /// Read and not delivered: at most one page.
    batch: VecDeque<Arc<BufferedChange>>,
    over: bool,
}

impl Subscriber {
    pub(super) fn new(
        hub: Arc<Hub>,
        range: Option<Interval>,
        after: Option<Revision>,
        head: Revision,
    ) -> Self {
        let start = after.unwrap_or(head);
        let (hints, place) = (hub.hints(), hub.join(start));
        Self {
            calendar: hub.calendar,
            hub: Some(Followed { hub, hints, place }),
            range,
            told: start,
            seen: start,
            behind: None,
            backlog: Some(head),
            batch: VecDeque::new(),
            over: false,
        }
    }

    /// Of a calendar that is not there: it is told so, and no more.
    pub(super) fn for_missing_calendar(calendar: CalendarId, start: Revision) -> Self {
        Self {
            calendar,
            hub: None,
            range: None,
            told: start,
            seen: start,
            behind: None,
            backlog: None,
            batch: VecDeque::new(),
            over: false,
        }
    }

    /// The next event, when there is one; `None` when there will be none. A store that is away for a while is waited for. After
    /// an error there is none either: whoever wants to go on subscribes again with the last revision.
    pub async fn next(&mut self) -> Option<Result<Event>> {
        let event = self.next_event().await;
        self.over |= event.is_err();
        event.transpose()
    }

    async fn next_event(&mut self) -> Result<Option<Event>> {
        while !self.over {
            if let Some(event) = self.deliver() {
                return Ok(Some(event));
            }
            let Some(followed) = &self.hub else {
                return Ok(Some(self.end()));
            };
            followed.place.set_position(self.seen);
            let read = match followed.hub.read(self.seen).await {
                Err(StoreError::Unavailable(_)) => {
                    // It will be back; whoever follows is late then, and has missed nothing.
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
                read => read?,
            };
            match read {
                Read::Changes(changes) => self.batch = changes.into(),
                Read::Reset(head) => {
                    (self.seen, self.backlog) = (head, None);
                    return Ok(Some(self.tell(EventKind::Reset)));
                }
                Read::Gone => return Ok(Some(self.end())),
                Read::Nothing if self.at_the_end_of_the_backlog() => {
                    return Ok(Some(self.bookmark()));
                }
                Read::Nothing => {
                    if !self.wait().await {
                        return Ok(Some(self.bookmark()));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The next event that needs no reading.
    fn deliver(&mut self) -> Option<Event> {
        while !self.batch.is_empty() {
            if self.at_the_end_of_the_backlog() || self.is_long_behind() {
                return Some(self.bookmark());
            }
            let change = self.batch.pop_front()?;
            self.seen = change.change.revision;
            self.over = matches!(change.change.kind, ChangeKind::CalendarGone);
            if self.range.is_none_or(|range| change.change.affects(&range)) {
                return Some(self.tell(EventKind::Change(change)));
            }
            self.behind.get_or_insert_with(Instant::now);
        }
        None
    }

    fn at_the_end_of_the_backlog(&self) -> bool {
        self.backlog.is_some_and(|end| self.seen >= end)
    }

    fn is_long_behind(&self) -> bool {
        self.behind.is_some_and(|since| since.elapsed() >= BOOKMARK_AFTER)
    }

    /// Waits for the log to go on; `false` if a bookmark is due first.
    async fn wait(&mut self) -> bool {
        let seen = self.seen;
        let Some(Followed { hints, .. }) = &mut self.hub else { return true };
        // The hub that we hold has the other end, so that waiting cannot fail.
        let further = hints.wait_for(|&head| head > seen);
        match self.behind {
            None => further.await.is_ok(),
            Some(since) => tokio::time::timeout_at(since + BOOKMARK_AFTER, further).await.is_ok(),
        }
    }

    fn bookmark(&mut self) -> Event {
        self.backlog = None;
        self.tell(EventKind::Bookmark)
    }

    fn end(&mut self) -> Event {
        self.over = true;
        self.tell(EventKind::Gone)
    }

    fn tell(&mut self, kind: EventKind) -> Event {
        self.behind = None;
        if let Some(followed) = &self.hub {
            followed.place.set_position(self.seen);
        }
        let previous = std::mem::replace(&mut self.told, self.seen);
        Event { calendar_id: self.calendar, previous, revision: self.seen, kind }
    }
}
