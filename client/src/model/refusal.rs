//! [`Refusal`]: why a mutation was not done.

use serde::Serialize;

use super::appointment::Appointment;
use super::scalars::DateTime;
use crate::schema;

/// The result of a mutation inside the SDK: the appointment afterwards, or `None` if it is deleted.
pub(crate) type MutationResult = Result<Option<Appointment>, Refusal>;

/// The reason why a mutation failed. Its optimistic update is rolled back, and the watches show the
/// former state again.
///
/// [`Refusal::is_user_facing`] says whether the message can be shown to a user.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// The time is taken, in a calendar that forbids overlaps. Offer another time.
    #[error("{message}")]
    SlotTaken {
        /// A sentence for the user.
        message: String,
        /// The conflicting appointments: the earliest ten.
        conflicts: Vec<SlotConflict>,
        /// The number of all conflicting appointments.
        count: i32,
    },
    /// Another client has changed the appointment since the caller last saw it. Show `current`, and
    /// let the user decide again.
    #[error("{message}")]
    Conflict {
        /// A sentence for the user.
        message: String,
        /// The appointment as the server has it now.
        current: Box<Appointment>,
    },
    /// A field is invalid. Correct it; the same input is refused again.
    #[error("{message}")]
    Invalid {
        /// A sentence for the user.
        message: String,
        /// One entry per invalid field.
        problems: Vec<InputProblem>,
    },
    /// The appointment or its calendar does not exist any more.
    #[error("{message}")]
    NotFound {
        /// A sentence for the user.
        message: String,
    },
    /// The id belongs to another appointment or another mutation already.
    #[error("{message}")]
    IdUsed {
        /// A sentence for the user.
        message: String,
    },
    /// The creation that this mutation builds on failed, so this mutation was never sent.
    #[error("the appointment this change depends on was rejected")]
    DependsOnRejected,
    /// The appointment is deleted by an earlier or a later mutation of this client, so this
    /// mutation has no effect.
    #[error("the appointment is being deleted")]
    BeingDeleted,
    /// The mutation was aborted or discarded before it was sent. The server does not know it.
    #[error("the mutation was aborted before it was sent")]
    Aborted,
    /// The mutation was discarded after it was sent. The server may have done it; if so, watches
    /// show the result like a change of another client.
    #[error("the mutation was discarded; the server may have done it")]
    Discarded,
    /// The server does not accept the request: a bug in the program, or another contract version.
    #[error("{message}")]
    InvalidRequest {
        /// The message of the server, for a log.
        message: String,
    },
    /// A kind of refusal that this version of the SDK does not know.
    #[error("{message}")]
    Other {
        /// A sentence for the user.
        message: String,
    },
}

impl Refusal {
    /// Returns whether the message is meant for a user. If not, write it to a log.
    pub fn is_user_facing(&self) -> bool {
        !matches!(self, Self::InvalidRequest { .. } | Self::DependsOnRejected)
    }
}

/// An appointment that occupies the requested time.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(schema = "appointments")]
pub struct SlotConflict {
    /// The start, inclusive.
    pub starts_at: DateTime,
    /// The end, exclusive.
    pub ends_at: DateTime,
    /// The appointment; `None` if the caller may not see it.
    pub appointment: Option<Appointment>,
}

/// A problem with one field of an input.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq, Eq, Serialize)]
#[cynic(schema = "appointments")]
pub struct InputProblem {
    /// The path of the field, such as `attendees.3.email`.
    pub field: String,
    /// A sentence for the user: what is wrong with the field.
    pub message: String,
}
