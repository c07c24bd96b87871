//! The table of entities: who is known, and what the base holds of each.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{EntityId, Placement, Record, Symbol};

/// Everything that is known of one entity.
#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) type_name: Symbol,
    pub(crate) key: Arc<str>,
    /// The base: as the server last told it.
    pub(crate) record: Option<Record>,
    /// Where the view shows it. Kept by `publish`, read by the collections.
    pub(crate) place: Option<Placement>,
    /// When it was last written or read, on the cache's own count.
    pub(crate) last_used: u32,
    /// The server said that it is no more. What refers to it goes on without it.
    pub(crate) is_deleted: bool,
}

/// Every entity that is known, by number and by name.
#[derive(Default)]
pub(crate) struct Entities {
    list: Vec<Entity>,
    table: HashTable<EntityId>,
    hasher: DefaultHashBuilder,
    /// Numbers that nothing refers to any more.
    free: Vec<EntityId>,
}

impl Entities {
    pub(crate) fn find(&self, type_name: Symbol, key: &str) -> Option<EntityId> {
        let hash = self.hasher.hash_one((type_name, key));
        let is_it = |it: &EntityId| {
            let entity = self.get(*it);
            entity.type_name == type_name && *entity.key == *key
        };
        self.table.find(hash, is_it).copied()
    }

    /// The number of an entity, which becomes known if it was not; and whether it was not.
    pub(crate) fn intern(&mut self, type_name: Symbol, key: &str) -> (EntityId, bool) {
        if let Some(known) = self.find(type_name, key) {
            return (known, false);
        }
        let entity = Entity {
            type_name,
            key: key.into(),
            record: None,
            place: None,
            last_used: 0,
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

    /// Forgets that there is such an entity. Nothing may refer to it.
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

    /// Every number that is in use.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (EntityId, &Entity)> {
        let known = self.table.iter().copied();
        known.map(|it| (it, self.get(it)))
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// One more than the highest number in use.
    pub(crate) fn next_number(&self) -> usize {
        self.list.len()
    }
}
