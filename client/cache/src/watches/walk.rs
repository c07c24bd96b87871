//! Walks: the entities and lists that a record displays through a selection set.

use std::sync::Arc;

use crate::denormalize::Node;
use crate::document::{Bound, Case, Listing, Role};
use crate::record::{EntityId, Items, ShapeId, Value};
use crate::view::ReadView;

/// The references of a record through a selection set.
#[derive(Default)]
pub(super) struct References {
    pub(super) entities: Vec<Node>,
    pub(super) lists: Vec<ListRef>,
}

/// A reference to a list of a collection.
pub(super) struct ListRef {
    pub(super) listing: Arc<Listing>,
    pub(super) scope: Arc<str>,
    /// The selection set of its members.
    pub(super) set: usize,
    /// The selection set of the object around the list.
    pub(super) envelope: Option<usize>,
}

/// A walk over the values of one entity.
#[derive(Clone, Copy)]
struct Walk<'a> {
    view: ReadView<'a>,
    bound: &'a Bound,
    owner: EntityId,
}

/// Returns the direct references of `node`.
pub(super) fn walk(view: ReadView<'_>, bound: &Bound, node: Node) -> References {
    let mut found = References::default();
    let (owner, set) = node;
    if let Some(record) = view.record(owner) {
        Walk { view, bound, owner }.object(set, record.shape, record.values(), &mut found);
    }
    found
}

impl Walk<'_> {
    fn object(self, set: usize, shape: ShapeId, values: Items<'_>, found: &mut References) {
        let shape = self.view.base.store.shapes.get(shape);
        let Some(case) = self.bound.plan.sets[set].case_of(shape.type_name) else { return };
        self.lists(case, found);
        for (key, slot) in self.bound.stored(case) {
            let Some(child) = slot.child else { continue };
            let Some(packed) = shape.find(values, key) else { continue };
            self.value(child, crate::record::value(packed), found);
        }
    }

    fn value(self, set: usize, value: Value<'_>, found: &mut References) {
        match value {
            Value::Ref(entity) => found.entities.push((entity, set)),
            Value::List(items) => {
                for item in items {
                    self.value(set, item, found);
                }
            }
            Value::Object(shape, values) => self.object(set, shape, values, found),
            _ => {}
        }
    }

    fn lists(self, case: &Case, found: &mut References) {
        for slot in &case.slots {
            let Some(listing) = self.bound.listing(slot) else { continue };
            let scope = match &listing.scope {
                Some(scope) => scope.clone(),
                None => self.view.base.store.entities.get(self.owner).key.clone(),
            };
            let Some(child) = slot.child else { continue };
            let (members, envelope) = match self.bound.envelope(child) {
                None => (Some(child), None),
                Some(_) => {
                    let case = self.bound.plan.sets[child].only_case();
                    let slots = case.into_iter().flat_map(|it| &it.slots);
                    let members = slots.filter(|it| it.role == Role::Items).find_map(|it| it.child);
                    (members, Some(child))
                }
            };
            // If only the object around the list is selected, no member is visible.
            let listing = listing.clone();
            found.lists.extend(members.map(|set| ListRef { listing, scope, set, envelope }));
        }
    }
}

/// Returns whether `parent` refers to `child` directly.
pub(super) fn refers_to(view: ReadView<'_>, bound: &Bound, parent: Node, child: Node) -> bool {
    let found = walk(view, bound, parent);
    if found.entities.contains(&child) {
        return true;
    }
    // The object around a list is stored apart from its parent.
    found.lists.iter().any(|it| {
        it.envelope == Some(child.1)
            && view.base.find_envelope(it.listing.collection, &it.scope) == Some(child.0)
    })
}
