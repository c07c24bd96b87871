//! All watches, and how a change finds the ones that show it.

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

/// A watch's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct WatchId(u32);

/// An entity that shows something else than before.
pub(crate) struct EntityChange {
    pub(crate) entity: EntityId,
    pub(crate) before: Option<Record>,
    pub(crate) from: Option<Placement>,
    pub(crate) to: Option<Placement>,
}

/// Every watch.
#[derive(Default)]
pub(crate) struct Watches {
    watches: HashMap<WatchId, WatchState>,
    next: u32,
    /// The lists of each scope: whose, and which.
    lists: HashMap<ScopeId, Vec<(WatchId, usize, Span)>>,
    /// The watches that show an entity other than as a member.
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

    /// The ranges of a scope that are watched.
    pub(crate) fn spans(&self, scope: ScopeId) -> Vec<Span> {
        self.lists.get(&scope).into_iter().flatten().map(|(_, _, span)| *span).collect()
    }

    fn unindex_lists(&mut self, id: WatchId) {
        for lists in self.lists.values_mut() {
            lists.retain(|(it, ..)| *it != id);
        }
        self.lists.retain(|_, it| !it.is_empty());
    }

    /// Finds out anew what a watch shows.
    fn find_nodes(&mut self, base: &mut Base, overlay: &Overlay, id: WatchId) {
        let Some(watch) = self.watches.get_mut(&id) else { return };
        let news = watch.find_nodes(base, overlay);
        let lists: Vec<_> = watch.lists.iter().map(|it| (it.scope, it.span)).collect();
        self.unindex_lists(id);
        for (number, (scope, span)) in lists.into_iter().enumerate() {
            self.lists.entry(scope).or_default().push((id, number, span));
        }
        self.index_entities(id, news);
    }

    fn index_entities(&mut self, id: WatchId, news: Vec<EntityId>) {
        for entity in news {
            let watches = self.watches_by_entity.entry(entity).or_default();
            if !watches.contains(&id) {
                watches.push(id);
            }
        }
    }

    /// Tells the watches that show any of `moved`, and those only. Returns whom to wake.
    pub(crate) fn notify(
        &mut self,
        base: &mut Base,
        overlay: &Overlay,
        moved: &[EntityChange],
        coverage: &[ScopeId],
        positions: &[ScopeId],
    ) -> Vec<WatchId> {
        let mut told = Vec::new();
        for it in moved {
            self.notify_lists(base, overlay, it, &mut told);
            self.notify_nodes(base, overlay, it, &mut told);
        }
        for scope in coverage {
            for (id, number, _) in self.lists.get(scope).into_iter().flatten() {
                let Some(watch) = self.watches.get_mut(id) else { continue };
                if watch.lists[*number].refresh_coverage(base) {
                    watch.changes.needs_full_view = true;
                    told.push(*id);
                }
            }
        }
        for scope in positions {
            for (id, ..) in self.lists.get(scope).into_iter().flatten() {
                // It is made by the server, so nobody is told of it alone.
                let watch = self.watches.get_mut(id);
                if let Some(watch) = watch.filter(|it| it.bound.reads_position()) {
                    watch.view = None;
                }
            }
        }
        told.sort_unstable();
        told.dedup();
        for id in &told {
            if let Some(watch) = self.watches.get_mut(id) {
                watch.view = None;
                watch.has_news = true;
            }
        }
        told
    }

