//! Validation collects every problem of an input, not only the first (S15).

use serde::{Deserialize, Serialize};

/// One invalid field of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The path of the field inside `input`: `endsAt`, `attendees.3.email`.
    pub field: String,
    /// A sentence for a person. It does not name the field.
    pub message: String,
}

/// The problems found so far.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds a problem of `field`.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem { field: field.into(), message: message.into() });
    }

    /// Returns a checked value; adds a problem and returns `None` if the check failed.
    pub fn check<T>(&mut self, field: impl Into<String>, checked: Result<T, String>) -> Option<T> {
        checked.map_err(|message| self.add(field, message)).ok()
    }

    /// Like [`Self::check`], for a value that may be absent.
    pub fn check_optional<T>(
        &mut self,
        field: impl Into<String>,
        checked: Option<Result<T, String>>,
    ) -> Option<T> {
        checked.and_then(|it| self.check(field, it))
    }

    /// Returns `value` if there are no problems. `None` stands for a value that could not be built
    /// because of a problem.
    pub fn into_result<T>(self, value: Option<T>) -> Result<T, Vec<Problem>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}
