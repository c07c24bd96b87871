//! The end of a calendar's log in memory, shared by all its subscribers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::domain::{Change, ChangeKind, Revision};
use crate::store::LogPage;

/// The maximum number of changes in a tail.
const MAX_CHANGES: usize = 128;

/// The maximum size of a tail in memory.
const MAX_BYTES: usize = 128 * 1024;

/// The maximum number of changes that a subscriber takes at once. It holds them until its socket
/// has sent them.
const MAX_BATCH: usize = 16;

/// Measures how much memory all buffered changes take.
#[derive(Clone, Debug, Default)]
pub struct BufferGauge(Arc<AtomicUsize>);

impl BufferGauge {
    /// Returns the size of all buffered changes in bytes. A shared change counts once.
    pub fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Buffers a change, which counts until its last handle is dropped.
    pub(super) fn buffer(&self, change: Change) -> Arc<BufferedChange> {
        let bytes = size(&change);
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Arc::new(BufferedChange { change, bytes, gauge: self.clone() })
    }
}

/// A change in memory, counted by a [`BufferGauge`].
#[derive(Debug)]
pub struct BufferedChange {
    /// The change itself.
    pub change: Change,
    bytes: usize,
    gauge: BufferGauge,
}

impl Drop for BufferedChange {
    fn drop(&mut self) {
        self.gauge.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The result of reading a log after a position.
#[derive(Debug)]
pub(super) enum LogRead {
    /// The next changes in order. There may be more.
    Changes(Vec<Arc<BufferedChange>>),
    /// There are no changes yet.
    Nothing,
    /// The position is not in the log, which ends at this revision.
    Reset(Revision),
    /// The calendar is deleted, so there will be no more changes.
    Gone,
}

/// Every change after `start`, up to and including `end`.
#[derive(Debug)]
pub(super) struct Tail {
    start: Revision,
    end: Revision,
    /// Whether the calendar is deleted, so that the log ends at `end`.
    is_deleted: bool,
    changes: VecDeque<Arc<BufferedChange>>,
    bytes: usize,
}

impl Tail {
    /// Creates an empty tail at a position.
    pub(super) fn new(position: Revision) -> Self {
        Self {
            start: position,
            end: position,
            is_deleted: false,
            changes: VecDeque::new(),
            bytes: 0,
        }
    }

    pub(super) fn end(&self) -> Revision {
        self.end
    }

    /// Appends a page of the log that was read after `self.end`.
    pub(super) fn extend(&mut self, page: LogPage, gauge: &BufferGauge) {
        if page.pruned > self.end {
            // There is a gap: a backup was restored, or the changes in between were pruned.
            *self = Self::new(page.head);
        }
        for change in page.changes {
            if change.revision <= self.end {
                continue;
            }
            self.end = change.revision;
            let change = gauge.buffer(change);
            self.bytes += change.bytes;
            self.changes.push_back(change);
        }
        self.is_deleted = page.deleted && self.end >= page.head;
        while self.changes.len() > MAX_CHANGES || self.bytes > MAX_BYTES {
            let Some(oldest) = self.changes.pop_front() else { break };
            self.bytes -= oldest.bytes;
            self.start = oldest.change.revision;
        }
    }

    /// Reads the changes after `position`. `None` if the position is before the tail.
    pub(super) fn read(&self, position: Revision) -> Option<LogRead> {
        if position > self.end {
            return Some(LogRead::Reset(self.end));
        }
        if position == self.end {
            return Some(if self.is_deleted { LogRead::Gone } else { LogRead::Nothing });
        }
        if position < self.start {
            return None;
        }
        // Revisions have no gaps, so the distance is the index.
        let skip = usize::try_from(position.get() - self.start.get()).unwrap_or(usize::MAX);
        Some(LogRead::Changes(self.changes.iter().skip(skip).take(MAX_BATCH).cloned().collect()))
    }
}

/// Estimates the size of a change in memory, in bytes.
fn size(change: &Change) -> usize {
    let texts = match &change.kind {
        ChangeKind::Created(it) | ChangeKind::Updated(it) => {
            let content = &it.content;
            let attendees = content.attendees.iter().map(|it| {
                size_of_val(it) + it.email.len() + it.name.as_ref().map_or(0, String::len)
            });
            content.title.len()
                + content.description.as_ref().map_or(0, String::len)
                + content.location.as_ref().map_or(0, String::len)
                + attendees.sum::<usize>()
        }
        ChangeKind::CalendarUpdated(it) => it.content.name.len(),
        ChangeKind::Deleted(_) | ChangeKind::CalendarGone => 0,
    };
    size_of::<BufferedChange>() + texts
}
