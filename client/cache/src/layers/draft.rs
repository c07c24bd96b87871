//! Drafts: what a prediction's closure sees and changes.

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

/// What is shown, as a prediction's closure may look at it and change it.
///
/// Entities are named by type and key, fields by their name in the schema.
pub struct Draft<'a>(Drafting<'a>);

/// A draft at work.
pub(crate) struct Drafting<'a> {
    base: &'a mut Base,
    rules: &'a Rules,
    layers: &'a Layers,
    /// The layer that is drafted; what is above it is not seen.
    by: MutationId,
    edits: Vec<(EntityId, Edit)>,
    reads: HashSet<EntityId>,
    /// The first thing that could not be done.
    error: Option<PredictionError>,
}

impl<'a> Drafting<'a> {
    pub(crate) fn new(
        base: &'a mut Base,
        rules: &'a Rules,
        layers: &'a Layers,
        by: MutationId,
    ) -> Self {
        let (edits, reads) = (Vec::new(), HashSet::new());
        Self { base, rules, layers, by, edits, reads, error: None }
    }

    /// What the recipe changes, what it has looked at, and the first thing that it could not do.
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

    /// What is shown below this layer, with what it has changed so far.
    fn visible(&mut self, entity: EntityId) -> Option<Record> {
        let below = self.layers.view(self.base, entity, Some(&self.by));
        let mine = self.edits.iter().filter(|(it, _)| *it == entity).map(|(_, it)| it);
        super::edit::apply_to(self.base, entity, below, mine)
    }

    fn resolve_link(
        &mut self,
        parent: &EntityKey,
        field: &str,
        of: &EntityKey,
    ) -> (EntityId, Symbol, EntityId) {
        let parent = self.entity(&parent.type_name, &parent.key);
        let other = self.entity(&of.type_name, &of.key);
        (parent, self.base.store.names.intern(field), other)
    }
}

impl Draft<'_> {
    /// Whether the entity is shown.
    pub fn contains(&mut self, type_name: &str, key: &str) -> bool {
        let entity = self.0.entity(type_name, key);
        self.0.visible(entity).is_some()
    }

    /// What is shown of a field, if it is known and has this form. An entity is seen as its key.
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

    /// The field takes this value.
    pub fn set(
        &mut self,
        type_name: &str,
        key: &str,
        field: &str,
        value: impl Serialize,
    ) -> &mut Self {
        let entity = self.0.entity(type_name, key);
        let it = &mut self.0;
        let done = serde_json::to_value(value)
            .map_err(|error| PredictionError::Mismatch(error.to_string()))
            .and_then(|value| set_field(it.base, it.rules, entity, field, &value, &mut it.edits));
        if let Err(error) = done {
            it.error.get_or_insert(error);
        }
        self
    }

    /// The entity comes into being; its fields are set one by one. Its key field is set already.
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

    /// The entity is no more.
    pub fn delete(&mut self, type_name: &str, key: &str) -> &mut Self {
        let entity = self.0.entity(type_name, key);
        self.0.edits.push((entity, Edit::Delete));
        self
    }

    /// The entity `of` joins the list `field` of `parent` at its end. The query root is
    /// `EntityKey::new("Query", "")`. Collections need none of this: their members follow from themselves.
    pub fn link(&mut self, parent: &EntityKey, field: &str, of: &EntityKey) -> &mut Self {
        let (parent, field, other) = self.0.resolve_link(parent, field, of);
        self.0.edits.push((parent, Edit::Link(field, other)));
        self
    }

    /// The entity `of` leaves the list `field` of `parent`.
    pub fn unlink(&mut self, parent: &EntityKey, field: &str, of: &EntityKey) -> &mut Self {
        let (parent, field, other) = self.0.resolve_link(parent, field, of);
        self.0.edits.push((parent, Edit::Unlink(field, other)));
        self
    }
}
