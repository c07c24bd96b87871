//! The engine: all decisions of the SDK, as one synchronous state machine.
//!
//! The engine has no socket, no clock, no executor and no thread (C19). Its driver reports what
//! happened (`handle_…`, with the time), asks what to do ([`Engine::poll`]) and when to ask again
//! ([`Engine::timeout`]). So a race is a short test, and a simulation is repeated from its seed.
//!
//! Each part of the engine is a struct in its own file. A part gets the shared [`Context`], its own
//! state, and nothing else unless a method names it. This file connects the parts.

mod connection;
mod context;
mod outbox;
mod outbox_state;
mod passthrough;
mod polling;
mod ranges;
mod requests;
mod retry;
mod single_watches;
mod snapshot;
mod subscriptions;

use cynic_cache::{Cache, Prepared, SnapshotError};
use fastrand::Rng;
use futures_channel::oneshot;

pub(crate) use passthrough::EventReceiver;

use crate::model::connection::ConnectionStatus;
use crate::model::error::{BuildError, TransportError};
use crate::model::id::{AppointmentId, CalendarId, MutationId};
use crate::model::outbox::OutboxEntry;
use crate::model::scalars::DateTime;
use crate::mutation::MutationInput;
use crate::transport::{SubscriptionEnd, SubscriptionId};
use crate::wire::operations::{AppointmentQuery, RangeQuery};
use crate::wire::policy::Contract;
use crate::wire::prepare;
use connection::{ConnectionState, Phase};
use context::Context;
use outbox::{NewItem, Outbox};
use outbox_state::OutcomeSender;
use passthrough::Passthrough;
use polling::Polling;
use ranges::Ranges;
use requests::Purpose;
use single_watches::SingleWatches;
use subscriptions::Subscriptions;

/// Milliseconds on the clock of the engine's driver.
pub(crate) type Millis = u64;

/// Identifies a request until its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RequestId(pub(crate) u64);

/// Identifies a watched range or a watched appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WatchId(u64);

/// An action that the driver has to perform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send a request, and report the outcome with [`Engine::handle_response`].
    Send {
        /// Identifies the request.
        id: RequestId,
        /// The JSON body, as GraphQL over HTTP defines it.
        body: String,
    },
    /// Open the connection for subscriptions, and report the outcome with
    /// [`Engine::handle_connected`] or [`Engine::handle_disconnected`].
    Connect,
    /// Subscribe over the connection, and report events with [`Engine::handle_event`].
    Subscribe {
        /// Identifies the subscription.
        id: SubscriptionId,
        /// The JSON payload of the `subscribe` message.
        body: String,
    },
    /// End a subscription.
    Unsubscribe {
        /// Identifies the subscription.
        id: SubscriptionId,
    },
}

/// The state of a client.
pub(crate) struct Engine {
    context: Context,
    connection: ConnectionState,
    subscriptions: Subscriptions,
    polling: Polling,
    ranges: Ranges,
    single_watches: SingleWatches,
    passthrough: Passthrough,
    outbox: Outbox,
}

impl Engine {
    /// Creates an engine with an empty cache. The seed is for ids and for random waits.
    ///
    /// # Errors
    ///
    /// If the operations of the SDK do not match the schema that they were compiled with.
    pub(crate) fn new(seed: u64) -> Result<Self, BuildError> {
        let cache = Cache::new(Contract)?;
        prepare::check(&cache)?;
        Ok(Self {
            context: Context::new(cache, Rng::with_seed(seed)),
            connection: ConnectionState::default(),
            subscriptions: Subscriptions::default(),
            polling: Polling::default(),
            ranges: Ranges::default(),
            single_watches: SingleWatches::default(),
            passthrough: Passthrough::default(),
            outbox: Outbox::default(),
        })
    }

    /// Returns the cache, which has everything that the engine knows.
    pub(crate) fn cache(&self) -> &Cache {
        &self.context.cache
    }

    /// Creates an id: a UUID of version 7, so that ids sort by the time of their creation.
    pub(crate) fn new_id(&mut self, at: DateTime) -> String {
        self.context.new_id(at)
    }

    // For the driver.

    /// Returns the next thing to do, or `None` until something happens or [`Engine::timeout`] is
    /// reached.
    pub(crate) fn poll(&mut self, now: Millis) -> Option<Action> {
        if self.context.actions.is_empty() {
            self.pump(now);
        }
        self.context.actions.pop_front()
    }

