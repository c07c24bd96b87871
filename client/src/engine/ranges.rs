//! Ranges that somebody watches: what of them is not known is asked for (C12).
//!
//! Which stretches these are the cache says: neither covered nor asked for. So two watches never ask for the
//! same twice, and after a reset the stale ones come up by themselves.

use std::collections::BTreeMap;

use cynic_cache::{InFlight, Prepared, ScopedRange, WriteOutcome};

use super::{Action, Engine, Millis, RequestNumber, Waits, backoff};
use crate::model::error::TransportError;
use crate::model::scalars::DateTime;
use crate::wire::operations::{RangeQuery, TimeRange};
use crate::wire::prepare::range_query;
use crate::wire::response::ErrorCode;

/// A stretch that was too large is halved, but not below this: an hour, in seconds.
const SMALLEST: i64 = 3_600;

/// The number of a watched range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WatchNumber(u64);

/// Every range that is watched.
#[derive(Default)]
pub(super) struct Ranges {
    watched: BTreeMap<WatchNumber, Watched>,
}

/// One of them.
struct Watched {
    calendar: String,
    query: Prepared<RangeQuery>,
    tries: u32,
    /// Not asked for before.
    retry_at: Option<Millis>,
    /// Why it is not complete, if the server had something to say.
    problem: Option<String>,
}

/// A stretch that was asked for.
pub(super) struct Asked {
    calendar: String,
    span: TimeRange,
    query: Prepared<RangeQuery>,
    request: InFlight,
}

impl Ranges {
    pub(super) fn timeout(&self) -> Option<Millis> {
        self.watched.values().filter_map(|it| it.retry_at).min()
    }

    fn of<'r>(&'r mut self, calendar: &str) -> impl Iterator<Item = &'r mut Watched> {
        self.watched.values_mut().filter(move |it| it.calendar == calendar)
    }
}

impl Engine {
    pub(super) fn watch_number(&mut self) -> WatchNumber {
        WatchNumber(self.number())
    }

    /// Keeps a range of a calendar known from now on, and its changes heard.
    pub(crate) fn watch(&mut self, calendar: &str, query: Prepared<RangeQuery>) -> WatchNumber {
        let number = self.watch_number();
        self.follow(calendar);
        let calendar = calendar.to_owned();
        let watched = Watched { calendar, query, tries: 0, retry_at: None, problem: None };
        self.ranges.watched.insert(number, watched);
        number
    }

    pub(crate) fn unwatch(&mut self, number: WatchNumber) {
        self.ranges.watched.remove(&number);
    }

    /// Why a range is not complete, if the server has said so.
    pub(crate) fn problem(&self, number: WatchNumber) -> Option<&str> {
        self.ranges.watched.get(&number)?.problem.as_deref()
    }

    pub(super) fn pump_ranges(&mut self, now: Millis) {
        let mut wanted = Vec::new();
        for watched in self.ranges.watched.values_mut() {
            if watched.retry_at.is_some_and(|it| it > now) {
                continue;
            }
            watched.retry_at = None;
            for stretch in self.cache.missing_ranges(&watched.query) {
                let Some(span) = seconds(&stretch) else { continue };
                wanted.push((watched.calendar.clone(), span));
            }
        }
        wanted.sort_by_key(|(_, it)| (it.start, it.end));
        wanted.dedup();
        for (calendar, span) in wanted {
            self.ask_for(&calendar, span);
        }
    }

    pub(super) fn ask_for(&mut self, calendar: &str, span: TimeRange) {
        let query = range_query(&self.cache, &calendar.into(), span);
        let request = self.cache.begin(&query);
        let number = RequestNumber(self.number());
        self.actions.push_back(Action::Send { number, body: query.body() });
        let asked = Asked { calendar: calendar.to_owned(), span, query, request };
        self.waits.insert(number, Waits::Range(asked));
    }

    pub(super) fn range_answered(
        &mut self,
        now: Millis,
        asked: Asked,
        answer: Result<&[u8], TransportError>,
    ) {
        let Asked { calendar, span, query, request } = asked;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return self.range_failed(now, &calendar, &error.to_string()),
        };
        if ErrorCode::of(answer) == Some(ErrorCode::RangeTooLarge) {
            let length = (span.end - span.start).num_seconds();
            if length > SMALLEST {
                // Given up before the halves are asked for, so that nothing is asked for twice.
                drop(request);
                let middle = span.start + chrono::TimeDelta::seconds(length / 2);
                self.ask_for(&calendar, TimeRange { start: span.start, end: middle });
                return self.ask_for(&calendar, TimeRange { start: middle, end: span.end });
            }
        }
        match self.cache.apply_response(&request, &query, answer) {
            Ok(answered) => match (answered.errors.first(), answered.outcome) {
                (Some(error), _) => self.range_failed(now, &calendar, &error.message),
                // Something was missed while it was on its way.
                (None, WriteOutcome::Stale) => {
                    self.range_failed(now, &calendar, "the response was outdated; retrying")
                }
                (None, _) => {
                    for it in self.ranges.of(&calendar) {
                        (it.tries, it.problem) = (0, None);
                    }
                }
            },
            Err(error) => self.range_failed(now, &calendar, &error.to_string()),
        }
    }

    /// A stretch of a calendar could not be had; the next try comes later.
    fn range_failed(&mut self, now: Millis, calendar: &str, problem: &str) {
        let Self { ranges, rng, .. } = self;
        for it in ranges.of(calendar) {
            it.tries += 1;
            it.retry_at = Some(now + backoff::after(it.tries, rng));
            it.problem = Some(problem.to_owned());
        }
    }
}

/// A stretch in whole seconds, which may be a little larger.
pub(super) fn seconds(stretch: &ScopedRange) -> Option<TimeRange> {
    let start = stretch.start.div_euclid(1_000_000);
    let end = stretch.end.div_euclid(1_000_000) + i64::from(stretch.end.rem_euclid(1_000_000) > 0);
    let at = |seconds| DateTime::from_timestamp(seconds, 0);
    Some(TimeRange { start: at(start)?, end: at(end)? })
}
