//! The state of one watch: its lists, and the paths by which its view reaches each entity.

use std::cell::RefCell;
use std::sync::Arc;
use std::task::Waker;

use hashbrown::{HashMap, HashSet};

use super::delta::PendingDelta;
use super::list::List;
use super::walk::{ListRef, References, refers_to, walk};
use crate::base::Base;
use crate::denormalize::{Memo, Node};
use crate::document::Bound;
use crate::record::EntityId;
use crate::record::QUERY;
use crate::shared::AnyArc;
use crate::view::{Gaps, Overlay, ReadView};

/// The state of one watch.
pub(crate) struct WatchState {
    pub(crate) bound: Arc<Bound>,
    pub(crate) lists: Vec<List>,
    /// The parents through which each node is visible. An entry may be out of date, so
    /// [`WatchState::walk_up`] checks each before it relies on it. Members of lists are in here
    /// only if they can contain other entities.
    parents: HashMap<Node, Vec<Parent>>,
    /// The allocations of the last view that are still valid. Members of lists keep theirs in
    /// `lists`.
    pub(crate) memo: RefCell<Memo>,
    /// The last view. `None` if it is out of date.
    pub(crate) view: Option<LastView>,
    /// The changes since the last delta.
    pub(crate) changes: PendingDelta,
    /// Whether the stream has an item to yield.
    pub(crate) has_update: bool,
    pub(crate) waker: Option<Waker>,
    /// The entities whose status has changed since the last poll of the status stream.
    pub(crate) statuses: Vec<EntityId>,
    pub(crate) status_waker: Option<Waker>,
}

/// The last view that the watch has returned.
pub(crate) struct LastView {
    pub(crate) data: Option<AnyArc>,
    pub(crate) missing: Gaps,
}

/// A node or list through which an entity is visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parent {
    Node(Node),
    /// A list of the watch, by its index.
    List(usize),
}

impl WatchState {
    pub(crate) fn new(bound: Arc<Bound>) -> Self {
        Self {
            bound,
            lists: Vec::new(),
            parents: HashMap::new(),
            memo: RefCell::default(),
            view: None,
            changes: PendingDelta::default(),
            // The stream begins with the current view.
            has_update: true,
            waker: None,
            statuses: Vec::new(),
            status_waker: None,
        }
    }

    /// Returns the visible nodes, except members of lists that contain no other entities.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Node> {
        self.parents.keys().copied()
    }

    /// Finds all visible nodes and lists again. Returns the entities that were not known before.
    pub(crate) fn find_nodes(&mut self, base: &mut Base, overlay: &Overlay) -> Vec<EntityId> {
        let mut old = std::mem::take(&mut self.lists);
        let mut new_entities = vec![QUERY];
        self.parents.entry((QUERY, 0)).or_default();
        let mut open = vec![(QUERY, 0)];
        let mut seen = HashSet::new();
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            let References { mut entities, lists } =
                walk(ReadView { base, overlay }, &self.bound, node);
            for ListRef { listing, scope, set, envelope } in lists {
                let known =
                    old.iter().position(|it| it.listing == listing && it.scope_key == scope);
                let list = match known {
                    Some(at) => old.swap_remove(at),
                    None => List::new(base, listing.clone(), scope.clone(), set),
                };
                let number = self.lists.len();
                if self.bound.plan.sets[set].has_entities {
                    for member in list.entities() {
                        open.push((member, set));
                        self.add((member, set), Parent::List(number), &mut new_entities);
                    }
                }
                self.lists.push(list);
                if let Some(envelope) = envelope {
                    let entity = base.envelope(listing.collection, &scope);
                    entities.push((entity, envelope));
                }
            }
            for child in entities {
                self.add(child, Parent::Node(node), &mut new_entities);
                open.push(child);
            }
        }
        new_entities
    }

    /// Adds the nodes that are visible through `node`, which has changed. Returns the new entities,
    /// and whether lists may have been added or removed.
    pub(crate) fn add_nodes_below(
        &mut self,
        view: ReadView<'_>,
        node: Node,
    ) -> (Vec<EntityId>, bool) {
        let mut new_entities = Vec::new();
        let mut open = vec![node];
        let mut seen = HashSet::new();
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            let found = walk(view, &self.bound, node);
            if !found.lists.is_empty() && node != (QUERY, 0) {
                return (new_entities, true);
            }
            for child in found.entities {
                if self.add(child, Parent::Node(node), &mut new_entities) {
                    open.push(child);
                }
            }
        }
        (new_entities, false)
    }

    /// Adds a member of a list and the nodes that are visible through it. Returns the new entities.
    pub(crate) fn add_member(
        &mut self,
        view: ReadView<'_>,
        list: usize,
        member: EntityId,
    ) -> Vec<EntityId> {
        let node = (member, self.lists[list].set);
        let mut new_entities = Vec::new();
        self.add(node, Parent::List(list), &mut new_entities);
        new_entities.extend(self.add_nodes_below(view, node).0);
        new_entities
    }

    /// Adds a parent of a node. Returns whether the node was not known before.
    fn add(&mut self, node: Node, parent: Parent, new_entities: &mut Vec<EntityId>) -> bool {
        let is_new = !self.parents.contains_key(&node);
        let parents = self.parents.entry(node).or_default();
        if !parents.contains(&parent) {
            parents.push(parent);
        }
        if is_new {
            new_entities.push(node.0);
        }
        is_new
    }

    /// Walks from `node` up to the lists and the query root. Returns whether the node is visible.
    ///
    /// The walk drops the allocations of all nodes on its way, and the parents that are out of
    /// date. It adds the list members that it reaches to `reached`.
    pub(crate) fn walk_up(
        &mut self,
        view: ReadView<'_>,
        node: Node,
        reached: &mut Vec<(usize, EntityId)>,
        seen: &mut HashSet<Node>,
    ) -> bool {
        self.memo.borrow_mut().remove(&node);
        if node == (QUERY, 0) || !seen.insert(node) {
            return true;
        }
        let Some(parents) = self.parents.get(&node).cloned() else { return false };
        let mut is_shown = false;
        for parent in parents {
            let holds = match parent {
                Parent::List(list) => {
                    let place = view.base.store.entities.get(node.0).place;
                    let list_of = &self.lists.get(list);
                    let holds = list_of.is_some_and(|list| {
                        place.is_some_and(|it| {
                            it.scope == list.scope && list.span.includes(it.interval)
                        })
                    });
                    if holds {
                        reached.push((list, node.0));
                    }
                    holds
                }
                Parent::Node(parent) => {
                    refers_to(view, &self.bound, parent, node)
                        && self.walk_up(view, parent, reached, seen)
                }
            };
            is_shown |= holds;
            if !holds && let Some(parents) = self.parents.get_mut(&node) {
                parents.retain(|it| *it != parent);
            }
        }
        is_shown
    }

    /// Returns the selection sets through which an entity is visible.
    pub(crate) fn sets_of(&self, entity: EntityId) -> Vec<usize> {
        let sets = self.bound.plan.sets.len();
        (0..sets).filter(|set| self.parents.contains_key(&(entity, *set))).collect()
    }

    /// Returns whether an entity is visible in this watch.
    pub(crate) fn displays(&self, base: &Base, entity: EntityId) -> bool {
        let place = base.store.entities.get(entity).place;
        let in_list = |list: &List| {
            place.is_some_and(|it| it.scope == list.scope && list.span.includes(it.interval))
        };
        self.lists.iter().any(in_list) || !self.sets_of(entity).is_empty()
    }
}