    /// Returns when to poll again if nothing happens before. `None` means that the engine waits for
    /// something to happen.
    pub(crate) fn timeout(&self) -> Option<Millis> {
        let changes = if self.connection.is_open() {
            self.subscriptions.timeout()
        } else if self.is_polling() {
            self.polling.timeout()
        } else {
            None
        };
        let timeouts = [
            self.connection.timeout(),
            changes,
            self.ranges.timeout(),
            self.single_watches.timeout(),
            self.outbox.timeout(),
        ];
        timeouts.into_iter().flatten().min()
    }

    /// Handles the response to a request, or its failure.
    pub(crate) fn handle_response(
        &mut self,
        now: Millis,
        id: RequestId,
        response: Result<&[u8], TransportError>,
    ) {
        let is_polling = self.is_polling();
        let context = &mut self.context;
        match context.in_flight.remove(&id) {
            Some(Purpose::Range(request)) => {
                self.ranges.handle_response(now, context, request, response);
            }
            Some(Purpose::SingleWatch(request)) => {
                let outbox = &self.outbox;
                self.single_watches.handle_response(now, context, request, response, outbox);
            }
            Some(Purpose::Poll(calendar)) => {
                let polling = &mut self.polling;
                if polling.handle_response(now, context, &calendar, response, is_polling) {
                    self.single_watches.invalidate(&calendar);
                }
            }
            Some(Purpose::Mutation(id)) => {
                self.outbox.handle_response(now, context, &id, response);
            }
            Some(Purpose::Passthrough(sender)) => {
                // A closed channel means that the application does not wait for the response.
                let _ = sender.send(response.map(<[u8]>::to_vec));
            }
            // A second response to the same request.
            None => {}
        }
    }

    /// Handles that the connection for subscriptions is open.
    pub(crate) fn handle_connected(&mut self, now: Millis) {
        self.connection.open(now);
        self.polling.reset();
    }

    /// Handles that the connection was lost, or that it could not be opened.
    pub(crate) fn handle_disconnected(&mut self, now: Millis) {
        self.connection.close(now, &mut self.context);
        self.subscriptions.disconnect();
        self.passthrough.disconnect();
    }

    /// Handles an event: the payload of a `next` message.
    pub(crate) fn handle_event(&mut self, now: Millis, id: SubscriptionId, event: &[u8]) {
        if self.passthrough.handle_event(id, event) {
            return;
        }
        let effects = self.subscriptions.handle_event(now, &mut self.context, id, event);
        if let Some(calendar) = effects.reset_calendar {
            self.single_watches.invalidate(&calendar);
        }
        if let Some((mutation, appointment)) = effects.settled {
            self.outbox.settle_by_event(&mutation, appointment);
        }
    }

    /// Handles that the server ended a subscription.
    pub(crate) fn handle_end(&mut self, now: Millis, id: SubscriptionId, end: &SubscriptionEnd) {
        if !self.passthrough.handle_end(id, end) {
            self.subscriptions.handle_end(now, &mut self.context, id);
        }
    }

    /// Lets each part of the engine perform the work that is due.
    fn pump(&mut self, now: Millis) {
        let context = &mut self.context;
        let needs_connection =
            !self.passthrough.is_empty() || self.subscriptions.need_connection(&context.cache);
        self.connection.pump(now, context, needs_connection);
        let is_open = self.connection.is_open();
        let is_polling = self.connection.is_unavailable();
        if is_polling {
            // Polling needs the position of the cache from before `unfollow`, which applies
            // deferred responses.
            self.polling.pump(now, context, &self.subscriptions);
            self.subscriptions.unfollow(context);
        } else {
            self.subscriptions.pump(now, context, is_open);
        }
        self.passthrough.pump(context, is_open);
        self.single_watches.pump(now, context, &mut self.subscriptions);
        self.ranges.pump(now, context);
        self.outbox.pump(now, context);
    }

    // For the public API.

    /// Returns whether changes reach the engine at the moment.
    pub(crate) fn connection_status(
        &self,
        to_wall_time: impl Fn(Millis) -> DateTime,
    ) -> ConnectionStatus {
        match self.connection.phase() {
            Phase::Idle => ConnectionStatus::Idle,
            _ if self.is_polling() && self.polling.has_succeeded() => ConnectionStatus::Polling,
            Phase::Opening if !self.connection.has_failed() => ConnectionStatus::Connecting,
            Phase::Opening | Phase::Closed => {
                ConnectionStatus::Offline { since: to_wall_time(self.connection.changed_at()) }
            }
            Phase::Open if self.subscriptions.are_live() => ConnectionStatus::Live,
            Phase::Open => ConnectionStatus::Connecting,
        }
    }

