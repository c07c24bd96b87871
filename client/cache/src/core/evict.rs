//! Forgetting: what nobody watches and nothing retains goes, the oldest first.
//!
//! **Invariant:** what goes takes its coverage with it, and leaves a marker: an answer that is on its way
//! must not bring back what is older than it was.

use hashbrown::HashSet;

use super::Core;
use crate::collections::Span;
use crate::layers::Edit;
use crate::record::QUERY;
use crate::record::{EntityId, Shapes, Symbol, Value, value};
use crate::watches::WatchState;

impl Core {
    /// Forgets until records take at most `bytes`, as far as that may be.
    pub(crate) fn evict_to(&mut self, bytes: usize) {
        let needed = self.roots();
        if self.base.bytes > bytes {
            let held = self.base.store.entities.iter().filter(|(_, it)| it.record.is_some());
            let mut idle: Vec<(u32, EntityId)> = held
                .filter(|(it, _)| !needed.contains(it))
                .map(|(it, of)| (of.last_used, it))
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
            self.base.touched.coverage(place.scope);
        }
        self.base.evict(entity);
    }

    /// What is watched, retained, pending, or may be needed by a request in flight.
    fn roots(&mut self) -> HashSet<EntityId> {
        let mut needed = HashSet::from_iter([QUERY]);
        for watch in self.watches.iter() {
            shown(watch, &mut needed);
        }
        for (_, bound) in self.retained.clone() {
            let mut watch = WatchState::new(bound);
            watch.find_nodes(&mut self.base, &self.overlay);
            shown(&watch, &mut needed);
        }
        for (entity, edit) in self.layers.edits() {
            needed.insert(entity);
            match edit {
                Edit::Set(_, packed) => refer(value(packed), &mut needed),
                Edit::Link(_, other) | Edit::Unlink(_, other) => {
                    needed.insert(*other);
                }
                Edit::Create | Edit::Delete => {}
            }
        }
        for (_, scope) in self.base.scopes.iter() {
            let spans = scope.coverage.requested_spans().chain(scope.deferred_spans());
            let shown = spans.flat_map(|it| scope.index.in_range(it));
            needed.extend(shown.map(|(_, it)| it));
        }
        needed
    }

    /// The fields of the query root that somebody watches or retains.
    fn used_root_fields(&self) -> HashSet<Symbol> {
        let watched = self.watches.iter().map(|it| &it.bound);
        let bounds = watched.chain(self.retained.iter().map(|(_, it)| it));
        let keys = bounds.flat_map(|bound| {
            let case = bound.plan.root().into_iter();
            case.flat_map(|it| bound.stored(it)).map(|(key, _)| key)
        });
        keys.collect()
    }

    /// Entities of which nothing is held, and to which nothing refers, are forgotten by name too.
    fn release_unused_ids(&mut self) {
        let mut named = self.roots();
        let held =
            self.base.store.entities.iter().filter_map(|(it, of)| Some((it, of.record.as_ref()?)));
        for (entity, record) in held {
            named.insert(entity);
            Shapes::visit_references(record.values(), &mut |it| {
                named.insert(it);
            });
        }
        let numbers = self.base.store.entities.iter().map(|(it, _)| it);
        let idle: Vec<EntityId> = numbers
            .filter(|it| !named.contains(it) && !self.base.tombstones.contains(*it))
            // What was forgotten in this very batch is still to be published.
            .filter(|it| self.base.store.entities.get(*it).place.is_none())
            .filter(|it| !self.base.touched.entities.contains_key(it))
            .collect();
        for entity in idle {
            self.base.store.entities.release(entity);
        }
    }
}

fn shown(watch: &WatchState, needed: &mut HashSet<EntityId>) {
    needed.extend(watch.nodes().map(|(it, _)| it));
    needed.extend(watch.lists.iter().flat_map(|it| it.entities()));
}

fn refer(value: Value<'_>, needed: &mut HashSet<EntityId>) {
    match value {
        Value::Ref(entity) => {
            needed.insert(entity);
        }
        Value::List(items) | Value::Object(_, items) | Value::Map(items) => {
            Shapes::visit_references(items, &mut |it| {
                needed.insert(it);
            });
        }
        _ => {}
    }
}
