//! The outbox as callers see it: the mutations that the server has not settled yet.

use super::id::{AppointmentId, CalendarId, MutationId};
use super::scalars::DateTime;

/// A mutation that is not settled yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxEntry {
    /// The mutation's id; pass it to [`crate::Client::discard`].
    pub mutation_id: MutationId,
    /// The appointment that the mutation creates, updates or deletes.
    pub appointment_id: AppointmentId,
    /// The calendar of that appointment.
    pub calendar_id: CalendarId,
    /// Whether the mutation creates, updates or deletes.
    pub kind: MutationKind,
    /// How far the mutation has got.
    pub state: OutboxState,
}

/// The effect of a mutation on its appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MutationKind {
    /// The mutation creates the appointment.
    Create,
    /// The mutation changes fields of the appointment: its time, its status or others.
    Update,
    /// The mutation deletes the appointment.
    Delete,
}

/// How far a mutation has got on its way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutboxState {
    /// The mutation was not sent yet, or waits to be sent again after a restart.
    Queued,
    /// The mutation was sent, and its response has not arrived.
    Sent,
    /// No response arrived, so the same request is sent again later.
    Retrying {
        /// The earliest time of the next attempt.
        at: DateTime,
    },
}
