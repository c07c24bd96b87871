//! Layers: the predictions of pending mutations, over the base.
//!
//! A layer holds the edits that one mutation is expected to make. Edits, unlike values, keep their
//! meaning when the base beneath them changes.
//!
//! **Invariant:** layers lie over the base and never change it. The visible record of an entity
//! that layers touch is always computed from the base and all edits, oldest first
//! ([`Layers::view`]). So removing a layer restores what was visible without it.

mod draft;
mod edit;
mod pack;
mod prediction;

use std::fmt;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

pub use draft::Draft;
pub(crate) use draft::DraftState;
pub(crate) use edit::{Edit, apply_to_base};
pub(crate) use pack::{patch_edits, response_edits};
pub(crate) use prediction::PredictionKind;
pub use prediction::{Patch, Prediction};

use crate::base::Base;
use crate::record::{EntityId, Record};

/// The id of a mutation, chosen by the program. It can serve as idempotency key on the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MutationId(Arc<str>);

impl MutationId {
    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Arc<str>>> From<T> for MutationId {
    fn from(id: T) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for MutationId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The closure of a draft. It runs again whenever something that it has read changes.
pub(crate) type Recipe = Arc<dyn Fn(&mut Draft<'_>) + Send + Sync>;

/// The edits of one pending mutation.
pub(crate) struct Layer {
    mutation: MutationId,
    edits: Vec<(EntityId, Edit)>,
    state: LayerState,
    /// Set for drafts whose mutation has not been settled.
    recipe: Option<Recipe>,
    /// The entities that the recipe has read.
    reads: HashSet<EntityId>,
}

/// The state of a layer's mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LayerState {
    Pending,
    Failed,
    /// The response is in the base. The remaining edits cover an older layer that is still pending.
    Settled,
}

/// The layers, oldest first.
#[derive(Default)]
pub(crate) struct Layers {
    layers: Vec<Layer>,
    /// The number of edits of each entity that has any.
    touched: HashMap<EntityId, usize>,
    /// The entities whose edits have changed since the last publish, with their earlier status.
    changed: HashMap<EntityId, Status>,
}

/// Whether the server has confirmed what is visible of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Status {
    /// No prediction touches the entity; it is visible as the server sent it.
    #[default]
    Confirmed,
    /// A prediction touches the entity, and none of the mutations has failed.
    Pending,
    /// A prediction touches the entity whose mutation was marked as failed; see
    /// [`Batch::mark_failed`](crate::Batch::mark_failed).
    Failed,
}

impl Layers {
    /// Returns whether the id is in use by a layer.
    pub(crate) fn is_pending(&self, mutation: &MutationId) -> bool {
        self.layers.iter().any(|it| it.mutation == *mutation)
    }

    pub(crate) fn touches(&self, entity: EntityId) -> bool {
        self.touched.contains_key(&entity)
    }

    /// Returns the entities that any layer touches.
    pub(crate) fn touched(&self) -> impl Iterator<Item = EntityId> {
        self.touched.keys().copied()
    }

    /// Returns all edits with their entities.
    pub(crate) fn edits(&self) -> impl Iterator<Item = (EntityId, &Edit)> {
        self.layers.iter().flat_map(|it| &it.edits).map(|(entity, edit)| (*entity, edit))
    }

    /// Adds a layer on top of the others.
    pub(crate) fn push(
        &mut self,
        mutation: MutationId,
        edits: Vec<(EntityId, Edit)>,
        recipe: Option<(Recipe, HashSet<EntityId>)>,
    ) {
        self.count_edits(&edits);
        let (recipe, reads) =
            recipe.map_or((None, HashSet::new()), |(it, reads)| (Some(it), reads));
        self.layers.push(Layer { mutation, edits, state: LayerState::Pending, recipe, reads });
    }

    /// Finds the layer of a mutation that is not settled. A mutation may be settled twice: by its
    /// event and its response, or after a reconnect. The second time finds nothing.
    fn find(&self, mutation: &MutationId) -> Option<usize> {
        self.layers
            .iter()
            .position(|it| it.mutation == *mutation && it.state != LayerState::Settled)
    }

    /// Removes the layer of a mutation, wherever it lies. Returns whether there was one.
    pub(crate) fn remove(&mut self, mutation: &MutationId) -> bool {
        let Some(at) = self.find(mutation) else { return false };
        let layer = self.layers.remove(at);
        self.uncount_edits(&layer.edits);
        self.drop_settled_edits();
        true
    }

    /// Settles a mutation whose response is in the base. Returns whether it was pending.
    ///
    /// Edits that cover an edit of an older pending layer stay until that layer is gone. Otherwise
    /// a response that overtakes another one would make an older state visible again. Such an edit
    /// takes the value that `stored_value` returns, and keeps its own if that is `None`.
    pub(crate) fn settle(
        &mut self,
        mutation: &MutationId,
        stored_value: impl Fn(EntityId, &Edit) -> Option<Edit>,
    ) -> bool {
        let Some(at) = self.find(mutation) else { return false };
        let mut kept = Vec::new();
        for (entity, edit) in &self.layers[at].edits {
            if self.covers_older(at, *entity, edit) {
                kept.push((*entity, stored_value(*entity, edit).unwrap_or_else(|| edit.clone())));
            }
        }
        let edits = std::mem::replace(&mut self.layers[at].edits, kept.clone());
        self.uncount_edits(&edits);
        self.count_edits(&kept);
        self.layers[at].state = LayerState::Settled;
        self.layers[at].recipe = None;
        self.drop_settled_edits();
        true
    }

