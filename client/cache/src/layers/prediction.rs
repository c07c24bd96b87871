//! Predictions: the ways to describe the expected effect of a mutation.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use super::{Draft, Recipe};
use crate::document::Bound;
use crate::error::PredictionError;
use crate::prepared::Prepared;

/// The expected effect of a mutation; see [`Cache::predict`](crate::Cache::predict).
///
/// There are three kinds: an expected response ([`Prediction::response`]), a closure
/// ([`Prediction::draft`]), and a [`Patch`] of one entity.
///
/// ```
/// # mod library { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/doctest.in")); }
/// # use library::*;
/// use cynic::MutationBuilder;
/// use cynic_cache::{Cache, Prediction};
///
/// let cache = Cache::new(Library)?;
/// let rename = RenameVariables { id: "b1".into(), title: "Emma II".into() };
/// let rename = cache.prepare(&RenameBook::build(rename))?;
///
/// let expected = Book { id: "b1".into(), title: "Emma II".into() };
/// let expected = RenameBook { rename_book: Some(expected) };
/// cache.predict("m1", Prediction::response(&rename, &expected))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Prediction(pub(crate) PredictionKind);

/// A prediction as the program has given it.
pub(crate) enum PredictionKind {
    Response { bound: Arc<Bound>, value: String },
    Patch(Patch),
    Draft(Recipe),
    Invalid(PredictionError),
}

impl Prediction {
    /// Predicts that the mutation returns `value`: the mutation's own fragment, or anything that
    /// serializes to the same JSON.
    ///
    /// Every field of `value` must be one that the mutation selects. Only fields that differ from
    /// the current view become edits; the others keep following the server.
    ///
    /// A value that does not fit makes [`Cache::predict`](crate::Cache::predict) fail.
    pub fn response<F>(mutation: &Prepared<F>, value: &impl Serialize) -> Self {
        let value = serde_json::to_string(value);
        Self(match value {
            Ok(value) => {
                PredictionKind::Response { bound: mutation.bound_unchecked().clone(), value }
            }
            Err(error) => PredictionKind::Invalid(PredictionError::Mismatch(error.to_string())),
        })
    }

    /// Predicts the effect with a closure over the current view; see [`Draft`].
    ///
    /// The closure runs at once, and again whenever an entity that it has read changes. So it can
    /// express "one more than now". It runs under the cache's mutex and must not call the cache.
    pub fn draft(recipe: impl Fn(&mut Draft<'_>) + Send + Sync + 'static) -> Self {
        Self(PredictionKind::Draft(Arc::new(recipe)))
    }
}

impl fmt::Debug for Prediction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            PredictionKind::Response { value, .. } => {
                out.debug_tuple("Prediction::response").field(value).finish()
            }
            PredictionKind::Patch(patch) => patch.fmt(out),
            PredictionKind::Draft(_) => out.write_str("Prediction::draft(..)"),
            PredictionKind::Invalid(error) => error.fmt(out),
        }
    }
}

impl From<Patch> for Prediction {
    fn from(patch: Patch) -> Self {
        Self(PredictionKind::Patch(patch))
    }
}

/// A change of some fields of one entity, or its deletion.
///
/// The entity must be visible: a patch of an unknown entity has no effect until the entity is
/// known.
///
/// ```
/// # use cynic_cache::Patch;
/// let rename = Patch::of("Book", "b-1").set("title", "Emma").set("pages", 474);
/// let delete = Patch::of("Book", "b-2").delete();
/// ```
#[derive(Debug)]
pub struct Patch {
    pub(crate) type_name: String,
    pub(crate) key: String,
    pub(crate) fields: Vec<(String, serde_json::Result<Json>)>,
    pub(crate) deletes: bool,
}

impl Patch {
    /// Creates a patch of the entity of type `type_name` whose key field is `key`.
    #[must_use]
    pub fn of(type_name: &str, key: &str) -> Self {
        Self {
            type_name: type_name.to_owned(),
            key: key.to_owned(),
            fields: Vec::new(),
            deletes: false,
        }
    }

    /// Sets a field, by its name in the schema, to a value that serializes to JSON.
    ///
    /// An object with a key becomes a reference to that entity, and its other fields are set on it.
    #[must_use]
    pub fn set(mut self, field: &str, value: impl Serialize) -> Self {
        self.fields.push((field.to_owned(), serde_json::to_value(value)));
        self
    }

    /// Deletes the entity. All fields that were set are ignored.
    #[must_use]
    pub fn delete(mut self) -> Self {
        self.deletes = true;
        self
    }
}
