//! What an update says of one field.

use serde::Serialize;

use super::super::Problems;

/// What an update says of one field: nothing, that it goes, or what it becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Maybe<T> {
    /// Absent: it keeps its value.
    #[default]
    Keep,
    /// `null`: it has no value from now on.
    Clear,
    /// A value.
    #[serde(rename = "To")] // Stored fingerprints contain this name.
    Set(T),
}

impl<T> Maybe<T> {
    /// The field's value after this patch.
    pub(in super::super) fn over(self, value: &Option<T>) -> Option<T>
    where
        T: Clone,
    {
        match self {
            Self::Keep => value.clone(),
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// Reads the value of a field that can be cleared.
    pub(super) fn read<U>(
        self,
        field: &str,
        problems: &mut Problems,
        read: impl FnOnce(T) -> Result<U, String>,
    ) -> Maybe<U> {
        match self {
            Self::Keep => Maybe::Keep,
            Self::Clear => Maybe::Clear,
            Self::Set(value) => problems.take(field, read(value)).map_or(Maybe::Keep, Maybe::Set),
        }
    }

    /// Reads the value of a field that always has one.
    pub(super) fn read_required<U>(
        self,
        field: &str,
        problems: &mut Problems,
        read: impl FnOnce(T) -> Result<U, String>,
    ) -> Option<U> {
        match self {
            Self::Keep => None,
            Self::Clear => {
                problems.add(field, "must not be null; leave it out to keep its value");
                None
            }
            Self::Set(value) => problems.take(field, read(value)),
        }
    }
}
