//! What people do: they look, change things, call them off; and their lines are cut.

use futures_channel::oneshot;

use super::world::{CALENDARS, HOURS, Mail, Seen, World};
use crate::engine::{Engine, RequestNumber};
use crate::model::error::TransportError;
use crate::model::id::{AppointmentId, CalendarId};
use crate::model::input::{AppointmentChanges, NewAppointment, Precondition};
use crate::model::scalars::DateTime;
use crate::mutation::MutationInput;
use crate::wire::operations::TimeRange;
use crate::wire::prepare::range_query;

impl World {
    pub(super) fn hour(&mut self, hour: u64) -> DateTime {
        let begin = 1_795_392_000;
        DateTime::from_timestamp(begin + hour as i64 * 3_600, 0).unwrap_or_default()
    }

    pub(super) fn watch(&mut self, client: usize) {
        let calendar = CALENDARS[self.below(2) as usize];
        let from = self.below(HOURS - 1);
        let until = from + 1 + self.below(HOURS - from);
        let range = TimeRange { start: self.hour(from), end: self.hour(until) };
        self.tell(format!("client {client} watches {calendar} {from}..{until}"));
        let engine = &mut self.clients[client].engine;
        let query = range_query(engine.cache(), &calendar.into(), range);
        let watch = engine.cache().watch(&query);
        let number = engine.watch(calendar, query);
        self.clients[client].watches.push(Seen { calendar, range, number, watch });
    }

    pub(super) fn unwatch(&mut self, client: usize) {
        if self.clients[client].watches.len() > 1 {
            let seen = self.clients[client].watches.remove(0);
            self.clients[client].engine.unwatch(seen.number);
            self.tell(format!("client {client} looks away from {}", seen.calendar));
        }
    }

    pub(super) fn mutate(&mut self, client: usize) {
        self.names += 1;
        let title = format!("t{}", self.names);
        let shown: Vec<(&'static str, String)> = self.clients[client]
            .watches
            .iter_mut()
            .flat_map(|it| it.shown().into_keys().map(|id| (it.calendar, id)).collect::<Vec<_>>())
            .collect();
        let known =
            (!shown.is_empty()).then(|| shown[self.below(shown.len() as u64) as usize].clone());
        let (from, kind) = (self.below(HOURS), self.below(6));
        let (start, end) = (self.hour(from), self.hour(from + 1 + kind % 3));
        let (calendar, id, what) = match (kind, known) {
            (0 | 1, _) | (_, None) => {
                let calendar = CALENDARS[self.below(2) as usize];
                let id = format!("a{}", self.names);
                (
                    calendar,
                    id,
                    MutationInput::Create(Box::new(NewAppointment::new(title, start, end))),
                )
            }
            (2, Some((calendar, id))) => (calendar, id, MutationInput::Delete(Precondition::None)),
            (3, Some((calendar, id))) => (
                calendar,
                id,
                MutationInput::Update(Box::new(AppointmentChanges::new().time(start, end))),
            ),
            (4, Some((calendar, id))) => (
                calendar,
                id,
                MutationInput::Update(Box::new(
                    AppointmentChanges::new().title(title).if_unchanged(),
                )),
            ),
            (_, Some((calendar, id))) => (
                calendar,
                id,
                MutationInput::Update(Box::new(AppointmentChanges::new().title(title))),
            ),
        };
        let (tell, told) = oneshot::channel();
        let (calendar_id, id) = (CalendarId::from(calendar), AppointmentId::from(id));
        let now = DateTime::from_timestamp_millis(self.now as i64).unwrap_or_default();
        let word = format!("client {client} in {calendar}: {} {what:?}", id);
        let it = &mut self.clients[client];
        let mutation = it.engine.mutate(now, &calendar_id, &id, what, tell);
        it.mutations.insert(mutation.to_string(), told);
        self.tell(format!("{word} as {mutation}"));
    }

    pub(super) fn abort(&mut self, client: usize) {
        let pending = self.clients[client].engine.pending(|_| DateTime::UNIX_EPOCH);
        if !pending.is_empty() {
            let entry = &pending[self.below(pending.len() as u64) as usize];
            let done = self.clients[client].engine.abort(&entry.mutation_id);
            self.tell(format!("client {client} calls {} off: {done}", entry.mutation_id));
        }
    }

    pub(super) fn cut(&mut self, client: usize) {
        if self.clients[client].line.take().is_some() {
            self.tell(format!("the line of client {client} is cut"));
            self.clients[client].subscriptions.clear();
            let after = self.latency();
            self.post(after, Mail::Lost { client });
        }
    }

    /// What was on its way to the server is lost, and all lines with it.
    pub(super) fn server_restarts(&mut self) {
        self.tell("the server is started again");
        for client in 0..self.clients.len() {
            self.cut(client);
        }
        let on_its_way = self.mail.extract_if(.., |_, it| matches!(it, Mail::Request { .. }));
        for mail in on_its_way.map(|(_, it)| it).collect::<Vec<_>>() {
            if let Mail::Request { client, number, .. } = mail {
                let (after, answer) = (self.latency(), Err(TransportError::new("reset")));
                self.post(after, Mail::Answer { client, number, answer });
            }
        }
    }

    /// A backup of the server is taken; or the last is restored, and the server started again.
    pub(super) fn backup(&mut self) {
        match self.backup.clone() {
            Some(backup) if self.below(2) == 0 => {
                self.tell("the backup is restored");
                self.server.restore(&backup);
                self.server_restarts();
            }
            _ => {
                self.tell("a backup is taken");
                self.backup = Some(self.server.clone());
            }
        }
    }

    /// The program of a client ends, and runs again with what it has kept.
    pub(super) fn program_restarts(&mut self, client: usize) {
        self.tell(format!("client {client} ends, and runs again"));
        let kept = self.clients[client].engine.snapshot();
        self.names += 1;
        let seed = self.rng.u64(..);
        let mut engine = Engine::new(seed).expect("the contract fits");
        let now = DateTime::from_timestamp_millis(self.now as i64).unwrap_or_default();
        let unknown = engine.restore(now, &kept).expect("what it has kept is whole");
        assert!(unknown.is_empty(), "nothing is so old");
        // What is on its way to the server still arrives; nobody hears what comes of it.
        let mine = |mail: &Mail| match mail {
            Mail::Request { .. } | Mail::Subscribe { .. } => false,
            Mail::Answer { client: it, .. }
            | Mail::Opened { client: it, .. }
            | Mail::Event { client: it, .. }
            | Mail::Lost { client: it } => *it == client,
        };
        self.mail.retain(|_, it| !mine(it));
        for mail in self.mail.values_mut() {
            if let Mail::Request { client: it, number, .. } = mail
                && *it == client
            {
                *number = RequestNumber(0);
            }
        }
        let it = &mut self.clients[client];
        it.engine = engine;
        it.mutations.clear();
        it.subscriptions.clear();
        (it.line, it.lines) = (None, it.lines + 1);
        for seen in &mut it.watches {
            let engine = &mut it.engine;
            let query = range_query(engine.cache(), &seen.calendar.into(), seen.range);
            seen.watch = engine.cache().watch(&query);
            seen.number = engine.watch(seen.calendar, query);
        }
    }

    pub(super) fn prune(&mut self) {
        let calendar = CALENDARS[self.below(2) as usize];
        if let Some(log) = self.server.calendars.get_mut(calendar) {
            log.pruned = log.head().saturating_sub(2);
            self.tell(format!("the log of {calendar} is pruned"));
        }
    }
}
