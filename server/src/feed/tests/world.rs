//! A feed over a log in memory.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;
use uuid::Uuid;

use super::super::{Event, EventKind, Feed, Subscriber, lock};
use crate::domain::{
    Actor, Appointment, AppointmentContent, AppointmentId, AppointmentStatus, CalendarId, Change,
    ChangeKind, Instant, Interval, Revision, Zone,
};
use crate::store::{Hint, LOG_PAGE_ROWS, Log, LogPage, OnCommit, Result, StoreError};

/// The log of one calendar in memory.
#[derive(Default)]
pub(super) struct FakeLog {
    pub(super) state: Mutex<LogState>,
    on_commit: Mutex<Option<OnCommit>>,
    reads: AtomicUsize,
    pub(super) is_unavailable: AtomicBool,
    /// Whether the next read hangs.
    pub(super) hangs_once: AtomicBool,
}

#[derive(Default)]
pub(super) struct LogState {
    pub(super) changes: Vec<Change>,
    pub(super) head: Revision,
    pub(super) pruned: Revision,
}

#[async_trait]
impl Log for FakeLog {
    async fn log_after(&self, _: CalendarId, after: Revision) -> Result<Option<LogPage>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await; // Other tasks may run in between, as with a database.
        if self.hangs_once.swap(false, Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.is_unavailable.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("the database is away".into()));
        }
        let LogState { changes, head, pruned } = &*lock(&self.state);
        let page = changes.iter().filter(|it| it.revision > after).take(LOG_PAGE_ROWS);
        let changes = page.cloned().collect();
        Ok(Some(LogPage { head: *head, pruned: *pruned, deleted: false, changes }))
    }

    fn on_commit(&self, callback: OnCommit) {
        *lock(&self.on_commit) = Some(callback);
    }

    async fn heads(&self, calendars: &[CalendarId]) -> Result<Vec<(CalendarId, Revision)>> {
        let head = lock(&self.state).head;
        Ok(calendars.iter().map(|&it| (it, head)).collect())
    }
}

pub(super) const CALENDAR: CalendarId = CalendarId(Uuid::from_u128(1));

/// A feed over a log that is empty at first.
pub(super) struct World {
    pub(super) log: Arc<FakeLog>,
    pub(super) feed: Feed,
}

impl World {
    pub(super) fn new() -> Self {
        let log = Arc::new(FakeLog::default());
        Self { feed: Feed::start(log.clone()), log }
    }

    /// Commits an appointment that starts at second `start`, and sends the hint.
    pub(super) fn commit(&self, start: i64) -> Revision {
        let head = self.commit_without_hint(start);
        self.hint(head);
        head
    }

    pub(super) fn commit_without_hint(&self, start: i64) -> Revision {
        let mut log = lock(&self.log.state);
        log.head = log.head.next();
        let head = log.head;
        log.changes.push(change(head, start));
        head
    }

    pub(super) fn hint(&self, head: Revision) {
        let on_commit = lock(&self.log.on_commit);
        on_commit.as_ref().unwrap()(Hint::Committed(&[(CALENDAR, head)]));
    }

    /// Prunes all changes up to a revision.
    pub(super) fn prune(&self, up_to: u64) {
        let mut log = lock(&self.log.state);
        log.pruned = revision(up_to);
        log.changes.retain(|it| it.revision > revision(up_to));
    }

    pub(super) async fn subscribe(
        &self,
        after: Option<u64>,
        range: Option<(i64, i64)>,
    ) -> Subscriber {
        let range = range.map(|(start, end)| Interval {
            start: Instant::from_unix(start),
            end: Instant::from_unix(end),
        });
        let after = after.map(revision);
        self.feed.subscribe(&Actor::Anonymous, CALENDAR, range, after).await.unwrap()
    }

    /// Returns the revisions of the changes that affect [50, 150).
    pub(super) fn affecting(&self) -> Vec<Revision> {
        let log = lock(&self.log.state);
        let changes = log.changes.iter().filter(|it| [50, 100].contains(&it.at.unix()));
        changes.map(|it| it.revision).collect()
    }

    pub(super) fn reads(&self) -> usize {
        self.log.reads.load(Ordering::Relaxed)
    }
}

pub(super) fn revision(number: u64) -> Revision {
    Revision::new(number).unwrap()
}

fn change(at: Revision, start: i64) -> Change {
    let start = Instant::from_unix(start);
    let content = AppointmentContent {
        title: format!("at {at}"),
        description: None,
        location: None,
        starts_at: start,
        ends_at: start.plus(1),
        all_day: false,
        time_zone: Zone::UTC,
        status: AppointmentStatus::Confirmed,
        attendees: Vec::new(),
    };
    let appointment = Appointment {
        id: AppointmentId(Uuid::from_u128(at.get().into())),
        calendar_id: CALENDAR,
        revision: at,
        created_at: start,
        updated_at: start,
        content,
    };
    Change {
        calendar_id: CALENDAR,
        revision: at,
        kind: ChangeKind::Created(appointment),
        before: None,
        mutation_id: None,
        actor: Actor::Anonymous,
        at: start,
    }
}

/// Returns the next event in short form. `3>4 bookmark` continues 3 and ends at 4.
pub(super) async fn next_event(subscriber: &mut Subscriber) -> String {
    let Some(event) = subscriber.next().await else { return "end".into() };
    let Event { previous, revision, kind, .. } = event.unwrap();
    let kind = match kind {
        EventKind::Change(buffered) => {
            assert_eq!(buffered.change.revision, revision);
            "change"
        }
        EventKind::Bookmark => "bookmark",
        EventKind::Reset => "reset",
        EventKind::Gone => "gone",
    };
    format!("{previous}>{revision} {kind}")
}

/// Asserts that there is no event yet.
pub(super) async fn expect_no_event(subscriber: &mut Subscriber) {
    let next = timeout(Duration::from_millis(1), subscriber.next());
    assert!(next.await.is_err(), "there is an event");
}
