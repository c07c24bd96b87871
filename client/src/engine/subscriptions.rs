//! Subscriptions to the changes of calendars, without a gap (C15).
//!
//! The engine queries first, and subscribes after the revision of that response. Each event must
//! continue the previous one; any other event is treated as a reset. After a reconnect a
//! subscription resumes from the position of the cache, which is all the state it needs.

use std::collections::BTreeMap;

use cynic::SubscriptionBuilder;
use cynic_cache::{Cache, EntityKey, Prepared, Scope};

use super::Millis;
use super::context::Context;
use super::retry::Retry;
use crate::model::appointment::Appointment;
use crate::model::id::MutationId;
use crate::transport::SubscriptionId;
use crate::wire::operations::{
    AppointmentChange, ChangeKind, ChangesSubscription, ChangesVariables,
};
use crate::wire::policy::APPOINTMENT;
use crate::wire::response;

/// Every calendar whose changes the client needs, by its id.
#[derive(Default)]
pub(super) struct Subscriptions {
    calendars: BTreeMap<String, CalendarSubscription>,
}

struct CalendarSubscription {
    scope: Scope,
    /// The running subscription, if there is one.
    id: Option<SubscriptionId>,
    /// Whether the cache waits for the events of this calendar.
    is_followed: bool,
    /// Whether the server has sent all changes up to the start of the subscription.
    is_caught_up: bool,
    /// Whether the calendar was deleted.
    is_deleted: bool,
    retry: Retry,
    /// The operation that reads the events. Preparing it for each event would cost more than
    /// reading it.
    operation: Option<Prepared<ChangesSubscription>>,
}

/// The effects of an event on the other parts of the engine.
#[derive(Default)]
pub(super) struct EventEffects {
    /// The calendar of which changes were missed.
    pub(super) reset_calendar: Option<String>,
    /// The mutation that the event settles, and the appointment it resulted in.
    pub(super) settled: Option<(MutationId, Option<Appointment>)>,
}

impl CalendarSubscription {
    fn new(calendar: &str) -> Self {
        Self {
            scope: Scope::new(APPOINTMENT, calendar),
            id: None,
            is_followed: false,
            is_caught_up: false,
            is_deleted: false,
            retry: Retry::default(),
            operation: None,
        }
    }

    fn is_live(&self) -> bool {
        self.is_caught_up || self.is_deleted
    }

    fn disconnect(&mut self) {
        self.id = None;
        self.is_caught_up = false;
    }
}

impl Subscriptions {
    /// Subscribes to a calendar as soon as its revision is known, and from then on.
    pub(super) fn add(&mut self, calendar: &str) {
        if !self.calendars.contains_key(calendar) {
            self.calendars.insert(calendar.to_owned(), CalendarSubscription::new(calendar));
        }
    }

    pub(super) fn timeout(&self) -> Option<Millis> {
        self.calendars.values().filter_map(|it| it.retry.at()).min()
    }

    /// Returns whether every calendar is up to date and receives changes.
    pub(super) fn are_live(&self) -> bool {
        self.calendars.values().all(CalendarSubscription::is_live)
    }

    /// Returns whether a calendar is ready to be subscribed to.
    pub(super) fn need_connection(&self, cache: &Cache) -> bool {
        let mut calendars = self.calendars.values();
        calendars.any(|it| !it.is_deleted && cache.position(&it.scope).is_some())
    }

    /// Returns the id and the scope of each calendar that exists.
    pub(super) fn calendars(&self) -> impl Iterator<Item = (&str, &Scope)> {
        let existing = self.calendars.iter().filter(|(_, it)| !it.is_deleted);
        existing.map(|(calendar, it)| (calendar.as_str(), &it.scope))
    }

    /// Starts the subscriptions that are due.
    pub(super) fn pump(&mut self, now: Millis, context: &mut Context, is_open: bool) {
        for (calendar, subscription) in &mut self.calendars {
            let position = context.cache.position(&subscription.scope);
            let Some(after) = position.filter(|_| !subscription.is_deleted) else { continue };
            if !subscription.is_followed {
                subscription.is_followed = true;
                context.cache.update(|batch| batch.follow(&subscription.scope));
            }
            if !is_open || subscription.id.is_some() || !subscription.retry.is_due(now) {
                continue;
            }
            let variables =
                ChangesVariables { calendar: calendar.as_str().into(), after: Some(after) };
            let Ok(changes) = context.cache.prepare(&ChangesSubscription::build(variables)) else {
                continue;
            };
            let id = SubscriptionId(context.next_number());
            context.subscribe(id, changes.body());
            subscription.operation = Some(changes);
            subscription.id = Some(id);
            subscription.retry.start();
        }
    }