    /// Returns whether an edit of layer `at` covers an edit of an older pending layer.
    fn covers_older(&self, at: usize, entity: EntityId, edit: &Edit) -> bool {
        let older = self.layers[..at].iter().filter(|it| it.state != LayerState::Settled);
        let mut edits = older.flat_map(|it| &it.edits);
        edits.any(|(it, older)| *it == entity && older.overlaps(edit))
    }

    /// Drops the edits of settled layers that cover nothing any more, and layers without edits.
    fn drop_settled_edits(&mut self) {
        for at in (0..self.layers.len()).rev() {
            if self.layers[at].state != LayerState::Settled {
                continue;
            }
            let edits = std::mem::take(&mut self.layers[at].edits);
            let (kept, gone): (Vec<_>, Vec<_>) =
                edits.into_iter().partition(|(entity, it)| self.covers_older(at, *entity, it));
            self.uncount_edits(&gone);
            self.layers[at].edits = kept;
        }
        self.layers.retain(|it| it.state != LayerState::Settled || !it.edits.is_empty());
    }

    /// Marks a mutation as failed. Its layer stays. Returns whether there is one.
    pub(crate) fn mark_failed(&mut self, mutation: &MutationId) -> bool {
        self.set_state(mutation, LayerState::Failed)
    }

    /// Marks a mutation as pending again. Returns whether it has a layer.
    pub(crate) fn mark_pending(&mut self, mutation: &MutationId) -> bool {
        self.set_state(mutation, LayerState::Pending)
    }

    fn set_state(&mut self, mutation: &MutationId, state: LayerState) -> bool {
        let Some(at) = self.find(mutation) else { return false };
        let entities: Vec<EntityId> = self.layers[at].edits.iter().map(|(it, _)| *it).collect();
        for entity in entities {
            self.note_change(entity);
        }
        self.layers[at].state = state;
        true
    }

    pub(crate) fn status(&self, entity: EntityId) -> Status {
        if !self.touches(entity) {
            return Status::Confirmed;
        }
        let on = self.layers.iter().filter(|it| it.edits.iter().any(|(it, _)| *it == entity));
        on.fold(Status::Confirmed, |status, it| match (status, it.state) {
            (Status::Failed, _) | (_, LayerState::Failed) => Status::Failed,
            (_, LayerState::Pending) => Status::Pending,
            (status, LayerState::Settled) => status,
        })
    }

    /// Returns the visible record of an entity: the stored record with all edits applied. `below`
    /// leaves out the layer of that mutation and all layers above it.
    pub(crate) fn view(
        &self,
        base: &mut Base,
        entity: EntityId,
        below: Option<&MutationId>,
    ) -> Option<Record> {
        let layers =
            self.layers.iter().take_while(|it| below.is_none_or(|below| it.mutation != *below));
        let edits = layers.flat_map(|it| &it.edits).filter(|(it, _)| *it == entity);
        apply_to_base(base, entity, edits.map(|(_, it)| it))
    }

    /// Returns all recipes with their mutations, oldest first.
    pub(crate) fn recipes(&self) -> Vec<(MutationId, Recipe)> {
        let with_recipe = |it: &Layer| Some((it.mutation.clone(), it.recipe.clone()?));
        self.layers.iter().filter_map(with_recipe).collect()
    }

    /// Returns whether the recipe of a layer has read an entity that has changed, in the base
    /// (`is_changed`) or in another layer.
    pub(crate) fn needs_rerun(
        &self,
        mutation: &MutationId,
        is_changed: impl Fn(EntityId) -> bool,
    ) -> bool {
        let layer = self.layers.iter().find(|it| it.mutation == *mutation);
        layer.is_some_and(|it| {
            it.reads.iter().any(|it| is_changed(*it) || self.changed.contains_key(it))
        })
    }

    /// Replaces the edits of a layer whose recipe has run again.
    pub(crate) fn replace_edits(
        &mut self,
        mutation: &MutationId,
        edits: Vec<(EntityId, Edit)>,
        reads: HashSet<EntityId>,
    ) {
        let Some(at) = self.layers.iter().position(|it| it.mutation == *mutation) else { return };
        if self.layers[at].edits != edits {
            let old = std::mem::replace(&mut self.layers[at].edits, edits.clone());
            self.uncount_edits(&old);
            self.count_edits(&edits);
        }
        self.layers[at].reads = reads;
    }

    /// Takes the entities whose edits have changed, with their earlier status.
    pub(crate) fn take_changed(&mut self) -> HashMap<EntityId, Status> {
        std::mem::take(&mut self.changed)
    }

    /// Adds edits to the counts of their entities.
    fn count_edits(&mut self, edits: &[(EntityId, Edit)]) {
        for (entity, _) in edits {
            self.note_change(*entity);
            *self.touched.entry(*entity).or_default() += 1;
        }
    }

    /// Removes edits of a layer from the counts of their entities.
    fn uncount_edits(&mut self, edits: &[(EntityId, Edit)]) {
        for (entity, _) in edits {
            // The layer has lost these edits already, so its earlier status is taken as Pending.
            self.changed.entry(*entity).or_insert(Status::Pending);
            if let Some(count) = self.touched.get_mut(entity) {
                *count -= 1;
                if *count == 0 {
                    self.touched.remove(entity);
                }
            }
        }
    }

    /// Notes that the edits of an entity are about to change, with its status before.
    fn note_change(&mut self, entity: EntityId) {
        if !self.changed.contains_key(&entity) {
            let status = self.status(entity);
            self.changed.insert(entity, status);
        }
    }
}
