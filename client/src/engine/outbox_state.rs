//! What the outbox shows of itself: mutations that are not decided, for whoever wants to see what waits.

use super::outbox::{Item, State};
use super::{Engine, Millis};
use crate::mutation::What;

/// A mutation that is not decided yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The mutation's id.
    pub id: cynic::Id,
    /// Which appointment it is of.
    pub appointment: cynic::Id,
    /// In which calendar.
    pub calendar: cynic::Id,
    /// What it does.
    pub verb: Verb,
    /// How far it is.
    pub state: EntryState,
}

/// What a mutation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It creates.
    Create,
    /// It changes, moves or cancels.
    Update,
    /// It deletes.
    Delete,
}

/// How far a mutation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// It was not sent yet; it can be called off.
    Queued,
    /// It is on its way, or its answer is.
    Sent,
    /// It may have arrived or not, and is sent again then (on the engine's clock).
    Retrying {
        /// When.
        at: Millis,
    },
}

impl Engine {
    /// What is not decided yet, the oldest first.
    pub fn pending(&self) -> Vec<Entry> {
        self.outbox.items.iter().map(Item::entry).collect()
    }

    /// What is expected, the oldest first: in which calendar, of which appointment, and what.
    #[cfg(test)]
    pub(crate) fn expected(&self) -> impl Iterator<Item = (&cynic::Id, &cynic::Id, &What)> {
        self.outbox.items.iter().map(|it| (&it.calendar, &it.appointment, &it.what))
    }
}

impl Item {
    fn entry(&self) -> Entry {
        Entry {
            id: self.id.clone(),
            appointment: self.appointment.clone(),
            calendar: self.calendar.clone(),
            verb: self.what.verb(),
            state: match self.state {
                State::Queued => EntryState::Queued,
                State::Sent(_) => EntryState::Sent,
                State::Waiting { retry_at } => EntryState::Retrying { at: retry_at },
            },
        }
    }
}

impl What {
    pub(super) fn verb(&self) -> Verb {
        match self {
            Self::Create(_) => Verb::Create,
            Self::Update(_) => Verb::Update,
            Self::Delete { .. } => Verb::Delete,
        }
    }
}
