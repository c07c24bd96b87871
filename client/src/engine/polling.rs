//! Polls: how changes are noticed where no line gets through, as behind some proxies (C15).
//!
//! A poll asks a calendar how far it is. If it is elsewhere than at the last poll, that is a reset: what is
//! watched is asked for again. Nothing is followed meanwhile, so answers need not wait for events
//! that do not come.

use cynic::QueryBuilder;

use super::{Action, Engine, LineState, Millis, RequestNumber, Waits, backoff};
use crate::model::error::TransportError;
use crate::model::scalars::{DateTime, Revision};
use crate::wire::operations::{HeadQuery, RangeVariables, TimeRange};
use crate::wire::response;

/// A line that could not be opened so often is not waited for any longer.
const TRIES: u32 = 3;
/// From one poll to the next.
const EVERY: Millis = 5_000;

/// The polls of one calendar.
#[derive(Default)]
pub(super) struct Polls {
    /// Where it was when everything that is held was asked for.
    head: Option<Revision>,
    has_answered: bool,
    is_asked: bool,
    tries: u32,
    pub(super) retry_at: Option<Millis>,
}

impl Engine {
    /// Whether changes are asked for, since they cannot be heard.
    pub(crate) fn is_polling(&self) -> bool {
        self.line.tries >= TRIES && self.line.state != LineState::Open
    }

    /// Whether every calendar has answered when it was asked last. (One whose first answer is awaited is not asked.)
    pub(super) fn polls_succeed(&self) -> bool {
        let mut asked =
            self.feeds.values().map(|it| &it.polls).filter(|it| it.head.is_some()).peekable();
        self.is_polling() && asked.peek().is_some() && asked.all(|it| it.has_answered)
    }

    /// Where a calendar was found by the last poll.
    #[cfg(test)]
    pub(crate) fn polled(&self, calendar: &str) -> Option<Revision> {
        self.feeds.get(calendar)?.polls.head.filter(|_| self.polls_succeed())
    }

    pub(super) fn pump_polls(&mut self, now: Millis) {
        if !self.is_polling() {
            return;
        }
        let mut due = Vec::new();
        for (calendar, feed) in &mut self.feeds {
            let Some(position) = self.cache.position(&feed.scope).filter(|_| !feed.is_gone) else {
                continue;
            };
            feed.polls.head.get_or_insert(position);
            if std::mem::take(&mut feed.is_followed) {
                self.cache.update(|batch| batch.unfollow(&feed.scope));
            }
            if !feed.polls.is_asked && feed.polls.retry_at.is_none_or(|it| it <= now) {
                feed.polls.is_asked = true;
                feed.polls.retry_at = None;
                due.push(calendar.clone());
            }
        }
        for calendar in due {
            let number = RequestNumber(self.number());
            let variables = RangeVariables { calendar: calendar.as_str().into(), range: second() };
            let Ok(body) = serde_json::to_string(&HeadQuery::build(variables)) else { continue };
            self.actions.push_back(Action::Send { number, body });
            self.waits.insert(number, Waits::Head(calendar));
        }
    }

    pub(super) fn head_answered(
        &mut self,
        now: Millis,
        calendar: &str,
        answer: Result<&[u8], TransportError>,
    ) {
        let is_polling = self.is_polling();
        let Self { feeds, rng, .. } = self;
        let Some(feed) = feeds.get_mut(calendar) else { return };
        feed.polls.is_asked = false;
        let head = answer.ok().and_then(response::data::<HeadQuery>);
        let Some(head) = head.map(|it| it.appointments_in_range.revision) else {
            feed.polls.tries += 1;
            feed.polls.has_answered = false;
            feed.polls.retry_at = Some(now + backoff::after(feed.polls.tries, rng).max(EVERY));
            return;
        };
        (feed.polls.tries, feed.polls.has_answered) = (0, true);
        feed.polls.retry_at = Some(now + EVERY);
        // (The line may have been opened meanwhile, and knows better.)
        if is_polling && feed.polls.head.replace(head) != Some(head) {
            let scope = feed.scope.clone();
            self.reset(calendar, &scope, head);
        }
    }
}

/// A second, since only how far the calendar is matters.
fn second() -> TimeRange {
    let start = DateTime::UNIX_EPOCH;
    TimeRange { start, end: start + chrono::TimeDelta::seconds(1) }
}
