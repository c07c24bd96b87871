//! Polling: how the client notices changes where no connection can be opened, for example behind
//! some proxies (C15).
//!
//! A poll asks for the head revision of a calendar. If it differs from that of the previous poll,
//! the scope is reset, and watched data is fetched again. The cache follows no scope meanwhile, so
//! responses do not wait for events.

use std::collections::BTreeMap;

use cynic::QueryBuilder;

use super::Millis;
use super::context::Context;
use super::requests::Purpose;
use super::retry::Retry;
use super::subscriptions::Subscriptions;
use crate::model::error::TransportError;
use crate::model::scalars::{DateTime, Revision};
use crate::wire::operations::{HeadQuery, RangeVariables, TimeRange};
use crate::wire::policy::APPOINTMENT;
use crate::wire::response;

/// The time from one poll of a calendar to the next.
const POLL_INTERVAL: Millis = 5_000;

/// The polls of all calendars, by calendar id.
#[derive(Default)]
pub(super) struct Polling {
    calendars: BTreeMap<String, CalendarPoll>,
}

#[derive(Default)]
struct CalendarPoll {
    /// The head revision at the last poll. Before the first poll, the position of the cache.
    head: Option<Revision>,
    /// Whether the last poll succeeded.
    has_succeeded: bool,
    is_in_flight: bool,
    retry: Retry,
}

impl Polling {
    /// Forgets all polls, since a connection is open.
    pub(super) fn reset(&mut self) {
        self.calendars.values_mut().for_each(|it| *it = CalendarPoll::default());
    }

    pub(super) fn retry_now(&mut self) {
        self.calendars.values_mut().for_each(|it| it.retry.retry_now());
    }

    pub(super) fn timeout(&self) -> Option<Millis> {
        self.calendars.values().filter_map(|it| it.retry.at()).min()
    }

    /// Returns whether the last poll of each calendar succeeded, and there was one. A calendar that
    /// waits for its first response is not polled, and does not count.
    pub(super) fn has_succeeded(&self) -> bool {
        let mut polled = self.calendars.values().filter(|it| it.head.is_some()).peekable();
        polled.peek().is_some() && polled.all(|it| it.has_succeeded)
    }

    /// Returns the head revision that the last poll of a calendar found.
    #[cfg(test)]
    pub(super) fn head(&self, calendar: &str) -> Option<Revision> {
        self.calendars.get(calendar)?.head
    }

    /// Polls the calendars that are due.
    pub(super) fn pump(
        &mut self,
        now: Millis,
        context: &mut Context,
        subscriptions: &Subscriptions,
    ) {
        for (calendar, scope) in subscriptions.calendars() {
            let Some(position) = context.cache.position(scope) else { continue };
            let poll = self.calendars.entry(calendar.to_owned()).or_default();
            poll.head.get_or_insert(position);
            if poll.is_in_flight || !poll.retry.is_due(now) {
                continue;
            }
            poll.is_in_flight = true;
            poll.retry.start();
            let variables = RangeVariables { calendar: calendar.into(), range: shortest_range() };
            let Ok(body) = serde_json::to_string(&HeadQuery::build(variables)) else { continue };
            context.send(body, Purpose::Poll(calendar.to_owned()));
        }
    }

    /// Handles the response of a poll. Returns whether changes were missed, so that the calendar
    /// was reset.
    pub(super) fn handle_response(
        &mut self,
        now: Millis,
        context: &mut Context,
        calendar: &str,
        response: Result<&[u8], TransportError>,
        is_polling: bool,
    ) -> bool {
        let Some(poll) = self.calendars.get_mut(calendar) else { return false };
        poll.is_in_flight = false;
        let head = response.ok().and_then(response::data::<HeadQuery>);
        let Some(head) = head.map(|it| it.appointments_in_range.revision) else {
            poll.has_succeeded = false;
            poll.retry.fail(now, &mut context.rng);
            let earliest = now + POLL_INTERVAL;
            poll.retry.wait_until(poll.retry.at().unwrap_or_default().max(earliest));
            return false;
        };
        poll.has_succeeded = true;
        poll.retry.succeed();
        poll.retry.wait_until(now + POLL_INTERVAL);
        // If a connection was opened meanwhile, its events are more recent.
        let has_moved = is_polling && poll.head.replace(head) != Some(head);
        if has_moved {
            context.reset_scope(&cynic_cache::Scope::new(APPOINTMENT, calendar), head);
        }
        has_moved
    }
}

/// Returns a range of one second, since a poll needs only the revision of the response.
fn shortest_range() -> TimeRange {
    let start = DateTime::UNIX_EPOCH;
    TimeRange { start, end: start + chrono::TimeDelta::seconds(1) }
}
