//! Layers: what a client shows before the server has answered.
//!
//! A layer is the set of edits that one pending mutation is expected to make: edits, not values, so it
//! still means the same after the base beneath it has moved.
//!
//! **Invariant:** layers are over the base, never in it. What the view shows of an entity that
//! they touch is worked out anew ([`Layers::view`]) from the base and all their edits, oldest first;
//! so settling and rolling back are one motion, [`Layers::remove`].

mod draft;
mod edit;
mod pack;
mod prediction;

use std::fmt;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

pub use draft::Draft;
pub(crate) use draft::Drafting;
pub(crate) use edit::{Edit, apply_to_base};
pub(crate) use pack::{patch_edits, response_edits};
pub(crate) use prediction::PredictionKind;
pub use prediction::{Patch, Prediction};

use crate::base::Base;
use crate::record::{EntityId, Record};

/// A mutation's name: made by the client, and its idempotency key on the server, if that has such.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MutationId(Arc<str>);

impl MutationId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Arc<str>>> From<T> for MutationId {
    fn from(name: T) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for MutationId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What a closure over a draft does, each time the base has moved.
pub(crate) type Recipe = Arc<dyn Fn(&mut Draft<'_>) + Send + Sync>;

/// The edits of one pending mutation.
pub(crate) struct Layer {
    by: MutationId,
    edits: Vec<(EntityId, Edit)>,
    state: LayerState,
    recipe: Option<Recipe>,
    /// What the recipe has looked at: if it moves, the recipe runs again.
    reads: HashSet<EntityId>,
}

/// How far a layer's mutation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LayerState {
    Pending,
    Failed,
    /// The answer is in the base; what is left covers an older layer, until that is gone.
    Settled,
}

/// The layers, oldest first.
#[derive(Default)]
pub(crate) struct Layers {
    layers: Vec<Layer>,
    /// How many edits each entity has.
    touched: HashMap<EntityId, usize>,
    /// Entities whose edits have changed since the last publish, with the status that they had.
    changed: HashMap<EntityId, Status>,
}

/// How far the server has confirmed what a view shows of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Status {
    /// As the server told it.
    #[default]
    Confirmed,
    /// Something of it is a prediction.
    Pending,
    /// Something of it is a prediction whose mutation failed, and was neither tried again nor given up.
    Failed,
}

impl Layers {
    pub(crate) fn is_pending(&self, by: &MutationId) -> bool {
        self.layers.iter().any(|it| it.by == *by)
    }

    pub(crate) fn touches(&self, entity: EntityId) -> bool {
        self.touched.contains_key(&entity)
    }

    /// The entities that any layer touches.
    pub(crate) fn touched(&self) -> impl Iterator<Item = EntityId> {
        self.touched.keys().copied()
    }

    /// Every edit, and the entity that it is of.
    pub(crate) fn edits(&self) -> impl Iterator<Item = (EntityId, &Edit)> {
        self.layers.iter().flat_map(|it| &it.edits).map(|(entity, edit)| (*entity, edit))
    }

    /// Puts a layer on top.
    pub(crate) fn push(
        &mut self,
        by: MutationId,
        edits: Vec<(EntityId, Edit)>,
        recipe: Option<(Recipe, HashSet<EntityId>)>,
    ) {
        self.count(&edits);
        let (recipe, reads) =
            recipe.map_or((None, HashSet::new()), |(it, reads)| (Some(it), reads));
        self.layers.push(Layer { by, edits, state: LayerState::Pending, recipe, reads });
    }

    /// The layer of a mutation that is not answered. Of one that is, the same may be told again: its answer
    /// comes behind its event, or twice after a reconnect.
    fn find(&self, by: &MutationId) -> Option<usize> {
        self.layers.iter().position(|it| it.by == *by && it.state != LayerState::Settled)
    }

    /// Takes a layer out, wherever it lies.
    pub(crate) fn remove(&mut self, by: &MutationId) -> bool {
        let Some(at) = self.find(by) else { return false };
        let layer = self.layers.remove(at);
        self.discount(&layer.edits);
        self.drop_settled_edits();
        true
    }

    /// The answer of a mutation has reached the base. What it covers of an older layer that is not
    /// answered stays until that one is gone, so that an answer that overtakes another never shows an
    /// older state again.
    pub(crate) fn settle(
        &mut self,
        by: &MutationId,
        now: impl Fn(EntityId, &Edit) -> Option<Edit>,
    ) -> bool {
        let Some(at) = self.find(by) else { return false };
        let mut kept = Vec::new();
        for (entity, edit) in &self.layers[at].edits {
            if self.is_covered_below(at, *entity, edit) {
                // What the server made of it, rather than what was expected.
                kept.push((*entity, now(*entity, edit).unwrap_or_else(|| edit.clone())));
            }
        }
        let edits = std::mem::replace(&mut self.layers[at].edits, kept.clone());
        self.discount(&edits);
        self.count(&kept);
        self.layers[at].state = LayerState::Settled;
        self.layers[at].recipe = None;
        self.drop_settled_edits();
        true
    }

