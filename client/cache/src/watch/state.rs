//! What the cache keeps of a watch: its lists, and which entities it shows by which way.

use std::cell::RefCell;
use std::sync::Arc;
use std::task::Waker;

use hashbrown::{HashMap, HashSet};

use super::delta::Changes;
use super::list::List;
use crate::base::{Base, QUERY};
use crate::denormalize::{Memo, Node};
use crate::document::{Bound, Role};
use crate::record::{EntityId, Items, Value};
use crate::shared::Kept;
use crate::view::{Missing, Sight};

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
    pub(crate) changes: Changes,
    /// Something is to be told that was not told yet.
    pub(crate) has_news: bool,
    pub(crate) waker: Option<Waker>,
    /// Entities whose status has changed, for those who follow that.
    pub(crate) statuses: Vec<EntityId>,
    pub(crate) status_waker: Option<Waker>,
}

/// A view that was read.
pub(crate) struct LastView {
    pub(crate) data: Option<Kept>,
    pub(crate) missing: Missing,
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
            changes: Changes::default(),
            has_news: false,
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
    pub(crate) fn survey(
        &mut self,
        base: &mut Base,
        overlay: &crate::view::Overlay,
    ) -> Vec<EntityId> {
        let mut old = std::mem::take(&mut self.lists);
        let mut news = vec![QUERY];
        self.parents.entry((QUERY, 0)).or_default();
        let mut open = vec![(QUERY, 0)];
        let mut seen = HashSet::new();
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            let mut found = Found::default();
            walk_node(Sight { base, overlay }, &self.bound, node, &mut found);
            for (listing, scope, set, envelope) in found.lists {
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
                    found.entities.push((entity, envelope));
                }
            }
            for child in found.entities {
                self.add(child, Parent::Node(node), &mut news);
                open.push(child);
            }
        }
        news
    }

    /// What is shown by way of `node`, which has changed. Whether lists may have come or gone.
    pub(crate) fn survey_below(&mut self, sight: Sight<'_>, node: Node) -> (Vec<EntityId>, bool) {
        let mut news = Vec::new();
        let mut open = vec![node];
        let mut seen = HashSet::new();
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            let mut found = Found::default();
            walk_node(sight, &self.bound, node, &mut found);
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
        sight: Sight<'_>,
        list: usize,
        member: EntityId,
    ) -> Vec<EntityId> {
        let node = (member, self.lists[list].set);
        let mut news = Vec::new();
        self.add(node, Parent::List(list), &mut news);
        news.extend(self.survey_below(sight, node).0);
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
    pub(crate) fn climb(
        &mut self,
        sight: Sight<'_>,
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
                    let place = sight.base.entities.get(node.0).place;
                    let list_of = &self.lists.get(list);
                    let holds = list_of.is_some_and(|list| {
                        place.is_some_and(|it| {
                            it.scope == list.scope && list.span.shows(it.interval)
                        })
                    });
                    if holds {
                        reached.push((list, node.0));
                    }
                    holds
                }
                Parent::Node(parent) => {
                    refers(sight, &self.bound, parent, node)
                        && self.climb(sight, parent, reached, seen)
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
        let place = base.entities.get(entity).place;
        let in_list = |list: &List| {
            place.is_some_and(|it| it.scope == list.scope && list.span.shows(it.interval))
        };
        self.lists.iter().any(in_list) || !self.sets_of(entity).is_empty()
    }
}

/// What a record refers to, by a selection set.
#[derive(Default)]
struct Found {
    entities: Vec<Node>,
    /// Listings with their scope, the members' set, and the set of the object around.
    lists: Vec<(Arc<crate::document::Listing>, Arc<str>, usize, Option<usize>)>,
}

fn walk_node(sight: Sight<'_>, bound: &Bound, node: Node, found: &mut Found) {
    let (entity, set) = node;
    match sight.record(entity) {
        Some(record) => {
            let type_name = sight.base.shapes.get(record.shape).type_name;
            walk_object(sight, bound, set, entity, type_name, record.shape, record.values(), found);
        }
        None => {}
    }
}

#[allow(clippy::too_many_arguments, reason = "one place calls it, itself")]
fn walk_object(
    sight: Sight<'_>,
    bound: &Bound,
    set: usize,
    owner: EntityId,
    type_name: crate::record::Symbol,
    shape: crate::record::ShapeId,
    values: Items<'_>,
    found: &mut Found,
) {
    let Some(case) = bound.plan.sets[set].case(type_name) else { return };
    walk_lists(sight, bound, case, owner, found);
    let shape = sight.base.shapes.get(shape);
    for (key, slot) in bound.stored(case) {
        let Some(child) = slot.child else { continue };
        let Some(packed) = shape.find(values, key) else { continue };
        walk_value(sight, bound, child, owner, crate::record::value(packed), found);
    }
}

fn walk_value(
    sight: Sight<'_>,
    bound: &Bound,
    set: usize,
    owner: EntityId,
    value: Value<'_>,
    found: &mut Found,
) {
    match value {
        Value::Ref(entity) => found.entities.push((entity, set)),
        Value::List(items) => {
            for item in items {
                walk_value(sight, bound, set, owner, item, found);
            }
        }
        Value::Object(shape, values) => {
            let type_name = sight.base.shapes.get(shape).type_name;
            walk_object(sight, bound, set, owner, type_name, shape, values, found);
        }
        _ => {}
    }
}

fn walk_lists(
    sight: Sight<'_>,
    bound: &Bound,
    case: &crate::document::Case,
    owner: EntityId,
    found: &mut Found,
) {
    for slot in &case.slots {
        let Role::Collection(..) = slot.role else { continue };
        let Some(listing) = bound.listed(slot) else { continue };
        let scope = match &listing.scope {
            Some(scope) => scope.clone(),
            None => sight.base.entities.get(owner).key.clone(),
        };
        let Some(child) = slot.child else { continue };
        if bound.envelope(child).is_none() {
            found.lists.push((listing.clone(), scope, child, None));
            continue;
        }
        let slots = bound.plan.sets[child].certain().into_iter().flat_map(|it| &it.slots);
        let members = slots.filter(|it| it.role == Role::Items).find_map(|it| it.child);
        // Where only the object around is selected, no member is shown.
        found.lists.extend(members.map(|it| (listing.clone(), scope, it, Some(child))));
    }
}

/// Whether `parent` refers to `child` itself, not by way of others.
fn refers(sight: Sight<'_>, bound: &Bound, parent: Node, child: Node) -> bool {
    let mut found = Found::default();
    walk_node(sight, bound, parent, &mut found);
    if found.entities.contains(&child) {
        return true;
    }
    // The object around a list is no value of its parent.
    found.lists.iter().any(|(listing, scope, _, envelope)| {
        *envelope == Some(child.1)
            && sight.base.find_envelope(listing.collection, scope) == Some(child.0)
    })
}