    /// Tells the cache that no events arrive, so that responses need not wait for them.
    pub(super) fn unfollow(&mut self, context: &Context) {
        for subscription in self.calendars.values_mut().filter(|it| !it.is_deleted) {
            let is_known = context.cache.position(&subscription.scope).is_some();
            if is_known && std::mem::take(&mut subscription.is_followed) {
                context.cache.update(|batch| batch.unfollow(&subscription.scope));
            }
        }
    }

    /// Applies the payload of a `next` message.
    pub(super) fn handle_event(
        &mut self,
        now: Millis,
        context: &mut Context,
        id: SubscriptionId,
        event: &[u8],
    ) -> EventEffects {
        let Some((calendar, subscription)) = self.find(id) else { return EventEffects::default() };
        let Some(change) = response::data::<ChangesSubscription>(event) else {
            self.handle_end(now, context, id);
            return EventEffects::default();
        };
        let change = change.appointment_changes;
        let scope = &subscription.scope;
        let Some(position) = context.cache.position(scope) else {
            return EventEffects::default();
        };
        subscription.retry.succeed();
        subscription.is_caught_up |= change.kind == ChangeKind::Bookmark;
        subscription.is_deleted |= change.kind == ChangeKind::CalendarGone;
        let is_reset = change.kind == ChangeKind::Reset;
        let is_duplicate = change.revision <= position && change.kind != ChangeKind::Bookmark;
        if is_duplicate && !is_reset {
            return EventEffects::default();
        }
        let has_gap = change.previous_revision != position;
        if is_reset || has_gap {
            context.reset_scope(scope, change.revision);
            return EventEffects { reset_calendar: Some(calendar), settled: None };
        }
        let Some(operation) = &subscription.operation else { return EventEffects::default() };
        let is_readable = apply_event(&context.cache, scope, operation, &change, event);
        // An event with errors may lack its appointment. The response then settles the mutation.
        let has_result = change.appointment.is_some() || change.kind == ChangeKind::Deleted;
        let mutation = change.mutation_id.filter(|_| has_result);
        EventEffects {
            reset_calendar: (!is_readable).then_some(calendar),
            settled: mutation.map(|it| (it, change.appointment)),
        }
    }

    /// Notes that the server ended a subscription, and schedules the next one.
    pub(super) fn handle_end(&mut self, now: Millis, context: &mut Context, id: SubscriptionId) {
        if let Some((_, subscription)) = self.find(id) {
            subscription.disconnect();
            subscription.retry.fail(now, &mut context.rng);
        }
    }

    /// Notes that the connection is lost, and all subscriptions with it.
    pub(super) fn disconnect(&mut self) {
        self.calendars.values_mut().for_each(CalendarSubscription::disconnect);
    }

    fn find(&mut self, id: SubscriptionId) -> Option<(String, &mut CalendarSubscription)> {
        let (calendar, subscription) =
            self.calendars.iter_mut().find(|(_, it)| it.id == Some(id))?;
        Some((calendar.clone(), subscription))
    }
}

/// Applies an event that continues the previous one. Returns `false` if it cannot be read; then the
/// scope is reset.
fn apply_event(
    cache: &Cache,
    scope: &Scope,
    operation: &Prepared<ChangesSubscription>,
    change: &AppointmentChange,
    event: &[u8],
) -> bool {
    let mut is_readable = true;
    cache.update(|batch| {
        match (&change.kind, &change.deleted_appointment_id) {
            (ChangeKind::Deleted, Some(id)) => {
                let key = EntityKey::new(APPOINTMENT, id.as_str());
                batch.delete(&key, Some(change.revision));
                batch.advance(scope, change.revision);
            }
            (ChangeKind::Bookmark | ChangeKind::CalendarGone, _) => {
                batch.advance(scope, change.revision);
            }
            _ => {
                is_readable = batch.apply_event(scope, change.revision, operation, event).is_ok();
                if !is_readable {
                    // The content of the event is unknown, so everything that it may affect is
                    // fetched again.
                    batch.reset(scope, change.revision);
                }
            }
        }
        // The event of an own mutation is as good as its response (C6).
        if let Some(id) = &change.mutation_id {
            batch.settle(id.as_str());
        }
    });
    is_readable
}

#[cfg(test)]
mod tests;
