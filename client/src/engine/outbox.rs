//! The outbox: mutations that wait for their decision (C9, C16).
//!
//! **Invariant:** what was handed to a transport once never changes its content, and is sent again, with the same
//! mutation id, until somebody has decided it: the server, or the caller. Mutations of one appointment go out one
//! at a time, in the order they were made; others beside each other.

use cynic_cache::InFlight;
use futures_channel::oneshot;

use super::{Action, Engine, Millis, RequestNumber, Waits, backoff};
use crate::model::appointment::Appointment;
use crate::model::error::TransportError;
use crate::model::id::{AppointmentId, CalendarId, MutationId};
use crate::model::input::Precondition;
use crate::model::refusal::{MutationResult, Refusal};
use crate::model::scalars::{DateTime, Revision};
use crate::mutation::{MutationInput, MutationOutcome, PreparedMutation};
use crate::optimistic;
use crate::wire::operations::Deleted;

/// Who waits for what a mutation comes to.
pub(crate) type Sender = oneshot::Sender<MutationResult>;

/// Every mutation that is not decided, the oldest first.
#[derive(Default)]
pub(super) struct Outbox {
    pub(super) items: Vec<Item>,
    /// Nothing new is handed over before: the last try has found nobody.
    held_until: Option<Millis>,
    tries: u32,
}

pub(super) struct Item {
    pub(super) id: MutationId,
    pub(super) appointment: AppointmentId,
    pub(super) calendar: CalendarId,
    pub(super) input: MutationInput,
    /// The revision that the caller saw or named, or the answer before it: for those that have a guard.
    pub(super) expected: Option<Revision>,
    /// As it was handed over, if it was.
    pub(super) handed: Option<PreparedMutation>,
    pub(super) state: State,
    pub(super) tries: u32,
    pub(super) waiting: Vec<Sender>,
}

pub(super) enum State {
    Queued,
    /// On its way.
    Sent(InFlight),
    Waiting {
        retry_at: Millis,
    },
}

impl Outbox {
    pub(super) fn timeout(&self) -> Option<Millis> {
        let held = self.held_until.unwrap_or_default();
        let retries = self.items.iter().filter_map(|it| match it.state {
            State::Waiting { retry_at } => Some(retry_at.max(held)),
            State::Queued => self.held_until,
            State::Sent(_) => None,
        });
        retries.min()
    }

    fn find(&self, id: &MutationId) -> Option<usize> {
        self.items.iter().position(|it| it.id == *id)
    }

    /// The last mutation of an appointment that was not handed over.
    fn last_unsent(&self, appointment: &AppointmentId) -> Option<usize> {
        let at = self.items.iter().rposition(|it| it.appointment == *appointment)?;
        self.items[at].handed.is_none().then_some(at)
    }

    /// Whether the creation of an appointment is pending.
    pub(super) fn creates(&self, appointment: &AppointmentId) -> bool {
        let mut of = self.items.iter().filter(|it| it.appointment == *appointment);
        of.any(|it| matches!(it.input, MutationInput::Create(_)))
    }

    fn is_to_be_deleted(&self, appointment: &AppointmentId) -> bool {
        let mut of = self.items.iter().filter(|it| it.appointment == *appointment);
        of.any(|it| matches!(it.input, MutationInput::Delete(_)))
    }
}

