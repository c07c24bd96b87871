//! Input is checked whole (S15): every wrong field is named, not only the first.

use serde::{Deserialize, Serialize};

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The path of the field inside `input`: `endsAt`, `attendees.3.email`.
    pub field: String,
    /// What is wrong with it, and what to do: the end of a sentence that begins with the field.
    pub message: String,
}

/// The wrong fields found so far.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes that `field` is wrong.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem { field: field.into(), message: message.into() });
    }

    /// The value, or nothing and a note why.
    pub fn take<T>(&mut self, field: impl Into<String>, value: Result<T, String>) -> Option<T> {
        value.map_err(|message| self.add(field, message)).ok()
    }

    /// [`Self::take`] for a value that may be absent.
    pub fn take_some<T>(
        &mut self,
        field: impl Into<String>,
        value: Option<Result<T, String>>,
    ) -> Option<T> {
        value.and_then(|it| self.take(field, it))
    }

    /// `Ok` while nothing is wrong.
    pub fn none(self) -> Result<(), Vec<Problem>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
