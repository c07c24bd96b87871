//! Watches of single appointments, whatever time they are moved to.
//!
//! Once an appointment is known, the subscription of its calendar keeps it up to date. So a watch
//! has to fetch an unknown appointment, subscribe to its calendar, and fetch the appointment again
//! after a reset.

use std::collections::BTreeMap;

use cynic::QueryBuilder;
use cynic_cache::{Prepared, Scope, View};

use super::context::Context;
use super::outbox::Outbox;
use super::requests::{Purpose, SingleRequest};
use super::retry::Retry;
use super::subscriptions::Subscriptions;
use super::{Millis, WatchId, ranges};
use crate::model::appointment::Appointment;
use crate::model::error::TransportError;
use crate::model::id::AppointmentId;
use crate::model::scalars::Revision;
use crate::optimistic;
use crate::wire::operations::{AppointmentQuery, AppointmentVariables, TimeRange};
use crate::wire::policy::APPOINTMENT;
use crate::wire::prepare::{prepare, range_query};
use crate::wire::response;

/// How long a watch waits for the revision of its calendar before it tries again.
const POSITION_TIMEOUT: Millis = 10_000;

/// Every watched appointment.
#[derive(Default)]
pub(super) struct SingleWatches {
    watches: BTreeMap<WatchId, SingleWatch>,
}

struct SingleWatch {
    id: AppointmentId,
    query: Prepared<AppointmentQuery>,
    /// The calendar in which the appointment was found. `None`: not found yet.
    calendar: Option<String>,
    state: WatchState,
    retry: Retry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WatchState {
    /// Unknown, or possibly out of date.
    Unknown,
    InFlight,
    /// Known, and kept up to date by the subscription of its calendar.
    Live,
    /// The server has no such appointment.
    Missing,
}

impl SingleWatches {
    /// Keeps an appointment loaded from now on.
    pub(super) fn watch(
        &mut self,
        context: &mut Context,
        id: &AppointmentId,
    ) -> (WatchId, Prepared<AppointmentQuery>) {
        let variables = AppointmentVariables { id: id.clone() };
        let query = prepare(&context.cache, &AppointmentQuery::build(variables));
        context.cache.update(|batch| batch.link(&query, "appointment", &optimistic::key(id)));
        let watch = SingleWatch {
            id: id.clone(),
            query: query.clone(),
            calendar: None,
            state: WatchState::Unknown,
            retry: Retry::default(),
        };
        let watch_id = WatchId(context.next_number());
        self.watches.insert(watch_id, watch);
        (watch_id, query)
    }

    pub(super) fn unwatch(&mut self, id: WatchId) {
        self.watches.remove(&id);
    }

    pub(super) fn timeout(&self) -> Option<Millis> {
        let unknown = self.watches.values().filter(|it| it.state == WatchState::Unknown);
        unknown.filter_map(|it| it.retry.at()).min()
    }

    /// Marks the appointments of a calendar as possibly out of date, since changes were missed.
    pub(super) fn invalidate(&mut self, calendar: &str) {
        for watch in self.watches.values_mut() {
            if watch.calendar.as_deref() == Some(calendar) {
                watch.state = WatchState::Unknown;
            }
        }
    }

    /// Resolves a missing appointment again, since a mutation of it was predicted.
    pub(super) fn on_predicted(&mut self, appointment: &AppointmentId) {
        for watch in self.watches.values_mut().filter(|it| it.id == *appointment) {
            if watch.state == WatchState::Missing {
                watch.state = WatchState::Unknown;
            }
        }
    }

    /// Resolves the unknown appointments that are due.
    pub(super) fn pump(
        &mut self,
        now: Millis,
        context: &mut Context,
        subscriptions: &mut Subscriptions,
    ) {
        for (id, watch) in &mut self.watches {
            if watch.state == WatchState::Unknown && watch.retry.is_due(now) {
                watch.retry.start();
                watch.resolve(now, context, subscriptions, *id);
            }
        }
    }

