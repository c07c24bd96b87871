//! Eviction: removes entities that are not in use, the least recently written first.
//!
//! **Invariant:** an evicted entity takes its coverage with it and leaves a tombstone, so that a
//! response in flight cannot bring back an older version.

use hashbrown::HashSet;

use super::Core;
use crate::collections::Span;
use crate::layers::Edit;
use crate::record::QUERY;
use crate::record::{EntityId, Shapes, Symbol, Value, value};
use crate::watches::WatchState;

impl Core {
    /// Evicts until the records take at most `bytes`, or nothing more can be evicted.
    pub(crate) fn evict_to(&mut self, bytes: usize) {
        let roots = self.roots();
        if self.base.bytes > bytes {
            let stored = self.base.store.entities.iter().filter(|(_, it)| it.record.is_some());
            let mut idle: Vec<(u32, EntityId)> = stored
                .filter(|(it, _)| !roots.contains(it))
                .map(|(it, of)| (of.last_written, it))
                .collect();
            idle.sort_unstable();
            for (_, entity) in idle {
                if self.base.bytes <= bytes {
                    break;
                }
                self.evict_entity(entity);
            }
        }
        if self.base.bytes > bytes {
            let keys = self.used_root_fields();
            self.base.retain_root_fields(&keys);
        }
        self.release_unused_ids();
    }

    fn evict_entity(&mut self, entity: EntityId) {
        if let Some(place) = self.base.stored_placement(&self.rules, entity) {
            let Span { start, end } = place.interval;
            let span = Span { start, end: end.max(start.saturating_add(1)) };
            self.base.scopes.get_mut(place.scope).coverage.uncover(span);
            self.base.touched.add_coverage(place.scope);
        }
        self.base.evict(entity);
    }

    /// Returns the entities that must stay: those that are watched, retained, predicted, or in a
    /// range that is in flight.
    fn roots(&mut self) -> HashSet<EntityId> {
        let mut roots = HashSet::from_iter([QUERY]);
        for watch in self.watches.iter() {
            add_visible(watch, &mut roots);
        }
        for (_, bound) in self.retained.clone() {
            let mut watch = WatchState::new(bound);
            watch.find_nodes(&mut self.base, &self.overlay);
            add_visible(&watch, &mut roots);
        }
        for (entity, edit) in self.layers.edits() {
            roots.insert(entity);
            match edit {
                Edit::Set(_, packed) => add_references(value(packed), &mut roots),
                Edit::Link(_, other) | Edit::Unlink(_, other) => {
                    roots.insert(*other);
                }
                Edit::Create | Edit::Delete => {}
            }
        }
        for (_, scope) in self.base.scopes.iter() {
            let spans = scope.coverage.requested_spans().chain(scope.deferred_spans());
            let members = spans.flat_map(|it| scope.index.in_range(it));
            roots.extend(members.map(|(_, it)| it));
        }
        roots
    }

    /// Returns the fields of the query root that a watched or retained query selects.
    fn used_root_fields(&self) -> HashSet<Symbol> {
        let watched = self.watches.iter().map(|it| &it.bound);
        let bounds = watched.chain(self.retained.iter().map(|(_, it)| it));
        let keys = bounds.flat_map(|bound| {
            let case = bound.plan.root().into_iter();
            case.flat_map(|it| bound.stored(it)).map(|(key, _)| key)
        });
        keys.collect()
    }

    /// Releases the numbers of entities that have no record and that nothing refers to.
    fn release_unused_ids(&mut self) {
        let mut used = self.roots();
        let stored =
            self.base.store.entities.iter().filter_map(|(it, of)| Some((it, of.record.as_ref()?)));
        for (entity, record) in stored {
            used.insert(entity);
            Shapes::visit_references(record.values(), &mut |it| {
                used.insert(it);
            });
        }
        let numbers = self.base.store.entities.iter().map(|(it, _)| it);
        let idle: Vec<EntityId> = numbers
            .filter(|it| !used.contains(it) && !self.base.tombstones.contains(*it))
            // An entity that was evicted in this batch is not published yet.
            .filter(|it| self.base.store.entities.get(*it).place.is_none())
            .filter(|it| !self.base.touched.entities.contains_key(it))
            .collect();
        for entity in idle {
            self.base.store.entities.release(entity);
        }
    }
}

/// Adds the entities that a watch displays.
fn add_visible(watch: &WatchState, roots: &mut HashSet<EntityId>) {
    roots.extend(watch.nodes().map(|(it, _)| it));
    roots.extend(watch.lists.iter().flat_map(|it| it.entities()));
}

/// Adds the entities that a value refers to.
fn add_references(value: Value<'_>, roots: &mut HashSet<EntityId>) {
    match value {
        Value::Ref(entity) => {
            roots.insert(entity);
        }
        Value::List(items) | Value::Object(_, items) | Value::Map(items) => {
            Shapes::visit_references(items, &mut |it| {
                roots.insert(it);
            });
        }
        _ => {}
    }
}