    /// A member joins, leaves, moves or changes.
    fn notify_lists(
        &mut self,
        base: &Base,
        overlay: &Overlay,
        moved: &EntityChange,
        told: &mut Vec<WatchId>,
    ) {
        let view = ReadView { base, overlay };
        let scopes = [moved.from, moved.to].map(|it| it.map(|it| it.scope));
        let mut news = Vec::new();
        for (at, scope) in scopes.into_iter().enumerate() {
            let Some(scope) = scope.filter(|it| at == 0 || scopes[0] != Some(*it)) else {
                continue;
            };
            for (id, number, span) in self.lists.get(&scope).into_iter().flatten() {
                let shown = |place: Option<Placement>| {
                    place.filter(|it| it.scope == scope && span.includes(it.interval))
                };
                let (from, to) = (shown(moved.from), shown(moved.to));
                if from.is_none() && to.is_none() {
                    continue;
                }
                let Some(watch) = self.watches.get_mut(id) else { continue };
                let list = &mut watch.lists[*number];
                let entity = moved.entity;
                match (from, to) {
                    (None, None) => {}
                    (None, Some(to)) => {
                        list.insert(base, to.interval, entity);
                        watch.changes.membership(entity, false, true);
                        told.push(*id);
                    }
                    (Some(from), None) => {
                        list.remove(base, from.interval, entity);
                        watch.changes.membership(entity, true, false);
                        told.push(*id);
                        continue;
                    }
                    (Some(from), Some(to)) => {
                        let has_moved = from.interval != to.interval
                            && list.move_member(base, from.interval, to.interval, entity);
                        let (bound, set) = (&watch.bound, list.set);
                        let (before, now) = (moved.before.as_ref(), view.record(entity));
                        let change = compare(&base.store.shapes, bound, set, before, now);
                        if change > Change::Nothing {
                            list.invalidate(base, to.interval, entity);
                            watch.view = None;
                        }
                        let has_changed = change == Change::Content;
                        if has_moved || has_changed {
                            watch.changes.changed(entity, has_moved, has_changed);
                            told.push(*id);
                        }
                        if !has_changed {
                            continue;
                        }
                    }
                }
                if watch.bound.plan.sets[watch.lists[*number].set].has_entities {
                    news.push((*id, watch.add_member(view, *number, entity)));
                }
            }
        }
        for (id, news) in news {
            self.index_entities(id, news);
        }
    }

    /// An entity changes that is shown by way of others.
    fn notify_nodes(
        &mut self,
        base: &mut Base,
        overlay: &Overlay,
        moved: &EntityChange,
        told: &mut Vec<WatchId>,
    ) {
        let Some(showing) = self.watches_by_entity.get(&moved.entity).cloned() else {
            return;
        };
        let is_envelope = is_envelope(base, moved.entity);
        for id in showing {
            let Some(watch) = self.watches.get_mut(&id) else { continue };
            let mut is_resurveyed = false;
            let mut news = Vec::new();
            for set in watch.sets_of(moved.entity) {
                let view = ReadView { base, overlay };
                let (before, now) = (moved.before.as_ref(), view.record(moved.entity));
                let bound = watch.bound.clone();
                if is_envelope && !reads_of(&bound, set) {
                    continue;
                }
                let change = match (before, now) {
                    // It was not known, and is known to be none.
                    (None, None) => Change::Content,
                    _ => compare(&base.store.shapes, &bound, set, before, now),
                };
                if change == Change::Nothing {
                    continue;
                }
                let node = (moved.entity, set);
                let mut reached = Vec::new();
                if !watch.walk_up(view, node, &mut reached, &mut HashSet::new()) {
                    continue;
                }
                watch.view = None;
                for (list, member) in reached {
                    let Some(place) = base.store.entities.get(member).place else { continue };
                    watch.lists[list].invalidate(base, place.interval, member);
                    if change == Change::Content && member != moved.entity {
                        watch.changes.changed(member, false, true);
                    }
                }
                if change == Change::Content {
                    // A member of a list has been told of already.
                    if moved.entity == QUERY || is_envelope {
                        watch.changes.needs_full_view = true;
                    } else {
                        watch.changes.changed(moved.entity, false, true);
                    }
                    told.push(id);
                    let (more, has_lists) = watch.add_nodes_below(view, node);
                    news.extend(more);
                    is_resurveyed |= has_lists;
                }
            }
            self.index_entities(id, news);
            if is_resurveyed {
                self.find_nodes(base, overlay, id);
            }
        }
    }

    /// Tells those who follow them that statuses have changed. Returns whom to wake.
    pub(crate) fn notify_statuses(&mut self, base: &Base, changed: &[EntityId]) -> Vec<WatchId> {
        let mut told = Vec::new();
        for (id, watch) in &mut self.watches {
            for entity in changed {
                if !watch.shows(base, *entity) {
                    continue;
                }
                if !watch.statuses.contains(entity) {
                    watch.statuses.push(*entity);
                }
                told.push(*id);
            }
        }
        told.dedup();
        told
    }
}

/// Whether a selection set reads anything that is stored.
fn reads_of(bound: &Bound, set: usize) -> bool {
    bound.plan.sets[set].only_case().is_none_or(|it| bound.stored(it).next().is_some())
}

fn is_envelope(base: &Base, entity: EntityId) -> bool {
    base.store.names.text(base.type_name(entity)).starts_with('#')
}
