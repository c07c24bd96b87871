//! Notification: the table of all watches, and the indexes that find the watches affected by a
//! change.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::compare::{Change, compare};
use super::state::WatchState;
use crate::base::Base;
use crate::collections::{Placement, ScopeId, Span};
use crate::document::Bound;
use crate::record::QUERY;
use crate::record::{EntityId, Record};
use crate::view::{Overlay, ReadView};

/// The number of a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WatchId(u32);

/// A change of the visible record of an entity.
pub(crate) struct EntityChange {
    pub(crate) entity: EntityId,
    /// The record that was visible before.
    pub(crate) before: Option<Record>,
    /// The placement before, for members of collections.
    pub(crate) from: Option<Placement>,
    /// The placement now, for members of collections.
    pub(crate) to: Option<Placement>,
}

/// The table of all watches.
#[derive(Default)]
pub(crate) struct Watches {
    watches: HashMap<WatchId, WatchState>,
    next: u32,
    /// The watched lists of each scope: the watch, the index of its list, and the list's range.
    lists: HashMap<ScopeId, Vec<(WatchId, usize, Span)>>,
    /// The watches in which an entity is visible, other than as a member of a list.
    watches_by_entity: HashMap<EntityId, Vec<WatchId>>,
}

impl Watches {
    pub(crate) fn add(&mut self, base: &mut Base, overlay: &Overlay, bound: Arc<Bound>) -> WatchId {
        let id = WatchId(self.next);
        self.next += 1;
        self.watches.insert(id, WatchState::new(bound));
        self.find_nodes(base, overlay, id);
        id
    }

    pub(crate) fn remove(&mut self, id: WatchId) {
        if let Some(state) = self.watches.remove(&id) {
            for (entity, _) in state.nodes() {
                if let Some(watches) = self.watches_by_entity.get_mut(&entity) {
                    watches.retain(|it| *it != id);
                }
            }
            self.watches_by_entity.retain(|_, it| !it.is_empty());
            self.unindex_lists(id);
        }
    }

