//! The outbox as callers see it.

use super::outbox::{Item, State};
use super::{Engine, Millis};
use crate::model::outbox::{OutboxEntry, OutboxState};
use crate::model::scalars::DateTime;

impl Engine {
    /// Returns the unsettled mutations, the oldest first.
    pub(crate) fn pending(&self, to_wall_time: impl Fn(Millis) -> DateTime) -> Vec<OutboxEntry> {
        self.outbox.items.iter().map(|item| item.entry(&to_wall_time)).collect()
    }

    /// Returns the inputs of the unsettled mutations, the oldest first.
    #[cfg(test)]
    pub(crate) fn predicted(
        &self,
    ) -> impl Iterator<
        Item = (
            &crate::model::id::CalendarId,
            &crate::model::id::AppointmentId,
            &crate::mutation::MutationInput,
        ),
    > {
        self.outbox.items.iter().map(|it| (&it.calendar, &it.appointment, &it.input))
    }
}

impl Item {
    fn entry(&self, to_wall_time: impl Fn(Millis) -> DateTime) -> OutboxEntry {
        OutboxEntry {
            mutation_id: self.id.clone(),
            appointment_id: self.appointment.clone(),
            calendar_id: self.calendar.clone(),
            kind: self.input.kind(),
            state: match self.state {
                State::Queued => OutboxState::Queued,
                State::Sent(_) => OutboxState::Sent,
                State::Waiting { retry_at } => OutboxState::Retrying { at: to_wall_time(retry_at) },
            },
        }
    }
}
