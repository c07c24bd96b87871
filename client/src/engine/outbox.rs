//! The outbox: mutations that are not settled yet (C9, C16).
//!
//! **Invariant:** once a mutation was sent, its content never changes. It is sent again, with the
//! same mutation id, until it is settled: by the server, or by the application, which may discard
//! it. Mutations of one appointment are sent one at a time, in the order of their creation;
//! mutations of different appointments are sent in parallel.

use cynic_cache::Batch;

use super::Millis;
use super::context::Context;
use super::outbox_state::{Item, ItemState, OutcomeSender};
use super::requests::Purpose;
use super::retry::Retry;
use crate::model::appointment::Appointment;
use crate::model::error::TransportError;
use crate::model::id::{AppointmentId, CalendarId, MutationId};
use crate::model::input::Precondition;
use crate::model::outbox::OutboxEntry;
use crate::model::refusal::{MutationResult, Refusal};
use crate::model::scalars::{DateTime, Revision};
use crate::mutation::{MutationInput, MutationOutcome};
use crate::optimistic;
use crate::wire::operations::Deleted;

/// Every mutation that is not settled, the oldest first.
#[derive(Default)]
pub(super) struct Outbox {
    pub(super) items: Vec<Item>,
    /// Failures of the server as a whole: while it waits, no mutation is sent.
    server_retry: Retry,
}

/// A mutation of the application, before it enters the outbox.
pub(super) struct NewItem {
    pub(super) calendar: CalendarId,
    pub(super) appointment: AppointmentId,
    pub(super) input: MutationInput,
    pub(super) caller: OutcomeSender,
}

/// A new mutation, and the earlier unsent mutations that were merged into it.
struct Merged {
    item: Item,
    replaced: Vec<MutationId>,
}

impl Outbox {
    /// Returns all mutations that are not settled, the oldest first.
    pub(super) fn entries(&self, to_wall_time: impl Fn(Millis) -> DateTime) -> Vec<OutboxEntry> {
        self.items.iter().map(|item| item.entry(&to_wall_time)).collect()
    }

    pub(super) fn timeout(&self) -> Option<Millis> {
        let server = self.server_retry.at();
        let retries = self.items.iter().filter_map(|it| match it.state {
            ItemState::Retrying => Some(it.retry.at().max(server).unwrap_or_default()),
            ItemState::Queued => server,
            ItemState::Sent(_) => None,
        });
        retries.min()
    }

    fn find(&self, id: &MutationId) -> Option<usize> {
        self.items.iter().position(|it| it.id == *id)
    }

    /// Finds the last mutation of an appointment, if it was never sent.
    fn last_unsent(&self, appointment: &AppointmentId) -> Option<usize> {
        let index = self.items.iter().rposition(|it| it.appointment == *appointment)?;
        self.items[index].sent.is_none().then_some(index)
    }

    fn of<'o>(&'o self, appointment: &'o AppointmentId) -> impl Iterator<Item = &'o Item> {
        self.items.iter().filter(move |it| it.appointment == *appointment)
    }

    /// Returns whether the creation of an appointment is not settled yet.
    pub(super) fn is_creating(&self, appointment: &AppointmentId) -> bool {
        self.of(appointment).any(|it| matches!(it.input, MutationInput::Create(_)))
    }

    fn is_deleting(&self, appointment: &AppointmentId) -> bool {
        self.of(appointment).any(|it| matches!(it.input, MutationInput::Delete(_)))
    }

    /// Adds a mutation and shows its prediction at once. Returns the mutation's id.
    pub(super) fn mutate(
        &mut self,
        context: &mut Context,
        at: DateTime,
        mutation: NewItem,
    ) -> MutationId {
        let id = MutationId::from(context.new_id(at));
        let NewItem { calendar, appointment, input, caller } = mutation;
        if !matches!(input, MutationInput::Create(_)) && self.is_deleting(&appointment) {
            finish(vec![caller], &Err(Refusal::BeingDeleted));
            return id;
        }
        let expected = expected_revision(context, &appointment, &input);
        let new = Item {
            id: id.clone(),
            appointment,
            calendar,
            input,
            expected,
            sent: None,
            state: ItemState::Queued,
            retry: Retry::default(),
            callers: vec![caller],
        };
        if let Some(Merged { item, replaced }) = self.merge_unsent(context, new) {
            self.predict(context, item, &replaced);
        }
        id
    }

