//! Publishing: how changes become visible.

use super::{Core, Limit};
use crate::layers::DraftState;
use crate::record::EntityId;
use crate::view::ReadView;
use crate::watches::EntityChange;

impl Core {
    /// Makes all changes since the last call visible: computes the visible record of each touched
    /// entity, updates the indexes, and notifies the affected watches.
    pub(super) fn publish(&mut self) {
        self.run_recipes();
        let mut touched = std::mem::take(&mut self.base.touched);
        let changed = self.layers.take_changed();
        if touched.is_empty() && changed.is_empty() {
            return;
        }
        let mut changes = Vec::new();
        let only_layers_changed: Vec<EntityId> =
            changed.keys().copied().filter(|it| !touched.entities.contains_key(it)).collect();
        for entity in only_layers_changed {
            let before = self.base.store.entities.record(entity).cloned();
            touched.entities.insert(entity, before);
        }
        // In the order of their numbers, which is their order in memory and makes runs
        // reproducible.
        let mut entities: Vec<_> = touched.entities.into_iter().collect();
        entities.sort_unstable_by_key(|(entity, _)| *entity);
        for (entity, stored_before) in entities {
            let before = self.overlay.remove(&entity).unwrap_or(stored_before);
            let to = if self.layers.touches(entity) {
                let visible = self.layers.view(&mut self.base, entity, None);
                let placement =
                    visible.as_ref().and_then(|it| self.base.placement(&self.rules, it));
                self.overlay.insert(entity, visible);
                placement
            } else {
                self.base.stored_placement(&self.rules, entity)
            };
            let from = std::mem::replace(&mut self.base.store.entities.get_mut(entity).place, to);
            if from != to {
                let scopes = &mut self.base.scopes;
                if let Some(from) = from {
                    scopes.get_mut(from.scope).index.remove(from.interval, entity);
                }
                if let Some(to) = to {
                    scopes.get_mut(to.scope).index.insert(to.interval, entity);
                }
            }
            let now = ReadView { base: &self.base, overlay: &self.overlay }.record(entity);
            // A reference to an entity that was unknown and is deleted now reads as null.
            let is_newly_deleted =
                before.is_none() && now.is_none() && touched.deleted.contains(&entity);
            if before.as_ref() != now || is_newly_deleted {
                changes.push(EntityChange { entity, before, from, to });
            }
        }
        let woken = self.watches.notify(
            &mut self.base,
            &self.overlay,
            &changes,
            &touched.coverage,
            &touched.positions,
        );
        for id in woken {
            self.wakers.extend(self.watches.get_mut(id).and_then(|it| it.waker.take()));
        }
        let statuses: Vec<EntityId> = changed
            .into_iter()
            .filter(|(it, before)| self.layers.status(*it) != *before)
            .map(|(it, _)| it)
            .collect();
        for id in self.watches.notify_statuses(&self.base, &statuses) {
            self.wakers.extend(self.watches.get_mut(id).and_then(|it| it.status_waker.take()));
        }
        self.base.prune_tombstones();
    }

    /// Evicts entities if the records have outgrown the limit.
    pub(super) fn enforce_limit(&mut self) {
        let Some(limit) = self.limit.filter(|it| self.base.bytes > it.evict_above) else { return };
        self.evict_to(limit.bytes);
        let bytes = self.base.bytes.max(limit.bytes);
        self.limit = Some(Limit { evict_above: bytes + bytes / 5, ..limit });
        self.publish();
    }

    /// Runs the closures of drafts again that have read a changed entity, oldest first.
    fn run_recipes(&mut self) {
        for (mutation, recipe) in self.layers.recipes() {
            let touched = &self.base.touched.entities;
            if !self.layers.needs_rerun(&mutation, |it| touched.contains_key(&it)) {
                continue;
            }
            let drafting =
                DraftState::new(&mut self.base, &self.rules, &self.layers, mutation.clone());
            let (edits, reads, _) = drafting.run(&recipe);
            self.layers.replace_edits(&mutation, edits, reads);
        }
    }
}
