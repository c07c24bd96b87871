//! The state of each mutation in the outbox, and how an application sees it.

use cynic_cache::InFlight;
use futures_channel::oneshot;

use super::Millis;
use super::context::Context;
use super::retry::Retry;
use crate::model::id::{AppointmentId, CalendarId, MutationId};
use crate::model::outbox::{OutboxEntry, OutboxState};
use crate::model::refusal::MutationResult;
use crate::model::scalars::{DateTime, Revision};
use crate::mutation::{MutationInput, PreparedMutation};

/// Sends the outcome of a mutation to its caller.
pub(crate) type OutcomeSender = oneshot::Sender<MutationResult>;

/// A mutation that is not settled.
pub(super) struct Item {
    pub(super) id: MutationId,
    pub(super) appointment: AppointmentId,
    pub(super) calendar: CalendarId,
    pub(super) input: MutationInput,
    /// The revision that the appointment must have, if the mutation has a precondition.
    pub(super) expected: Option<Revision>,
    /// The mutation as it was sent. `None`: it was never sent.
    pub(super) sent: Option<PreparedMutation>,
    pub(super) state: ItemState,
    pub(super) retry: Retry,
    pub(super) callers: Vec<OutcomeSender>,
}

pub(super) enum ItemState {
    Queued,
    Sent(InFlight),
    /// The last attempt failed; the next one starts when the retry is due.
    Retrying,
}

impl Item {
    /// Returns whether the next attempt may start.
    pub(super) fn is_due(&self, now: Millis) -> bool {
        match self.state {
            ItemState::Queued => true,
            ItemState::Sent(_) => false,
            ItemState::Retrying => self.retry.is_due(now),
        }
    }

    /// Builds the mutation with its final content.
    pub(super) fn prepare(
        &self,
        context: &Context,
    ) -> Result<PreparedMutation, cynic_cache::OperationError> {
        PreparedMutation::new(
            &context.cache,
            &self.calendar,
            &self.appointment,
            &self.input,
            self.expected,
            &self.id,
        )
    }

    pub(super) fn entry(&self, to_wall_time: impl Fn(Millis) -> DateTime) -> OutboxEntry {
        OutboxEntry {
            mutation_id: self.id.clone(),
            appointment_id: self.appointment.clone(),
            calendar_id: self.calendar.clone(),
            kind: self.input.kind(),
            state: match self.state {
                ItemState::Queued => OutboxState::Queued,
                ItemState::Sent(_) => OutboxState::Sent,
                ItemState::Retrying => {
                    OutboxState::Retrying { at: to_wall_time(self.retry.at().unwrap_or_default()) }
                }
            },
        }
    }
}