    /// Merges unsent mutations of the same appointment into a new one. Returns `None` if an unsent
    /// creation and its deletion cancel each other.
    ///
    /// A creation is never merged with an update, so that a refused update does not cost the
    /// appointment.
    fn merge_unsent(&mut self, context: &Context, mut new: Item) -> Option<Merged> {
        let mut replaced = Vec::new();
        while let Some(index) = self.last_unsent(&new.appointment) {
            match (&self.items[index].input, &mut new.input) {
                (MutationInput::Create(_), MutationInput::Delete(_)) => {
                    let creation = self.items.remove(index);
                    replaced.push(creation.id);
                    context.cache.update(|batch| roll_back(batch, &replaced));
                    finish(creation.callers, &Err(Refusal::Aborted));
                    finish(new.callers, &Ok(None));
                    return None;
                }
                (MutationInput::Update(earlier), MutationInput::Update(later)) => {
                    let merged = earlier.as_ref().clone().merge(later.as_ref().clone());
                    **later = merged;
                }
                (MutationInput::Update(_), MutationInput::Delete(_)) => {}
                _ => break,
            }
            let earlier = self.items.remove(index);
            new.expected = earlier.expected.or(new.expected);
            new.callers.extend(earlier.callers);
            replaced.push(earlier.id);
        }
        Some(Merged { item: new, replaced })
    }

    /// Shows the prediction of a new mutation instead of those that it replaces, in one step, and
    /// queues it.
    fn predict(&mut self, context: &Context, item: Item, replaced: &[MutationId]) {
        let prediction = optimistic::prediction_for(&item.calendar, &item.appointment, &item.input);
        let predicted = context.cache.update(|batch| {
            roll_back(batch, replaced);
            batch.predict(item.id.as_str(), prediction)
        });
        match predicted {
            Ok(()) => self.items.push(item),
            Err(error) => {
                finish(item.callers, &Err(Refusal::InvalidRequest { message: error.to_string() }));
            }
        }
    }

    /// Removes a mutation that was never sent. Returns `false` if it was sent, or is not in the
    /// outbox.
    pub(super) fn abort(&mut self, context: &Context, id: &MutationId) -> bool {
        let unsent = self.find(id).filter(|index| self.items[*index].sent.is_none());
        let Some(index) = unsent else { return false };
        self.refuse(context, index, Refusal::Aborted, |_| {});
        true
    }

    /// Removes a mutation and its prediction; the server may still apply it. Returns `false` if it
    /// is not in the outbox.
    pub(super) fn discard(&mut self, context: &Context, id: &MutationId) -> bool {
        let Some(index) = self.find(id) else { return false };
        let was_sent = self.items[index].sent.is_some();
        let refusal = if was_sent { Refusal::Discarded } else { Refusal::Aborted };
        self.refuse(context, index, refusal, |_| {});
        true
    }

    /// Makes everything due that waits for its next attempt.
    pub(super) fn retry_now(&mut self) {
        self.server_retry.start();
        self.items.iter_mut().for_each(|it| it.retry.retry_now());
    }

    /// Sends what is due: at most the oldest mutation of each appointment.
    pub(super) fn pump(&mut self, now: Millis, context: &mut Context) {
        if !self.server_retry.is_due(now) {
            return;
        }
        self.server_retry.start();
        let mut appointments = Vec::new();
        let mut due = Vec::new();
        for item in &self.items {
            if appointments.contains(&&item.appointment) {
                continue;
            }
            appointments.push(&item.appointment);
            if item.is_due(now) {
                due.push(item.id.clone());
            }
        }
        for id in due {
            self.send(context, &id);
        }
    }

    fn send(&mut self, context: &mut Context, id: &MutationId) {
        let Some(index) = self.find(id) else { return };
        let item = &mut self.items[index];
        let mutation = match item.sent.clone() {
            Some(mutation) => Ok(mutation),
            None => item.prepare(context),
        };
        match mutation {
            Ok(mutation) => {
                item.state = ItemState::Sent(mutation.begin(&context.cache));
                context.send(mutation.body(), Purpose::Mutation(item.id.clone()));
                item.sent = Some(mutation);
            }
            Err(error) => {
                let refusal = Refusal::InvalidRequest { message: error.to_string() };
                self.refuse(context, index, refusal, |_| {});
            }
        }
    }