    pub(crate) fn get_mut(&mut self, id: WatchId) -> Option<&mut WatchState> {
        self.watches.get_mut(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &WatchState> {
        self.watches.values()
    }

    /// Returns the watched ranges of a scope.
    pub(crate) fn spans(&self, scope: ScopeId) -> Vec<Span> {
        self.lists.get(&scope).into_iter().flatten().map(|(_, _, span)| *span).collect()
    }

    fn unindex_lists(&mut self, id: WatchId) {
        for lists in self.lists.values_mut() {
            lists.retain(|(it, ..)| *it != id);
        }
        self.lists.retain(|_, it| !it.is_empty());
    }

    /// Finds the visible nodes and lists of a watch again and updates the indexes.
    fn find_nodes(&mut self, base: &mut Base, overlay: &Overlay, id: WatchId) {
        let Some(watch) = self.watches.get_mut(&id) else { return };
        let new_entities = watch.find_nodes(base, overlay);
        let lists: Vec<_> = watch.lists.iter().map(|it| (it.scope, it.span)).collect();
        self.unindex_lists(id);
        for (number, (scope, span)) in lists.into_iter().enumerate() {
            self.lists.entry(scope).or_default().push((id, number, span));
        }
        self.index_entities(id, new_entities);
    }

    /// Adds a watch to the index of each entity.
    fn index_entities(&mut self, id: WatchId, new_entities: Vec<EntityId>) {
        for entity in new_entities {
            let watches = self.watches_by_entity.entry(entity).or_default();
            if !watches.contains(&id) {
                watches.push(id);
            }
        }
    }

    /// Notifies the watches that display any of `changes`, and no others. Returns those to wake.
    pub(crate) fn notify(
        &mut self,
        base: &mut Base,
        overlay: &Overlay,
        changes: &[EntityChange],
        coverage: &[ScopeId],
        positions: &[ScopeId],
    ) -> Vec<WatchId> {
        let mut notified = Vec::new();
        for change in changes {
            self.notify_lists(base, overlay, change, &mut notified);
            self.notify_nodes(base, overlay, change, &mut notified);
        }
        for scope in coverage {
            for (id, number, _) in self.lists.get(scope).into_iter().flatten() {
                let Some(watch) = self.watches.get_mut(id) else { continue };
                if watch.lists[*number].refresh_coverage(base) {
                    watch.changes.needs_full_view = true;
                    notified.push(*id);
                }
            }
        }
        for scope in positions {
            for (id, ..) in self.lists.get(scope).into_iter().flatten() {
                // The position is a field that the server sets with every change, so a change of it
                // alone does not wake the watch.
                let watch = self.watches.get_mut(id);
                if let Some(watch) = watch.filter(|it| it.bound.reads_position()) {
                    watch.view = None;
                }
            }
        }
        notified.sort_unstable();
        notified.dedup();
        for id in &notified {
            if let Some(watch) = self.watches.get_mut(id) {
                watch.view = None;
                watch.has_update = true;
            }
        }
        notified
    }

    /// Applies a change of a member to the watched lists: it joins, leaves, moves or changes.
    fn notify_lists(
        &mut self,
        base: &Base,
        overlay: &Overlay,
        change: &EntityChange,
        notified: &mut Vec<WatchId>,
    ) {
        let view = ReadView { base, overlay };
        let scopes = [change.from, change.to].map(|it| it.map(|it| it.scope));
        let mut new_entities = Vec::new();
        for (at, scope) in scopes.into_iter().enumerate() {
            let Some(scope) = scope.filter(|it| at == 0 || scopes[0] != Some(*it)) else {
                continue;
            };
            for (id, number, span) in self.lists.get(&scope).into_iter().flatten() {
                let visible = |placement: Option<Placement>| {
                    placement.filter(|it| it.scope == scope && span.includes(it.interval))
                };
                let (from, to) = (visible(change.from), visible(change.to));
                if from.is_none() && to.is_none() {
                    continue;
                }
                let Some(watch) = self.watches.get_mut(id) else { continue };
                let list = &mut watch.lists[*number];
                let entity = change.entity;
                match (from, to) {
                    (None, None) => {}
                    (None, Some(to)) => {
                        list.insert(base, to.interval, entity);
                        watch.changes.record_membership(entity, false, true);
                        notified.push(*id);
                    }
                    (Some(from), None) => {
                        list.remove(base, from.interval, entity);
                        watch.changes.record_membership(entity, true, false);
                        notified.push(*id);
                        continue;
                    }
                    (Some(from), Some(to)) => {
                        let has_moved = from.interval != to.interval
                            && list.move_member(base, from.interval, to.interval, entity);
                        let (bound, set) = (&watch.bound, list.set);
                        let (before, now) = (change.before.as_ref(), view.record(entity));
                        let effect = compare(&base.store.shapes, bound, set, before, now);
                        if effect > Change::Nothing {
                            list.invalidate(base, to.interval, entity);
                            watch.view = None;
                        }
                        let has_changed = effect == Change::Content;
                        if has_moved || has_changed {
                            watch.changes.record_change(entity, has_moved, has_changed);
                            notified.push(*id);
                        }
                        if !has_changed {
                            continue;
                        }
                    }
                }
                if watch.bound.plan.sets[watch.lists[*number].set].has_entities {
                    new_entities.push((*id, watch.add_member(view, *number, entity)));
                }
            }
        }
        for (id, new_entities) in new_entities {
            self.index_entities(id, new_entities);
        }
    }

    /// Applies a change of an entity that is visible through other entities.
    fn notify_nodes(
        &mut self,
        base: &mut Base,
        overlay: &Overlay,
        change: &EntityChange,
        notified: &mut Vec<WatchId>,
    ) {
        let Some(watches) = self.watches_by_entity.get(&change.entity).cloned() else {
            return;
        };
        let is_envelope = is_envelope(base, change.entity);
        for id in watches {
            let Some(watch) = self.watches.get_mut(&id) else { continue };
            let mut lists_changed = false;
            let mut new_entities = Vec::new();
            for set in watch.sets_of(change.entity) {
                let view = ReadView { base, overlay };
                let (before, now) = (change.before.as_ref(), view.record(change.entity));
                let bound = watch.bound.clone();
                if is_envelope && !reads_fields(&bound, set) {
                    continue;
                }
                let effect = match (before, now) {
                    // The entity was unknown and is now known to be deleted.
                    (None, None) => Change::Content,
                    _ => compare(&base.store.shapes, &bound, set, before, now),
                };
                if effect == Change::Nothing {
                    continue;
                }
                let node = (change.entity, set);
                let mut reached = Vec::new();
                if !watch.walk_up(view, node, &mut reached, &mut HashSet::new()) {
                    continue;
                }
                watch.view = None;
                for (list, member) in reached {
                    let Some(place) = base.store.entities.get(member).place else { continue };
                    watch.lists[list].invalidate(base, place.interval, member);
                    if effect == Change::Content && member != change.entity {
                        watch.changes.record_change(member, false, true);
                    }
                }
                if effect == Change::Content {
                    // For a member of a list this repeats what `notify_lists` has recorded.
                    if change.entity == QUERY || is_envelope {
                        watch.changes.needs_full_view = true;
                    } else {
                        watch.changes.record_change(change.entity, false, true);
                    }
                    notified.push(id);
                    let (more, has_lists) = watch.add_nodes_below(view, node);
                    new_entities.extend(more);
                    lists_changed |= has_lists;
                }
            }
            self.index_entities(id, new_entities);
            if lists_changed {
                self.find_nodes(base, overlay, id);
            }
        }
    }

    /// Notifies the status streams of the watches that display `changed`. Returns those to wake.
    pub(crate) fn notify_statuses(&mut self, base: &Base, changed: &[EntityId]) -> Vec<WatchId> {
        let mut notified = Vec::new();
        for (id, watch) in &mut self.watches {
            for entity in changed {
                if !watch.displays(base, *entity) {
                    continue;
                }
                if !watch.statuses.contains(entity) {
                    watch.statuses.push(*entity);
                }
                notified.push(*id);
            }
        }
        notified.dedup();
        notified
    }
}

/// Returns whether a selection set reads any stored field.
fn reads_fields(bound: &Bound, set: usize) -> bool {
    bound.plan.sets[set].only_case().is_none_or(|it| bound.stored(it).next().is_some())
}

/// Returns whether an entity holds the fields of the objects around the lists of a scope.
fn is_envelope(base: &Base, entity: EntityId) -> bool {
    base.store.names.text(base.type_name(entity)).starts_with('#')
}