    fn is_covered_below(&self, at: usize, entity: EntityId, edit: &Edit) -> bool {
        let older = self.layers[..at].iter().filter(|it| it.state != LayerState::Settled);
        let mut edits = older.flat_map(|it| &it.edits);
        edits.any(|(it, older)| *it == entity && older.overlaps(edit))
    }

    /// Edits that cover nothing any more go, and layers that have none.
    fn drop_settled_edits(&mut self) {
        for at in (0..self.layers.len()).rev() {
            if self.layers[at].state != LayerState::Settled {
                continue;
            }
            let edits = std::mem::take(&mut self.layers[at].edits);
            let (kept, gone): (Vec<_>, Vec<_>) =
                edits.into_iter().partition(|(entity, it)| self.is_covered_below(at, *entity, it));
            self.discount(&gone);
            self.layers[at].edits = kept;
        }
        self.layers.retain(|it| it.state != LayerState::Settled || !it.edits.is_empty());
    }

    /// Marks a mutation as failed, or as pending again. Its layer stays.
    pub(crate) fn mark(&mut self, by: &MutationId, has_failed: bool) -> bool {
        let Some(at) = self.find(by) else { return false };
        let entities: Vec<EntityId> = self.layers[at].edits.iter().map(|(it, _)| *it).collect();
        for entity in entities {
            self.note(entity);
        }
        self.layers[at].state = if has_failed { LayerState::Failed } else { LayerState::Pending };
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

    /// What is shown of an entity: the base with every edit over it. `below` leaves out the layers from
    /// that one on.
    pub(crate) fn view(
        &self,
        base: &mut Base,
        entity: EntityId,
        below: Option<&MutationId>,
    ) -> Option<Record> {
        let layers = self.layers.iter().take_while(|it| below.is_none_or(|by| it.by != *by));
        let edits = layers.flat_map(|it| &it.edits).filter(|(it, _)| *it == entity);
        apply_to_base(base, entity, edits.map(|(_, it)| it))
    }

    /// The recipes, oldest first.
    pub(crate) fn recipes(&self) -> Vec<(MutationId, Recipe)> {
        let with_recipe = |it: &Layer| Some((it.by.clone(), it.recipe.clone()?));
        self.layers.iter().filter_map(with_recipe).collect()
    }

    /// Whether the recipe of a layer has looked at something that moved.
    pub(crate) fn needs_rerun(&self, by: &MutationId, moved: impl Fn(EntityId) -> bool) -> bool {
        let layer = self.layers.iter().find(|it| it.by == *by);
        layer
            .is_some_and(|it| it.reads.iter().any(|it| moved(*it) || self.changed.contains_key(it)))
    }

    /// A recipe has run again.
    pub(crate) fn replace_edits(
        &mut self,
        by: &MutationId,
        edits: Vec<(EntityId, Edit)>,
        reads: HashSet<EntityId>,
    ) {
        let Some(at) = self.layers.iter().position(|it| it.by == *by) else { return };
        if self.layers[at].edits != edits {
            let old = std::mem::replace(&mut self.layers[at].edits, edits.clone());
            self.discount(&old);
            self.count(&edits);
        }
        self.layers[at].reads = reads;
    }

    /// The entities whose edits have changed, with the status that they had.
    pub(crate) fn take_changed(&mut self) -> HashMap<EntityId, Status> {
        std::mem::take(&mut self.changed)
    }

    fn count(&mut self, edits: &[(EntityId, Edit)]) {
        for (entity, _) in edits {
            self.note(*entity);
            *self.touched.entry(*entity).or_default() += 1;
        }
    }

    fn discount(&mut self, edits: &[(EntityId, Edit)]) {
        for (entity, _) in edits {
            // Their layer is gone already, or about to lose them: the status before is Pending or
            // worse, which is all that matters to those who are told that it changed.
            self.changed.entry(*entity).or_insert(Status::Pending);
            if let Some(count) = self.touched.get_mut(entity) {
                *count -= 1;
                if *count == 0 {
                    self.touched.remove(entity);
                }
            }
        }
    }

    fn note(&mut self, entity: EntityId) {
        if !self.changed.contains_key(&entity) {
            let status = self.status(entity);
            self.changed.insert(entity, status);
        }
    }
}