    /// Settles a mutation by its response, or schedules the next attempt.
    pub(super) fn handle_response(
        &mut self,
        now: Millis,
        context: &mut Context,
        id: &MutationId,
        response: Result<&[u8], TransportError>,
    ) {
        // An event may have settled the mutation already.
        let Some(index) = self.find(id) else { return };
        let item = &mut self.items[index];
        let ItemState::Sent(in_flight) = std::mem::replace(&mut item.state, ItemState::Queued)
        else {
            return;
        };
        let Some(mutation) = item.sent.clone() else { return };
        let Ok(response) = response else { return self.retry_later(now, context, index) };
        match mutation.read_outcome(response) {
            MutationOutcome::Undecided => self.retry_later(now, context, index),
            MutationOutcome::Done { appointment, deleted } => {
                self.server_retry = Retry::default();
                let item = self.items.remove(index);
                context.cache.update(|batch| {
                    mutation.apply_response(batch, &in_flight, response);
                    if let Some(deleted) = deleted {
                        batch.delete(&optimistic::key(&item.appointment), deleted.at);
                    }
                    batch.settle(item.id.as_str());
                });
                self.on_settled(item, appointment);
            }
            MutationOutcome::Refused { refusal, deleted } => {
                self.server_retry = Retry::default();
                let key = optimistic::key(&self.items[index].appointment);
                self.refuse(context, index, refusal, |batch| {
                    mutation.apply_response(batch, &in_flight, response);
                    if let Some(Deleted { at: Some(revision) }) = deleted {
                        batch.delete(&key, Some(revision));
                    }
                });
            }
        }
    }

    /// Schedules the next attempt of a mutation that may have arrived.
    fn retry_later(&mut self, now: Millis, context: &mut Context, index: usize) {
        let item = &mut self.items[index];
        item.retry.fail(now, &mut context.rng);
        item.state = ItemState::Retrying;
        // The status of the appointment shows the failure (C17), until the mutation is settled.
        context.cache.update(|batch| batch.mark_failed(item.id.as_str()));
        self.server_retry.fail(now, &mut context.rng);
    }

    /// Settles an own mutation by its event, which may arrive before its response.
    pub(super) fn settle_by_event(&mut self, id: &MutationId, appointment: Option<Appointment>) {
        if let Some(index) = self.find(id) {
            let item = self.items.remove(index);
            self.on_settled(item, appointment);
        }
    }

    /// Hands the new revision to the next mutation of the appointment that expects it (C9), and
    /// tells the callers.
    fn on_settled(&mut self, item: Item, appointment: Option<Appointment>) {
        if let Some(revision) = appointment.as_ref().map(|it| it.revision) {
            let mut later = self.items.iter_mut();
            let next = later.find(|it| it.appointment == item.appointment && it.sent.is_none());
            if let Some(next) = next.filter(|it| it.input.precondition() == Precondition::AsSeen) {
                next.expected = Some(revision);
            }
        }
        finish(item.callers, &Ok(appointment));
    }

    /// Removes a mutation and its prediction; with a creation, also all later mutations of the
    /// appointment, none of which was sent. `apply` is called in the same update of the cache.
    fn refuse(
        &mut self,
        context: &Context,
        index: usize,
        refusal: Refusal,
        apply: impl FnOnce(&mut Batch<'_>),
    ) {
        let item = self.items.remove(index);
        let mut dependents = Vec::new();
        if matches!(item.input, MutationInput::Create(_)) {
            let later = self.items.extract_if(.., |it| it.appointment == item.appointment);
            dependents.extend(later);
        }
        context.cache.update(|batch| {
            apply(batch);
            batch.roll_back(item.id.as_str());
            dependents.iter().for_each(|it| _ = batch.roll_back(it.id.as_str()));
        });
        finish(item.callers, &Err(refusal));
        for dependent in dependents {
            finish(dependent.callers, &Err(Refusal::DependsOnRejected));
        }
    }
}

/// Returns the revision that the appointment must have, if the mutation has a precondition.
fn expected_revision(
    context: &Context,
    appointment: &AppointmentId,
    input: &MutationInput,
) -> Option<Revision> {
    match input.precondition() {
        Precondition::None => None,
        Precondition::AsSeen => optimistic::revision(&context.cache, appointment),
        Precondition::Revision(revision) => Some(revision),
    }
}

fn roll_back(batch: &mut Batch<'_>, ids: &[MutationId]) {
    ids.iter().for_each(|id| _ = batch.roll_back(id.as_str()));
}

fn finish(callers: Vec<OutcomeSender>, outcome: &MutationResult) {
    for caller in callers {
        // A closed channel means that the application does not wait for the outcome.
        let _ = caller.send(outcome.clone());
    }
}

#[cfg(test)]
mod tests;
