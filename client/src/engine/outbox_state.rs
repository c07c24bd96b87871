//! The outbox as an application sees it.

use super::Millis;
use super::outbox::{Item, ItemState, Outbox};
use crate::model::outbox::{OutboxEntry, OutboxState};
use crate::model::scalars::DateTime;

impl Outbox {
    /// Returns all mutations that are not settled, the oldest first.
    pub(super) fn entries(&self, to_wall_time: impl Fn(Millis) -> DateTime) -> Vec<OutboxEntry> {
        self.items.iter().map(|item| item.entry(&to_wall_time)).collect()
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
                ItemState::Queued => OutboxState::Queued,
                ItemState::Sent(_) => OutboxState::Sent,
                ItemState::Retrying => {
                    OutboxState::Retrying { at: to_wall_time(self.retry.at().unwrap_or_default()) }
                }
            },
        }
    }
}
