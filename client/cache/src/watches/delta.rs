//! Deltas: the changes of a view since the last delta, by entity.

use hashbrown::HashMap;

use crate::base::Base;
use crate::record::EntityId;
use crate::view::EntityKey;

/// The changes of a view since the last delta; see [`Watch::delta`](crate::Watch::delta).
///
/// `added`, `moved` and `removed` are about members of collections; `changed` is about all entities
/// of the view. Each list is sorted by type and key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delta {
    /// The members that have joined a list.
    pub added: Vec<EntityKey>,
    /// The members whose position in their list has changed.
    pub moved: Vec<EntityKey>,
    /// The entities with changed content. A moved member is listed here too if its content has
    /// changed; a change of its interval alone counts if the query selects those fields.
    pub changed: Vec<EntityKey>,
    /// The members that have left their list.
    pub removed: Vec<EntityKey>,
    /// Whether something else has changed: the query root, the object around a list, or the
    /// coverage of a range. Read the whole view then.
    pub needs_full_view: bool,
}

impl Delta {
    /// Returns whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The changes since the last delta, collected one by one.
#[derive(Debug, Default)]
pub(crate) struct PendingDelta {
    entities: HashMap<EntityId, EntityDelta>,
    pub(crate) needs_full_view: bool,
}

/// The changes of one entity since the last delta.
#[derive(Clone, Copy, Debug, Default)]
struct EntityDelta {
    was_member: bool,
    is_member: bool,
    has_moved: bool,
    has_changed: bool,
}

impl PendingDelta {
    /// Notes that an entity has joined or left a list.
    pub(crate) fn record_membership(&mut self, entity: EntityId, was: bool, is: bool) {
        let first = EntityDelta { was_member: was, ..EntityDelta::default() };
        let change = self.entities.entry(entity).or_insert(first);
        // A member that left and came back may have another content and another position.
        change.has_moved |= is && !was && change.was_member;
        change.has_changed |= is && !was && change.was_member;
        change.is_member = is;
    }

    /// Notes that a visible entity has moved in its list, or has other content.
    pub(crate) fn record_change(&mut self, entity: EntityId, has_moved: bool, has_changed: bool) {
        let first = EntityDelta { was_member: true, is_member: true, ..EntityDelta::default() };
        let change = self.entities.entry(entity).or_insert(first);
        change.has_moved |= has_moved;
        change.has_changed |= has_changed;
    }

    /// Returns the collected changes, and starts again without any.
    pub(crate) fn take(&mut self, base: &Base) -> Delta {
        let mut delta = Delta {
            needs_full_view: std::mem::take(&mut self.needs_full_view),
            ..Delta::default()
        };
        for (entity, change) in self.entities.drain() {
            let key = || EntityKey::of(base, entity);
            match (change.was_member, change.is_member) {
                (false, true) => delta.added.push(key()),
                (true, false) => delta.removed.push(key()),
                (false, false) => {}
                (true, true) => {
                    if change.has_moved {
                        delta.moved.push(key());
                    }
                    if change.has_changed {
                        delta.changed.push(key());
                    }
                }
            }
        }
        for list in [&mut delta.added, &mut delta.moved, &mut delta.changed, &mut delta.removed] {
            list.sort();
        }
        delta
    }
}
