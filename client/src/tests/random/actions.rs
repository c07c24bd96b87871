//! The actions in a world: users watch, change and abort; connections are lost; servers and clients
//! restart.

use futures_channel::oneshot;

use super::network::Message;
use super::world::{CALENDARS, HOURS, WatchedRange, World};
use crate::engine::{Engine, RequestId};
use crate::model::error::TransportError;
use crate::model::input::{AppointmentChanges, NewAppointment, Precondition};
use crate::model::scalars::DateTime;
use crate::mutation::MutationInput;
use crate::wire::operations::TimeRange;
use crate::wire::prepare::range_query;

fn at_hour(hour: u64) -> DateTime {
    let start = 1_795_392_000;
    DateTime::from_timestamp(start + hour as i64 * 3_600, 0).unwrap_or_default()
}

impl World {
    fn wall_time(&self) -> DateTime {
        DateTime::from_timestamp_millis(self.now as i64).unwrap_or_default()
    }

    fn random_calendar(&mut self) -> &'static str {
        CALENDARS[self.rng.usize(..CALENDARS.len())]
    }

    pub(super) fn watch(&mut self, client: usize) {
        let calendar = self.random_calendar();
        let start = self.below(HOURS - 1);
        let end = start + 1 + self.below(HOURS - start);
        let range = TimeRange { start: at_hour(start), end: at_hour(end) };
        self.record(format!("client {client} watches {calendar} {start}..{end}"));
        let engine = &mut self.clients[client].engine;
        let query = range_query(engine.cache(), &calendar.into(), range);
        let watch = engine.cache().watch(&query);
        let id = engine.watch_range(&calendar.into(), query);
        self.clients[client].watches.push(WatchedRange { calendar, range, id, watch });
    }

    pub(super) fn unwatch(&mut self, client: usize) {
        if self.clients[client].watches.len() > 1 {
            let watched = self.clients[client].watches.remove(0);
            self.clients[client].engine.unwatch_range(watched.id);
            self.record(format!("client {client} stops watching {}", watched.calendar));
        }
    }

    /// Creates an appointment, or changes or deletes one that the client shows.
    pub(super) fn mutate(&mut self, client: usize) {
        let (calendar, id, input) = self.random_mutation(client);
        let line = format!("client {client} in {calendar}: {id} {input:?}");
        let (sender, outcome) = oneshot::channel();
        let now = self.wall_time();
        let state = &mut self.clients[client];
        let mutation = state.engine.mutate(now, &calendar.into(), &id.into(), input, sender);
        state.mutations.insert(mutation.to_string(), outcome);
        self.record(format!("{line} as {mutation}"));
    }

    fn random_mutation(&mut self, client: usize) -> (&'static str, String, MutationInput) {
        self.names += 1;
        let title = format!("t{}", self.names);
        let mut shown: Vec<(&'static str, String)> = Vec::new();
        for watched in &mut self.clients[client].watches {
            let calendar = watched.calendar;
            shown.extend(watched.visible().into_keys().map(|id| (calendar, id)));
        }
        let existing = self.rng.choice(&shown).cloned();
        let hour = self.below(HOURS);
        let kind = self.below(6);
        let start = at_hour(hour);
        let end = at_hour(hour + 1 + kind % 3);
        let update = |changes: AppointmentChanges| MutationInput::Update(Box::new(changes));
        match (kind, existing) {
            (0 | 1, _) | (_, None) => {
                let new = NewAppointment::new(title, start, end);
                let id = format!("a{}", self.names);
                (self.random_calendar(), id, MutationInput::Create(Box::new(new)))
            }
            (2, Some((calendar, id))) => (calendar, id, MutationInput::Delete(Precondition::None)),
            (3, Some((calendar, id))) => {
                (calendar, id, update(AppointmentChanges::new().time(start, end)))
            }
            (4, Some((calendar, id))) => {
                (calendar, id, update(AppointmentChanges::new().title(title).if_unchanged()))
            }
            (_, Some((calendar, id))) => {
                (calendar, id, update(AppointmentChanges::new().title(title)))
            }
        }
    }

    /// Aborts a pending mutation, which succeeds if it was not sent.
    pub(super) fn abort(&mut self, client: usize) {
        let pending = self.clients[client].engine.pending(|_| DateTime::UNIX_EPOCH);
        if let Some(entry) = self.rng.choice(&pending) {
            let id = &entry.mutation_id;
            let is_aborted = self.clients[client].engine.abort(id);
            let line = format!("client {client} aborts {id}, success: {is_aborted}");
            self.record(line);
        }
    }

    /// Cuts the connection of a client, if it is open.
    pub(super) fn disconnect(&mut self, client: usize) {
        if self.clients[client].connection.take().is_some() {
            self.record(format!("client {client} is disconnected"));
            self.clients[client].subscriptions.clear();
            let latency = self.latency();
            self.send_after(latency, Message::Disconnected { client });
        }
    }

    /// Restarts the server: requests in transit are lost, and so are all connections.
    pub(super) fn restart_server(&mut self) {
        self.record("the server restarts");
        for client in 0..self.clients.len() {
            self.disconnect(client);
        }
        let is_request = |message: &Message| matches!(message, Message::Request { .. });
        let requests = self.in_transit.extract_if(.., |_, message| is_request(message));
        for message in requests.map(|(_, message)| message).collect::<Vec<_>>() {
            if let Message::Request { client, id, .. } = message {
                let latency = self.latency();
                let response = Err(TransportError::new("reset"));
                self.send_after(latency, Message::Response { client, id, response });
            }
        }
    }

    /// Takes a backup of the server, or restores the last one and restarts the server.
    pub(super) fn take_or_restore_backup(&mut self) {
        match self.backup.clone() {
            Some(backup) if self.below(2) == 0 => {
                self.record("the backup is restored");
                self.server.restore(&backup);
                self.restart_server();
            }
            _ => {
                self.record("a backup is taken");
                self.backup = Some(self.server.clone());
            }
        }
    }

    /// Ends the program of a client, and starts it again from its snapshot.
    pub(super) fn restart_client(&mut self, client: usize) {
        self.record(format!("client {client} restarts from its snapshot"));
        let snapshot = self.clients[client].engine.snapshot();
        let mut engine = Engine::new(self.rng.u64(..)).expect("the contract fits");
        let expired = engine.restore(self.wall_time(), &snapshot);
        assert_eq!(expired, Ok(Vec::new()), "no mutation is that old");
        self.forget_messages_to(client);
        let client = &mut self.clients[client];
        client.engine = engine;
        client.mutations.clear();
        client.subscriptions.clear();
        client.connection = None;
        client.connections += 1;
        for watched in &mut client.watches {
            let cache = client.engine.cache();
            let query = range_query(cache, &watched.calendar.into(), watched.range);
            watched.watch = cache.watch(&query);
            watched.id = client.engine.watch_range(&watched.calendar.into(), query);
        }
    }

    /// Removes the messages to a client. Its requests still reach the server, but it ignores their
    /// responses.
    fn forget_messages_to(&mut self, client: usize) {
        self.in_transit.retain(|_, message| match message {
            Message::Request { .. } | Message::Subscribe { .. } => true,
            Message::Response { client: to, .. }
            | Message::ConnectResult { client: to, .. }
            | Message::Event { client: to, .. }
            | Message::Disconnected { client: to } => *to != client,
        });
        for message in self.in_transit.values_mut() {
            if let Message::Request { client: from, id, .. } = message
                && *from == client
            {
                *id = RequestId(0);
            }
        }
    }

    /// Removes all but the last two changes from the log of a calendar.
    pub(super) fn prune(&mut self) {
        let calendar = self.random_calendar();
        if let Some(log) = self.server.calendars.get_mut(calendar) {
            log.pruned = log.head().saturating_sub(2);
            self.record(format!("the log of {calendar} is pruned"));
        }
    }
}
