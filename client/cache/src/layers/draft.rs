//! [`Draft`]: the view that a prediction's closure reads and changes.

use std::fmt;

use hashbrown::HashSet;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::edit::Edit;
use super::pack::{field_to_json, set_field};
use super::{Layers, MutationId};
use crate::base::Base;
use crate::error::PredictionError;
use crate::record::{EntityId, Record, Symbol};
use crate::rules::Rules;
use crate::view::EntityKey;

/// The current view, for the closure of [`Prediction::draft`] to read and change.
///
/// Entities are named by type and key, fields by their name in the schema. A draft sees the stored
/// data, the predictions of older mutations, and its own changes so far. If a change cannot be
/// made, the draft continues, and [`Cache::predict`](crate::Cache::predict) returns the first
/// error.
///
/// [`Prediction::draft`]: crate::Prediction::draft
///
/// ```
/// # mod library { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/doctest.in")); }
/// # use library::*;
/// use cynic::QueryBuilder;
/// use cynic_cache::{Cache, EntityKey, Prediction};
///
/// let cache = Cache::new(Library)?;
/// let query = cache.prepare(&Shelves::build(()))?;
/// cache.write(&query, SHELVES)?;
///
/// let shelf = EntityKey::new("Shelf", "s1");
/// let book = EntityKey::new("Book", "b2");
/// cache.predict("m1", Prediction::draft(move |draft| {
///     let first: Option<String> = draft.get("Book", "b1", "title");
///     let title = format!("{}, part two", first.unwrap_or_default());
///     draft.create("Book", "b2").set("Book", "b2", "title", title);
///     draft.link(&shelf, "books", &book);
/// }))?;
///
/// let view = cache.read(&query);
/// assert_eq!(view.data().unwrap().shelves[0].books[1].title, "Emma, part two");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Draft<'a>(DraftState<'a>);

/// The state of a draft while its closure runs.
pub(crate) struct DraftState<'a> {
    base: &'a mut Base,
    rules: &'a Rules,
    layers: &'a Layers,
    /// The mutation of the draft. Its layer and the layers above it are not visible.
    mutation: MutationId,
    edits: Vec<(EntityId, Edit)>,
    /// The entities that the closure has named.
    reads: HashSet<EntityId>,
    /// The first change that could not be made.
    error: Option<PredictionError>,
}

impl<'a> DraftState<'a> {
    pub(crate) fn new(
        base: &'a mut Base,
        rules: &'a Rules,
        layers: &'a Layers,
        mutation: MutationId,
    ) -> Self {
        Self {
            base,
            rules,
            layers,
            mutation,
            edits: Vec::new(),
            reads: HashSet::new(),
            error: None,
        }
    }

    /// Runs a recipe. Returns its edits, the entities that it has read, and its first error.
    pub(crate) fn run(
        self,
        recipe: &super::Recipe,
    ) -> (Vec<(EntityId, Edit)>, HashSet<EntityId>, Option<PredictionError>) {
        let mut draft = Draft(self);
        recipe(&mut draft);
        (draft.0.edits, draft.0.reads, draft.0.error)
    }

    fn entity(&mut self, type_name: &str, key: &str) -> EntityId {
        let type_name = self.base.store.names.intern(type_name);
        let entity = self.base.store.entities.intern(type_name, key).0;
        self.reads.insert(entity);
        entity
    }

    /// Returns the record that is visible below this layer, with the draft's own edits so far.
    fn visible(&mut self, entity: EntityId) -> Option<Record> {
        let below = self.layers.view(self.base, entity, Some(&self.mutation));
        let mine = self.edits.iter().filter(|(it, _)| *it == entity).map(|(_, it)| it);
        super::edit::apply_to(self.base, entity, below, mine)
    }

    fn resolve_link(
        &mut self,
        parent: &EntityKey,
        field: &str,
        entity: &EntityKey,
    ) -> (EntityId, Symbol, EntityId) {
        let parent = self.entity(&parent.type_name, &parent.key);
        let other = self.entity(&entity.type_name, &entity.key);
        (parent, self.base.store.names.intern(field), other)
    }
}

impl fmt::Debug for Draft<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mutation = &self.0.mutation;
        out.debug_struct("Draft").field("mutation", mutation).finish_non_exhaustive()
    }
}

impl Draft<'_> {
    /// Returns whether the entity is visible.
    pub fn contains(&mut self, type_name: &str, key: &str) -> bool {
        let entity = self.0.entity(type_name, key);
        self.0.visible(entity).is_some()
    }

    /// Returns the value of a field. A reference to an entity reads as that entity's key.
    ///
    /// `None` means that the entity or the field is unknown, or that the value does not deserialize
    /// as `T`.
    pub fn get<T: DeserializeOwned>(
        &mut self,
        type_name: &str,
        key: &str,
        field: &str,
    ) -> Option<T> {
        let entity = self.0.entity(type_name, key);
        let record = self.0.visible(entity)?;
        let field = self.0.base.store.names.get(field)?;
        serde_json::from_value(field_to_json(self.0.base, &record, field)?).ok()
    }

    /// Sets a field to a value that serializes to JSON. Has no effect if the entity is not visible.
    pub fn set(
        &mut self,
        type_name: &str,
        key: &str,
        field: &str,
        value: impl Serialize,
    ) -> &mut Self {
        let entity = self.0.entity(type_name, key);
        let it = &mut self.0;
        let result = serde_json::to_value(value)
            .map_err(|error| PredictionError::Mismatch(error.to_string()))
            .and_then(|value| set_field(it.base, it.rules, entity, field, &value, &mut it.edits));
        if let Err(error) = result {
            it.error.get_or_insert(error);
        }
        self
    }

    /// Creates the entity with its key field; set its other fields one by one.
    ///
    /// An entity that the server has deleted is not created again. Collections list the entity once
    /// its scope and interval are set.
    pub fn create(&mut self, type_name: &str, key: &str) -> &mut Self {
        let entity = self.0.entity(type_name, key);
        self.0.edits.push((entity, Edit::Create));
        let type_symbol = self.0.base.type_name(entity);
        if let Some(rule) = self.0.rules.entity(type_symbol) {
            let field = self.0.base.store.names.text(rule.key).clone();
            self.set(type_name, key, &field, key);
        }
        self
    }

    /// Deletes the entity.
    pub fn delete(&mut self, type_name: &str, key: &str) -> &mut Self {
        let entity = self.0.entity(type_name, key);
        self.0.edits.push((entity, Edit::Delete));
        self
    }

    /// Appends `entity` to the list `field` of `parent`, unless the list contains it.
    ///
    /// A list that was never fetched stays unknown. The query root is `EntityKey::new("Query",
    /// "")`. Collections need no links: their members follow from the members' own fields.
    pub fn link(&mut self, parent: &EntityKey, field: &str, entity: &EntityKey) -> &mut Self {
        let (parent, field, other) = self.0.resolve_link(parent, field, entity);
        self.0.edits.push((parent, Edit::Link(field, other)));
        self
    }

    /// Removes `entity` from the list `field` of `parent`.
    pub fn unlink(&mut self, parent: &EntityKey, field: &str, entity: &EntityKey) -> &mut Self {
        let (parent, field, other) = self.0.resolve_link(parent, field, entity);
        self.0.edits.push((parent, Edit::Unlink(field, other)));
        self
    }
}
