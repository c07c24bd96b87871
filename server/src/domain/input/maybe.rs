//! A field of an update: absent, null or a value.

use serde::Serialize;

use super::super::Problems;

/// One field of an update. GraphQL distinguishes an absent field from `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Maybe<T> {
    /// The field was absent and keeps its value.
    #[default]
    Keep,
    /// The field was `null` and loses its value.
    Clear,
    /// The field gets a new value. (Stored fingerprints contain the name `To`.)
    #[serde(rename = "To")]
    Set(T),
}

impl<T> Maybe<T> {
    /// Returns the field's value after the update.
    pub(in super::super) fn apply_to(self, current: &Option<T>) -> Option<T>
    where
        T: Clone,
    {
        match self {
            Self::Keep => current.clone(),
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// Checks the value of a field that may be cleared.
    pub(super) fn check<U>(
        self,
        field: &str,
        problems: &mut Problems,
        check: impl FnOnce(T) -> Result<U, String>,
    ) -> Maybe<U> {
        match self {
            Self::Keep => Maybe::Keep,
            Self::Clear => Maybe::Clear,
            Self::Set(value) => problems.check(field, check(value)).map_or(Maybe::Keep, Maybe::Set),
        }
    }

    /// Checks the value of a field that cannot be cleared. `None` keeps the current value.
    pub(super) fn check_required<U>(
        self,
        field: &str,
        problems: &mut Problems,
        check: impl FnOnce(T) -> Result<U, String>,
    ) -> Option<U> {
        match self {
            Self::Keep => None,
            Self::Clear => {
                problems.add(field, "This field cannot be null; omit it to keep its value.");
                None
            }
            Self::Set(value) => problems.check(field, check(value)),
        }
    }
}