impl Engine {
    /// Takes a mutation, and shows at once what is expected of it. Returns its id.
    pub(crate) fn mutate(
        &mut self,
        at: DateTime,
        calendar: &CalendarId,
        appointment: &AppointmentId,
        input: MutationInput,
        waiting: Sender,
    ) -> MutationId {
        self.expect(appointment);
        let (mut input, mut waiting, mut merged) = (input, vec![waiting], Vec::new());
        let id = MutationId::from(self.new_id(at));
        if !matches!(input, MutationInput::Create(_)) && self.outbox.is_to_be_deleted(appointment) {
            finish(waiting, Err(Refusal::BeingDeleted));
            return id;
        }
        let mut expected = self.seen(appointment, &input);
        // Those that were never sent become one; a creation stays by itself, so that a change that is refused
        // does not cost the appointment.
        while let Some(at) = self.outbox.last_unsent(appointment) {
            input = match (&self.outbox.items[at].input, input) {
                (MutationInput::Create(_), MutationInput::Delete(_)) => {
                    let item = self.outbox.items.remove(at);
                    merged.push(item.id);
                    self.cache.update(|batch| {
                        merged.iter().for_each(|it| _ = batch.roll_back(it.as_str()));
                    });
                    finish(item.waiting, Err(Refusal::Aborted));
                    finish(waiting, Ok(None));
                    return id;
                }
                (MutationInput::Update(earlier), MutationInput::Update(later)) => {
                    MutationInput::Update(Box::new(earlier.as_ref().clone().merge(*later)))
                }
                (MutationInput::Update(_), MutationInput::Delete(precondition)) => {
                    MutationInput::Delete(precondition)
                }
                (_, later) => {
                    input = later;
                    break;
                }
            };
            let item = self.outbox.items.remove(at);
            expected = item.expected.or(expected);
            waiting.extend(item.waiting);
            merged.push(item.id);
        }
        let prediction = optimistic::prediction_for(calendar, appointment, &input);
        // In one step, so that nobody sees what is between.
        let predicted = self.cache.update(|batch| {
            merged.iter().for_each(|it| _ = batch.roll_back(it.as_str()));
            batch.predict(id.as_str(), prediction)
        });
        if let Err(error) = predicted {
            finish(waiting, Err(Refusal::InvalidRequest { message: error.to_string() }));
            return id;
        }
        self.outbox.items.push(Item {
            id: id.clone(),
            appointment: appointment.clone(),
            calendar: calendar.clone(),
            input,
            expected,
            handed: None,
            state: State::Queued,
            tries: 0,
            waiting,
        });
        id
    }

    /// The revision that the appointment must have, if what the caller wants depends on it.
    fn seen(&self, appointment: &AppointmentId, input: &MutationInput) -> Option<Revision> {
        match input.precondition() {
            Precondition::None => None,
            Precondition::AsSeen => optimistic::revision(&self.cache, appointment),
            Precondition::Revision(revision) => Some(revision),
        }
    }

    /// Aborts a mutation that was never sent. Returns whether it did.
    pub(crate) fn abort(&mut self, id: &MutationId) -> bool {
        let Some(at) = self.outbox.find(id) else { return false };
        if self.outbox.items[at].handed.is_some() {
            return false;
        }
        self.refuse(at, Refusal::Aborted, |_, _| {});
        true
    }

    /// Removes a mutation and its optimistic update. If it was sent, the server may still do it.
    /// Returns whether the mutation was in the outbox.
    pub(crate) fn discard(&mut self, id: &MutationId) -> bool {
        let Some(at) = self.outbox.find(id) else { return false };
        let was_sent = self.outbox.items[at].handed.is_some();
        let refusal = if was_sent { Refusal::Discarded } else { Refusal::Aborted };
        self.refuse(at, refusal, |_, _| {});
        true
    }

    /// Tries everything again that waits for its time.
    pub(crate) fn retry_now(&mut self) {
        self.retry_line();
        self.outbox.held_until = None;
        for item in &mut self.outbox.items {
            if let State::Waiting { retry_at } = &mut item.state {
                *retry_at = 0;
            }
        }
    }

    pub(super) fn pump_outbox(&mut self, now: Millis) {
        if self.outbox.held_until.is_some_and(|it| it > now) {
            return;
        }
        self.outbox.held_until = None;
        let (mut busy, mut due) = (Vec::new(), Vec::new());
        for item in &self.outbox.items {
            if busy.contains(&&item.appointment) {
                continue;
            }
            busy.push(&item.appointment);
            let is_due = match item.state {
                State::Queued => true,
                State::Sent(_) => false,
                State::Waiting { retry_at } => retry_at <= now,
            };
            if is_due {
                due.push(item.id.clone());
            }
        }
        for id in due {
            self.hand_over(&id);
        }
    }

    fn hand_over(&mut self, id: &MutationId) {
        let Some(at) = self.outbox.find(id) else { return };
        let number = RequestNumber(self.number());
        let item = &mut self.outbox.items[at];
        if item.handed.is_none() {
            let made = PreparedMutation::new(
                &self.cache,
                &item.calendar,
                &item.appointment,
                &item.input,
                item.expected,
                &item.id,
            );
            match made {
                Ok(made) => item.handed = Some(made),
                Err(error) => {
                    let message = error.to_string();
                    return self.refuse(at, Refusal::InvalidRequest { message }, |_, _| {});
                }
            }
        }
        let Some(mutation) = &item.handed else { return };
        item.state = State::Sent(mutation.begin(&self.cache));
        self.actions.push_back(Action::Send { number, body: mutation.body() });
        self.waits.insert(number, Waits::Mutation(item.id.clone()));
    }