    /// Returns whether the engine polls for changes, since no connection can be opened.
    pub(crate) fn is_polling(&self) -> bool {
        self.connection.is_unavailable()
    }

    /// Keeps a range of a calendar loaded and up to date from now on.
    pub(crate) fn watch_range(
        &mut self,
        calendar: &CalendarId,
        query: Prepared<RangeQuery>,
    ) -> WatchId {
        self.subscriptions.add(calendar.as_str());
        self.ranges.watch(&mut self.context, calendar.as_str(), query)
    }

    pub(crate) fn unwatch_range(&mut self, id: WatchId) {
        self.ranges.unwatch(id);
    }

    /// Returns why a range could not be loaded, if the last attempt failed.
    pub(crate) fn range_problem(&self, id: WatchId) -> Option<&str> {
        self.ranges.problem(id)
    }

    /// Keeps an appointment loaded and up to date from now on.
    pub(crate) fn watch_appointment(
        &mut self,
        id: &AppointmentId,
    ) -> (WatchId, Prepared<AppointmentQuery>) {
        self.single_watches.watch(&mut self.context, id)
    }

    pub(crate) fn unwatch_appointment(&mut self, id: WatchId) {
        self.single_watches.unwatch(id);
    }

    /// Adds a mutation to the outbox and shows its prediction at once. Returns the mutation's id.
    pub(crate) fn mutate(
        &mut self,
        at: DateTime,
        calendar: &CalendarId,
        appointment: &AppointmentId,
        input: MutationInput,
        caller: OutcomeSender,
    ) -> MutationId {
        self.single_watches.on_predicted(appointment);
        let mutation =
            NewItem { calendar: calendar.clone(), appointment: appointment.clone(), input, caller };
        self.outbox.mutate(&mut self.context, at, mutation)
    }

    /// Returns all mutations that are not settled, the oldest first.
    pub(crate) fn pending(&self, to_wall_time: impl Fn(Millis) -> DateTime) -> Vec<OutboxEntry> {
        self.outbox.entries(to_wall_time)
    }

    /// Removes a mutation that was never sent. Returns `false` if it was sent, or is not in the
    /// outbox.
    pub(crate) fn abort(&mut self, id: &MutationId) -> bool {
        self.outbox.abort(&self.context, id)
    }

    /// Removes a mutation and its prediction; the server may still apply it. Returns `false` if it
    /// is not in the outbox.
    pub(crate) fn discard(&mut self, id: &MutationId) -> bool {
        self.outbox.discard(&self.context, id)
    }

    /// Retries at once what waits for its next attempt.
    pub(crate) fn retry_now(&mut self) {
        self.connection.retry_now();
        self.polling.retry_now();
        self.outbox.retry_now();
    }

    /// Sends a request of the application, once.
    pub(crate) fn fetch(
        &mut self,
        body: String,
    ) -> oneshot::Receiver<Result<Vec<u8>, TransportError>> {
        passthrough::fetch(&mut self.context, body)
    }

    /// Starts a subscription of the application. It ends when the connection is lost.
    pub(crate) fn subscribe(&mut self, body: String) -> (SubscriptionId, EventReceiver) {
        self.passthrough.subscribe(&mut self.context, body)
    }

    pub(crate) fn unsubscribe(&mut self, id: SubscriptionId) {
        self.passthrough.unsubscribe(&mut self.context, id);
    }

    /// Returns a snapshot of the cache and the outbox.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        snapshot::write(&self.context, &self.outbox)
    }

    /// Restores a snapshot. Returns the mutations that were sent too long ago to be sent again.
    pub(crate) fn restore(
        &mut self,
        now: DateTime,
        snapshot: &[u8],
    ) -> Result<Vec<OutboxEntry>, SnapshotError> {
        snapshot::restore(&self.context, &mut self.outbox, now, snapshot)
    }

    /// Returns calendar, appointment and input of each pending mutation, the oldest first.
    #[cfg(test)]
    pub(crate) fn pending_inputs(
        &self,
    ) -> impl Iterator<Item = (&CalendarId, &AppointmentId, &MutationInput)> {
        self.outbox.items.iter().map(|it| (&it.calendar, &it.appointment, &it.input))
    }

    /// Returns the head revision that the last poll of a calendar found, while all polls succeed.
    #[cfg(test)]
    pub(crate) fn polled_head(&self, calendar: &str) -> Option<crate::model::scalars::Revision> {
        let is_successful = self.is_polling() && self.polling.has_succeeded();
        self.polling.head(calendar).filter(|_| is_successful)
    }
}
