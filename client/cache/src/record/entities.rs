//! The table of entities, with the record of each.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{EntityId, Placement, Record, Symbol};

/// The state of one entity.
#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) type_name: Symbol,
    pub(crate) key: Arc<str>,
    /// The entity in the base; `None` if the server has not sent it or has deleted it.
    pub(crate) record: Option<Record>,
    /// Where the view shows the entity in a collection. `publish` sets it.
    pub(crate) place: Option<Placement>,
    /// The value of the base's `clock` when the entity was last written.
    pub(crate) last_written: u32,
    /// Whether the server has deleted the entity. References to it then read as null, and lists
    /// leave it out.
    pub(crate) is_deleted: bool,
}

/// All known entities, by number, and by type and key.
#[derive(Default)]
pub(crate) struct Entities {
    list: Vec<Entity>,
    table: HashTable<EntityId>,
    hasher: DefaultHashBuilder,
    /// Released numbers, to be reused.
    free: Vec<EntityId>,
}

impl Entities {
    /// Returns the number of an entity; `None` if it is not known.
    pub(crate) fn find(&self, type_name: Symbol, key: &str) -> Option<EntityId> {
        let hash = self.hasher.hash_one((type_name, key));
        let is_it = |it: &EntityId| {
            let entity = self.get(*it);
            entity.type_name == type_name && *entity.key == *key
        };
        self.table.find(hash, is_it).copied()
    }

    /// Returns the number of an entity, and whether it is new. A new entity is added.
    pub(crate) fn intern(&mut self, type_name: Symbol, key: &str) -> (EntityId, bool) {
        if let Some(known) = self.find(type_name, key) {
            return (known, false);
        }
        let entity = Entity {
            type_name,
            key: key.into(),
            record: None,
            place: None,
            last_written: 0,
            is_deleted: false,
        };
        let number = match self.free.pop() {
            Some(number) => {
                self.list[number.0 as usize] = entity;
                number
            }
            None => {
                self.list.push(entity);
                EntityId(self.list.len() as u32 - 1)
            }
        };
        let Self { list, table, hasher, .. } = self;
        table.insert_unique(hasher.hash_one((type_name, key)), number, |it| {
            let entity = &list[it.0 as usize];
            hasher.hash_one((entity.type_name, &*entity.key))
        });
        (number, true)
    }

    /// Removes an entity. Nothing may refer to it any more.
    pub(crate) fn release(&mut self, number: EntityId) {
        let entity = &mut self.list[number.0 as usize];
        let hash = self.hasher.hash_one((entity.type_name, &*entity.key));
        if let Ok(entry) = self.table.find_entry(hash, |it| *it == number) {
            entry.remove();
            entity.record = None;
            entity.key = "".into();
            self.free.push(number);
        }
    }

    #[inline]
    pub(crate) fn get(&self, number: EntityId) -> &Entity {
        &self.list[number.0 as usize]
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, number: EntityId) -> &mut Entity {
        &mut self.list[number.0 as usize]
    }

    #[inline]
    pub(crate) fn record(&self, number: EntityId) -> Option<&Record> {
        self.get(number).record.as_ref()
    }

    /// Returns all known entities with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (EntityId, &Entity)> {
        let known = self.table.iter().copied();
        known.map(|it| (it, self.get(it)))
    }

    /// Returns how many entities are known.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Returns the number after the highest one that was ever used.
    pub(crate) fn next_number(&self) -> usize {
        self.list.len()
    }
}