    pub(super) fn mutation_answered(
        &mut self,
        now: Millis,
        id: &MutationId,
        answer: Result<&[u8], TransportError>,
    ) {
        // Decided already, by its echo.
        let Some(at) = self.outbox.find(id) else { return };
        let item = &mut self.outbox.items[at];
        let State::Sent(request) = std::mem::replace(&mut item.state, State::Queued) else {
            return;
        };
        let Some(mutation) = item.handed.clone() else { return };
        let decision = answer.ok().map(|it| (it, mutation.read_outcome(it)));
        let Some((answer, decision)) =
            decision.filter(|(_, it)| !matches!(it, MutationOutcome::Undecided))
        else {
            return self.try_later(now, at);
        };
        (self.outbox.tries, self.outbox.held_until) = (0, None);
        match decision {
            MutationOutcome::Undecided => {}
            MutationOutcome::Done { appointment, deleted } => {
                let item = self.outbox.items.remove(at);
                self.cache.update(|batch| {
                    mutation.apply_response(batch, &request, answer);
                    if let Some(deleted) = deleted {
                        batch.delete(&optimistic::key(&item.appointment), deleted.at);
                    }
                    batch.settle(item.id.as_str());
                });
                self.is_done(&item.appointment, appointment.as_ref());
                finish(item.waiting, Ok(appointment));
            }
            MutationOutcome::Refused { refusal, deleted } => {
                let key = optimistic::key(&self.outbox.items[at].appointment);
                self.refuse(at, refusal, |batch, is_first| {
                    if is_first {
                        mutation.apply_response(batch, &request, answer);
                        if let Some(Deleted { at: Some(revision) }) = deleted {
                            batch.delete(&key, Some(revision));
                        }
                    }
                });
            }
        }
    }

    /// What was sent may have arrived: the same goes again.
    fn try_later(&mut self, now: Millis, at: usize) {
        let item = &mut self.outbox.items[at];
        item.tries += 1;
        let retry_at = now + backoff::after(item.tries, &mut self.rng);
        item.state = State::Waiting { retry_at };
        // It says so (C17), until it is decided.
        self.cache.update(|batch| batch.mark_failed(item.id.as_str()));
        self.outbox.tries += 1;
        self.outbox.held_until = Some(now + backoff::after(self.outbox.tries, &mut self.rng));
    }

    /// The event of a mutation of ours: it is decided, whether its answer came or not.
    pub(super) fn echoed(&mut self, id: &MutationId, appointment: Option<Appointment>) {
        let Some(at) = self.outbox.find(id) else { return };
        let item = self.outbox.items.remove(at);
        self.is_done(&item.appointment, appointment.as_ref());
        finish(item.waiting, Ok(appointment));
    }

    /// Those behind it that depend on what was shown take over this one (C9).
    fn is_done(&mut self, id: &AppointmentId, appointment: Option<&Appointment>) {
        let Some(revision) = appointment.map(|it| it.revision) else { return };
        let mut behind = self.outbox.items.iter_mut();
        let next = behind.find(|it| it.appointment == *id && it.handed.is_none());
        if let Some(next) = next.filter(|it| it.input.precondition() == Precondition::AsSeen) {
            next.expected = Some(revision);
        }
    }

    /// Takes a mutation out; and with a creation all that builds on it, unsent. `enter` is called for each in
    /// the change that rolls it back.
    fn refuse(
        &mut self,
        at: usize,
        refusal: Refusal,
        enter: impl Fn(&mut cynic_cache::Batch<'_>, bool),
    ) {
        let item = self.outbox.items.remove(at);
        let mut gone = vec![(item.id.clone(), item.waiting, refusal)];
        if matches!(item.input, MutationInput::Create(_)) {
            let behind = self.outbox.items.extract_if(.., |it| it.appointment == item.appointment);
            gone.extend(behind.map(|it| (it.id, it.waiting, Refusal::DependsOnRejected)));
        }
        self.cache.update(|batch| {
            for (number, (id, ..)) in gone.iter().enumerate() {
                enter(batch, number == 0);
                batch.roll_back(id.as_str());
            }
        });
        for (_, waiting, refusal) in gone {
            finish(waiting, Err(refusal));
        }
    }
}

fn finish(waiting: Vec<Sender>, outcome: MutationResult) {
    for it in waiting {
        // Whoever does not wait any more need not hear it.
        let _ = it.send(outcome.clone());
    }
}

#[cfg(test)]
mod tests;
