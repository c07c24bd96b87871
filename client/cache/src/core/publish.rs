//! Publishing: how what was told becomes visible.

use super::{Core, Limit};
use crate::layers::Drafting;
use crate::record::EntityId;
use crate::view::ReadView;
use crate::watches::EntityChange;

impl Core {
    /// The one door by which changes become visible: works out what is shown of everything that was
    /// touched, and tells the watches that show it.
    pub(super) fn publish(&mut self) {
        self.run_recipes();
        let mut touched = std::mem::take(&mut self.base.touched);
        let changed = self.layers.take_changed();
        if touched.is_empty() && changed.is_empty() {
            return;
        }
        let mut moved = Vec::new();
        let unheld: Vec<EntityId> =
            changed.keys().copied().filter(|it| !touched.entities.contains_key(it)).collect();
        for entity in unheld {
            let before = self.base.store.entities.record(entity).cloned();
            touched.entities.insert(entity, before);
        }
        // In the order of their numbers: so they lie in memory, and the same story always reads the same.
        let mut entities: Vec<_> = touched.entities.into_iter().collect();
        entities.sort_unstable_by_key(|(entity, _)| *entity);
        for (entity, held) in entities {
            let before = self.overlay.remove(&entity).unwrap_or(held);
            let to = if self.layers.touches(entity) {
                let shown = self.layers.view(&mut self.base, entity, None);
                let place = shown.as_ref().and_then(|it| self.base.placement(&self.rules, it));
                self.overlay.insert(entity, shown);
                place
            } else {
                self.base.stored_placement(&self.rules, entity)
            };
            let from = std::mem::replace(&mut self.base.store.entities.get_mut(entity).place, to);
            if from != to {
                for (place, joins) in [(from, false), (to, true)] {
                    let Some(place) = place else { continue };
                    let index = &mut self.base.scopes.get_mut(place.scope).index;
                    match joins {
                        true => index.insert(place.interval, entity),
                        false => index.remove(place.interval, entity),
                    }
                }
            }
            let now = ReadView { base: &self.base, overlay: &self.overlay }.record(entity);
            // What was not known shows as null from now on, where something refers to it.
            let is_news = before.is_none() && now.is_none() && touched.gone.contains(&entity);
            if before.as_ref() != now || is_news {
                moved.push(EntityChange { entity, before, from, to });
            }
        }
        let woken = self.watches.notify(
            &mut self.base,
            &self.overlay,
            &moved,
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

    pub(super) fn enforce_limit(&mut self) {
        let Some(limit) = self.limit.filter(|it| self.base.bytes > it.evict_above) else { return };
        self.evict_to(limit.bytes);
        let evict_above = self.base.bytes.max(limit.bytes);
        self.limit = Some(Limit { evict_above: evict_above + evict_above / 5, ..limit });
        self.publish();
    }

    /// Runs the closures again that have looked at something which moved, oldest first.
    fn run_recipes(&mut self) {
        for (by, recipe) in self.layers.recipes() {
            let touched = &self.base.touched.entities;
            if !self.layers.needs_rerun(&by, |it| touched.contains_key(&it)) {
                continue;
            }
            let drafting = Drafting::new(&mut self.base, &self.rules, &self.layers, by.clone());
            let (edits, reads, _) = drafting.run(&recipe);
            self.layers.replace_edits(&by, edits, reads);
        }
    }
}
