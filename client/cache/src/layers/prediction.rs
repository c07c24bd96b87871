//! Predictions: the ways to say what a mutation is expected to do, and how each becomes edits.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use super::{Draft, Recipe};
use crate::document::Bound;
use crate::error::PredictionError;
use crate::prepared::Prepared;

/// What a mutation is expected to do.
pub struct Prediction(pub(crate) PredictionKind);

/// As it was given.
pub(crate) enum PredictionKind {
    Response { bound: Arc<Bound>, value: String },
    Patch(Patch),
    Draft(Recipe),
    Invalid(PredictionError),
}

impl Prediction {
    /// The mutation is expected to answer `value`: its own fragment, or anything that serializes to the same
    /// shape. Every field must be one that the mutation selects.
    ///
    /// Of an entity that is shown already, only what differs becomes an edit: what the mutation
    /// does not change still follows the server.
    pub fn response<F>(mutation: &Prepared<F>, value: &impl Serialize) -> Self {
        let value = serde_json::to_string(value);
        Self(match value {
            Ok(value) => PredictionKind::Response { bound: mutation.unchecked().clone(), value },
            Err(error) => PredictionKind::Invalid(PredictionError::Mismatch(error.to_string())),
        })
    }

    /// A closure over a draft of what is shown. It runs at once, and again whenever something that it
    /// has looked at moves; so it may say "one more than now". It must not call the cache.
    pub fn draft(recipe: impl Fn(&mut Draft<'_>) + Send + Sync + 'static) -> Self {
        Self(PredictionKind::Draft(Arc::new(recipe)))
    }
}

impl From<Patch> for Prediction {
    fn from(patch: Patch) -> Self {
        Self(PredictionKind::Patch(patch))
    }
}

/// Changes of some fields of one entity.
///
/// ```
/// # use cynic_cache::Patch;
/// Patch::of("Book", "b-1").set("title", "Emma").set("pages", 474);
/// ```
pub struct Patch {
    pub(crate) type_name: String,
    pub(crate) key: String,
    pub(crate) fields: Vec<(String, serde_json::Result<Json>)>,
    pub(crate) deletes: bool,
}

impl Patch {
    /// A change of the entity with this type and key.
    #[must_use]
    pub fn of(type_name: &str, key: &str) -> Self {
        Self {
            type_name: type_name.to_owned(),
            key: key.to_owned(),
            fields: Vec::new(),
            deletes: false,
        }
    }

    /// The field takes this value. An object with a key becomes a reference to that entity.
    #[must_use]
    pub fn set(mut self, field: &str, value: impl Serialize) -> Self {
        self.fields.push((field.to_owned(), serde_json::to_value(value)));
        self
    }

    /// The entity is no more.
    #[must_use]
    pub fn delete(mut self) -> Self {
        self.deletes = true;
        self
    }
}
