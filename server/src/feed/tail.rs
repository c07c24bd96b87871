//! The end of a calendar's log, in memory, for all who follow it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::domain::{Change, ChangeKind, Revision};
use crate::store::LogPage;

/// The most that a tail holds: changes, and bytes.
const MOST: (usize, usize) = (128, 128 * 1024);

/// The most that a subscriber takes at once: it holds them until its socket has taken them.
const TAKEN: usize = 16;

/// How many bytes of changes are in memory, all together.
#[derive(Clone, Debug, Default)]
pub struct BufferGauge(Arc<AtomicUsize>);

impl BufferGauge {
    /// The sum of the sizes of the changes that are held, each counted once.
    pub fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts a change for as long as anybody holds it.
    pub(super) fn hold(&self, change: Change) -> Arc<BufferedChange> {
        let bytes = size(&change);
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Arc::new(BufferedChange { change, bytes, held: self.clone() })
    }
}

/// A change in memory, and its share of [`BufferGauge`].
#[derive(Debug)]
pub struct BufferedChange {
    /// The change.
    pub change: Change,
    bytes: usize,
    held: BufferGauge,
}

impl Drop for BufferedChange {
    fn drop(&mut self) {
        self.held.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What the log has after a position.
#[derive(Debug)]
pub(super) enum Read {
    /// Changes, revision by revision; perhaps not all of them.
    Changes(Vec<Arc<BufferedChange>>),
    /// Nothing yet.
    Nothing,
    /// The log does not join on to the position; it ends here.
    Reset(Revision),
    /// Nothing, ever.
    Gone,
}

/// Every change after `from`, up to and including `end`.
#[derive(Debug)]
pub(super) struct Tail {
    from: Revision,
    end: Revision,
    /// Whether the log ends at `end` for good.
    gone: bool,
    changes: VecDeque<Arc<BufferedChange>>,
    bytes: usize,
}

impl Tail {
    /// An empty tail at a position.
    pub(super) fn at(position: Revision) -> Self {
        Self { from: position, end: position, gone: false, changes: VecDeque::new(), bytes: 0 }
    }

    pub(super) fn end(&self) -> Revision {
        self.end
    }

    /// Takes what the log has after `self.end`, as read from there.
    pub(super) fn extend(&mut self, page: LogPage, held: &BufferGauge) {
        if page.pruned > self.end {
            // The log no longer joins on: a restore, or nobody has read for longer than it is kept.
            *self = Self::at(page.head);
        }
        for change in page.changes {
            if change.revision <= self.end {
                continue;
            }
            self.end = change.revision;
            let change = held.hold(change);
            self.bytes += change.bytes;
            self.changes.push_back(change);
        }
        self.gone = page.deleted && self.end >= page.head;
        while self.changes.len() > MOST.0 || self.bytes > MOST.1 {
            let Some(oldest) = self.changes.pop_front() else { break };
            self.bytes -= oldest.bytes;
            self.from = oldest.change.revision;
        }
    }

    /// What comes after `position`; `None` if the tail does not reach back to it.
    pub(super) fn after(&self, position: Revision) -> Option<Read> {
        if position > self.end {
            return Some(Read::Reset(self.end));
        }
        if position == self.end {
            return Some(if self.gone { Read::Gone } else { Read::Nothing });
        }
        if position < self.from {
            return None;
        }
        // Revisions are dense, so the distance is the index.
        let skip = usize::try_from(position.get() - self.from.get()).unwrap_or(usize::MAX);
        Some(Read::Changes(self.changes.iter().skip(skip).take(TAKEN).cloned().collect()))
    }
}

/// About how much memory a change takes.
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
