//! What the cache keeps of a watch: its lists, and which entities it shows by which way.

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

/// A watch, as the cache keeps it.
pub(crate) struct WatchState {
    pub(crate) bound: Arc<Bound>,
    pub(crate) lists: Vec<List>,
    /// By which ways each entity is shown. Ways may be out of date; each is looked at before it is
    /// believed. Members without entities of their own are not in here: their list is their way.
    parents: HashMap<Node, Vec<Parent>>,
    /// Allocations of the last view that still hold, of all but the members of lists.
    pub(crate) memo: RefCell<Memo>,
    /// The last view, while it still holds.
    pub(crate) view: Option<LastView>,
    pub(crate) changes: PendingDelta,
    /// Something is to be told that was not told yet.
    pub(crate) has_news: bool,
    pub(crate) waker: Option<Waker>,
    /// Entities whose status has changed, for those who follow that.
    pub(crate) statuses: Vec<EntityId>,
    pub(crate) status_waker: Option<Waker>,
}

/// A view that was read.
pub(crate) struct LastView {
    pub(crate) data: Option<AnyArc>,
    pub(crate) missing: Gaps,
}

/// By what an entity is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parent {
    Node(Node),
    /// A list, by its number.
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
            // The present view is news to whoever has just come.
            has_news: true,
            waker: None,
            statuses: Vec::new(),
            status_waker: None,
        }
    }

    /// The entities that it shows other than as members, for which it must be told of changes.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Node> {
        self.parents.keys().copied()
    }

    /// Finds out anew what is shown, and by which ways. Returns the entities that were not known before.
    pub(crate) fn find_nodes(&mut self, base: &mut Base, overlay: &Overlay) -> Vec<EntityId> {
        let mut old = std::mem::take(&mut self.lists);
        let mut news = vec![QUERY];
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
                        self.add((member, set), Parent::List(number), &mut news);
                    }
                }
                self.lists.push(list);
                if let Some(envelope) = envelope {
                    let entity = base.envelope(listing.collection, &scope);
                    entities.push((entity, envelope));
                }
            }
            for child in entities {
                self.add(child, Parent::Node(node), &mut news);
                open.push(child);
            }
        }
        news
    }

    /// What is shown by way of `node`, which has changed. Whether lists may have come or gone.
    pub(crate) fn add_nodes_below(
        &mut self,
        view: ReadView<'_>,
        node: Node,
    ) -> (Vec<EntityId>, bool) {
        let mut news = Vec::new();
        let mut open = vec![node];
        let mut seen = HashSet::new();
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            let found = walk(view, &self.bound, node);
            if !found.lists.is_empty() && node != (QUERY, 0) {
                return (news, true);
            }
            for child in found.entities {
                if self.add(child, Parent::Node(node), &mut news) {
                    open.push(child);
                }
            }
        }
        (news, false)
    }

    /// A member of a list that has entities of its own.
    pub(crate) fn add_member(
        &mut self,
        view: ReadView<'_>,
        list: usize,
        member: EntityId,
    ) -> Vec<EntityId> {
        let node = (member, self.lists[list].set);
        let mut news = Vec::new();
        self.add(node, Parent::List(list), &mut news);
        news.extend(self.add_nodes_below(view, node).0);
        news
    }

    fn add(&mut self, node: Node, parent: Parent, news: &mut Vec<EntityId>) -> bool {
        let is_new = !self.parents.contains_key(&node);
        let parents = self.parents.entry(node).or_default();
        if !parents.contains(&parent) {
            parents.push(parent);
        }
        if is_new {
            news.push(node.0);
        }
        is_new
    }

    /// Follows the ways by which `node` is shown, up to the lists and the root, forgetting the
    /// allocations on the way; ways that are out of date are dropped. Whether it is shown at all.
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

    /// The sets through which an entity is shown.
    pub(crate) fn sets_of(&self, entity: EntityId) -> Vec<usize> {
        let sets = self.bound.plan.sets.len();
        (0..sets).filter(|set| self.parents.contains_key(&(entity, *set))).collect()
    }

    /// Whether an entity is shown in any way that is known.
    pub(crate) fn shows(&self, base: &Base, entity: EntityId) -> bool {
        let place = base.store.entities.get(entity).place;
        let in_list = |list: &List| {
            place.is_some_and(|it| it.scope == list.scope && list.span.includes(it.interval))
        };
        self.lists.iter().any(in_list) || !self.sets_of(entity).is_empty()
    }
}