    /// Applies the response to a request for an appointment.
    pub(super) fn handle_response(
        &mut self,
        now: Millis,
        context: &mut Context,
        request: SingleRequest,
        response: Result<&[u8], TransportError>,
        outbox: &Outbox,
    ) {
        let Some(watch) = self.watches.get_mut(&request.watch) else { return };
        // A null beside an error says nothing about the appointment.
        let complete = response
            .ok()
            .and_then(|body| Some((body, response::data_or_error::<AppointmentQuery>(body).ok()?)));
        let Some((body, data)) = complete else {
            watch.retry.fail(now, &mut context.rng);
            watch.state = WatchState::Unknown;
            return;
        };
        watch.retry.succeed();
        if data.appointment.is_none() {
            watch.state = WatchState::Missing;
            let is_being_created = outbox.is_creating(&watch.id);
            return delete_missing(context, &watch.id, request.position, is_being_created);
        }
        let cache = &context.cache;
        let is_known = cache.apply_response(&request.in_flight, &watch.query, body).is_ok()
            && cache.read(&watch.query).is_complete();
        let is_live = is_known && watch.calendar.is_some();
        watch.state = if is_live { WatchState::Live } else { WatchState::Unknown };
        if !is_known {
            watch.retry.wait_until(now + POSITION_TIMEOUT);
        }
    }
}

impl SingleWatch {
    /// Uses what the cache knows, or fetches the appointment.
    fn resolve(
        &mut self,
        now: Millis,
        context: &mut Context,
        subscriptions: &mut Subscriptions,
        id: WatchId,
    ) {
        // An appointment that was found before a reset is fetched once more.
        let is_new = self.calendar.is_none();
        let cached = match context.cache.read(&self.query) {
            View::Complete(data) => data.appointment.clone(),
            _ => None,
        };
        let Some(appointment) = cached.filter(|_| is_new) else { return self.fetch(context, id) };
        let calendar = appointment.calendar_id.as_str();
        subscriptions.add(calendar);
        if context.cache.position(&Scope::new(APPOINTMENT, calendar)).is_some() {
            self.calendar = Some(calendar.to_owned());
            self.state = WatchState::Live;
        } else {
            // Without a revision of the calendar there is no point from which to subscribe.
            self.retry.wait_until(now + POSITION_TIMEOUT);
            request_range_of(context, &appointment);
        }
    }

    fn fetch(&mut self, context: &mut Context, id: WatchId) {
        self.state = WatchState::InFlight;
        let scope = self.calendar.as_ref().map(|it| Scope::new(APPOINTMENT, it));
        let position = scope.and_then(|it| context.cache.position(&it));
        let in_flight = context.cache.begin(&self.query);
        let request = SingleRequest { watch: id, in_flight, position };
        context.send(self.query.body(), Purpose::SingleWatch(request));
    }
}

/// Requests the range of an appointment, since only a range response carries the revision of a
/// calendar.
fn request_range_of(context: &mut Context, appointment: &Appointment) {
    let calendar = appointment.calendar_id.as_str();
    let range = TimeRange { start: appointment.starts_at, end: appointment.ends_at };
    let query = range_query(&context.cache, &appointment.calendar_id, range);
    for missing in context.cache.missing_ranges(&query).iter().filter_map(ranges::whole_seconds) {
        ranges::request(context, calendar, missing);
    }
}

/// Deletes from the cache what the server does not have.
///
/// A null carries no revision (C21): the appointment did not exist at some time after `position`.
/// It says nothing about an appointment that is still being created.
fn delete_missing(
    context: &Context,
    id: &AppointmentId,
    position: Option<Revision>,
    is_being_created: bool,
) {
    let key = optimistic::key(id);
    let is_cached = context.cache.revision(&key).is_some();
    if !is_being_created && (position.is_some() || !is_cached) {
        context.cache.update(|batch| batch.delete(&key, position));
    }
}
