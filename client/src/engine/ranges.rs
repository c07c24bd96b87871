//! Watched ranges of calendars: the engine fetches what the cache does not know of them (C12).
//!
//! The cache says which ranges are missing, that is, neither covered nor in flight. So two watches
//! never fetch the same range, and after a reset the stale ranges are missing again.

use std::collections::BTreeMap;

use cynic_cache::{Prepared, ScopedRange, WriteOutcome};

use super::context::Context;
use super::requests::{Purpose, RangeRequest};
use super::retry::Retry;
use super::{Millis, WatchId};
use crate::model::error::TransportError;
use crate::model::scalars::DateTime;
use crate::wire::operations::{RangeQuery, TimeRange};
use crate::wire::prepare::range_query;
use crate::wire::response::ErrorCode;

/// The engine halves a range that is too large for a response, but not below this length: one hour.
const SHORTEST_HALVED_SECONDS: i64 = 3_600;

/// Every watched range.
#[derive(Default)]
pub(super) struct Ranges {
    watched: BTreeMap<WatchId, WatchedRange>,
}

struct WatchedRange {
    calendar: String,
    query: Prepared<RangeQuery>,
    retry: Retry,
    /// The failure of the last attempt. `None` after a success.
    problem: Option<String>,
}

/// Requests a range of a calendar.
pub(super) fn request(context: &mut Context, calendar: &str, range: TimeRange) {
    let query = range_query(&context.cache, &calendar.into(), range);
    let in_flight = context.cache.begin(&query);
    let body = query.body();
    let request = RangeRequest { calendar: calendar.to_owned(), range, query, in_flight };
    context.send(body, Purpose::Range(request));
}

impl Ranges {
    /// Keeps a range of a calendar loaded from now on.
    pub(super) fn watch(
        &mut self,
        context: &mut Context,
        calendar: &str,
        query: Prepared<RangeQuery>,
    ) -> WatchId {
        let id = WatchId(context.next_number());
        let calendar = calendar.to_owned();
        let watched = WatchedRange { calendar, query, retry: Retry::default(), problem: None };
        self.watched.insert(id, watched);
        id
    }

    pub(super) fn unwatch(&mut self, id: WatchId) {
        self.watched.remove(&id);
    }

    /// Returns why a range could not be loaded, if the last attempt failed.
    pub(super) fn problem(&self, id: WatchId) -> Option<&str> {
        self.watched.get(&id)?.problem.as_deref()
    }

    pub(super) fn timeout(&self) -> Option<Millis> {
        self.watched.values().filter_map(|it| it.retry.at()).min()
    }

    /// Requests everything that is missing and due, each range once.
    pub(super) fn pump(&mut self, now: Millis, context: &mut Context) {
        let mut missing = Vec::new();
        for watched in self.watched.values_mut().filter(|it| it.retry.is_due(now)) {
            watched.retry.start();
            let ranges = context.cache.missing_ranges(&watched.query);
            for range in ranges.iter().filter_map(whole_seconds) {
                missing.push((watched.calendar.clone(), range));
            }
        }
        missing.sort_by_key(|(_, range)| (range.start, range.end));
        missing.dedup();
        for (calendar, range) in missing {
            request(context, &calendar, range);
        }
    }

    /// Applies the response to a request for a range.
    pub(super) fn handle_response(
        &mut self,
        now: Millis,
        context: &mut Context,
        request: RangeRequest,
        response: Result<&[u8], TransportError>,
    ) {
        let response = match response {
            Ok(response) => response,
            Err(error) => return self.fail(now, context, &request.calendar, &error.to_string()),
        };
        if ErrorCode::of(response) == Some(ErrorCode::RangeTooLarge)
            && let Some(middle) = middle(request.range)
        {
            return request_halves(context, request, middle);
        }
        let RangeRequest { calendar, query, in_flight, .. } = request;
        match context.cache.apply_response(&in_flight, &query, response) {
            Err(error) => self.fail(now, context, &calendar, &error.to_string()),
            Ok(applied) => match (applied.errors.first(), applied.outcome) {
                (Some(error), _) => self.fail(now, context, &calendar, &error.message),
                // The calendar was reset while the request was in flight.
                (None, WriteOutcome::Stale) => {
                    self.fail(now, context, &calendar, "the response was outdated; retrying");
                }
                (None, _) => self.succeed(&calendar),
            },
        }
    }

    fn succeed(&mut self, calendar: &str) {
        for watched in self.of(calendar) {
            watched.retry.succeed();
            watched.problem = None;
        }
    }

    fn fail(&mut self, now: Millis, context: &mut Context, calendar: &str, problem: &str) {
        for watched in self.of(calendar) {
            watched.retry.fail(now, &mut context.rng);
            watched.problem = Some(problem.to_owned());
        }
    }

    fn of(&mut self, calendar: &str) -> impl Iterator<Item = &mut WatchedRange> {
        self.watched.values_mut().filter(move |it| it.calendar == calendar)
    }
}

/// Returns where to halve a range, or `None` if it is too short for that.
fn middle(range: TimeRange) -> Option<DateTime> {
    let seconds = (range.end - range.start).num_seconds();
    let is_long_enough = seconds > SHORTEST_HALVED_SECONDS;
    is_long_enough.then(|| range.start + chrono::TimeDelta::seconds(seconds / 2))
}

fn request_halves(context: &mut Context, whole: RangeRequest, middle: DateTime) {
    let RangeRequest { calendar, range, in_flight, .. } = whole;
    // The whole must not be in flight any more, or the cache would not see its halves as missing.
    drop(in_flight);
    request(context, &calendar, TimeRange { start: range.start, end: middle });
    request(context, &calendar, TimeRange { start: middle, end: range.end });
}

/// Rounds a range of the cache, in microseconds, outwards to whole seconds.
pub(super) fn whole_seconds(range: &ScopedRange) -> Option<TimeRange> {
    let start = range.start.div_euclid(1_000_000);
    let end = range.end.div_euclid(1_000_000) + i64::from(range.end.rem_euclid(1_000_000) > 0);
    Some(TimeRange {
        start: DateTime::from_timestamp(start, 0)?,
        end: DateTime::from_timestamp(end, 0)?,
    })
}
