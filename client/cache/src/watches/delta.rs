//! Deltas: what has changed since they were taken last, by entity.

use hashbrown::HashMap;

use crate::base::Base;
use crate::record::EntityId;
use crate::view::EntityKey;

/// What has changed in a view since its last delta was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delta {
    /// Entities that have joined a list of a collection.
    pub added: Vec<EntityKey>,
    /// Members whose place in their list is another one.
    pub moved: Vec<EntityKey>,
    /// Entities that show something else; a moved one too, if so.
    pub changed: Vec<EntityKey>,
    /// Members that have left.
    pub removed: Vec<EntityKey>,
    /// What a list is, or what the view lacks, has changed otherwise: look at the whole view.
    pub needs_full_view: bool,
}

impl Delta {
    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Changes since the last delta, as they come.
#[derive(Debug, Default)]
pub(crate) struct PendingDelta {
    entities: HashMap<EntityId, EntityDelta>,
    pub(crate) needs_full_view: bool,
}

/// What happened to one entity since.
#[derive(Clone, Copy, Debug, Default)]
struct EntityDelta {
    was_member: bool,
    is_member: bool,
    has_moved: bool,
    has_changed: bool,
}

impl PendingDelta {
    pub(crate) fn membership(&mut self, entity: EntityId, was: bool, is: bool) {
        let first = EntityDelta { was_member: was, ..EntityDelta::default() };
        let change = self.entities.entry(entity).or_insert(first);
        // Who left and came again may be another one and at another place.
        change.has_moved |= is && !was && change.was_member;
        change.has_changed |= is && !was && change.was_member;
        change.is_member = is;
    }

    pub(crate) fn changed(&mut self, entity: EntityId, has_moved: bool, has_changed: bool) {
        let first = EntityDelta { was_member: true, is_member: true, ..EntityDelta::default() };
        let change = self.entities.entry(entity).or_insert(first);
        change.has_moved |= has_moved;
        change.has_changed |= has_changed;
    }

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
