//! The base: the records that the server has sent, and the bookkeeping that keeps old data out.
//!
//! **Invariant:** the values of a record change only in [`Base::put`]. Data from the server comes
//! in through [`Base::admit`], which compares it with the stored record and the tombstones.
//! Predictions never enter the base: `admit` accepts only
//! [`FromServer`](crate::normalize::FromServer).

mod admit;
mod tombstones;

use hashbrown::{HashMap, HashSet};

pub(crate) use admit::Source;
pub use admit::WriteOutcome;
pub(crate) use tombstones::{LogCoverage, Tombstones};

use crate::collections::{Placement, ScopeId, ScopeState, Scopes, Span};
use crate::in_flight::InFlightRequests;
use crate::instant;
use crate::record::{
    EntityId, ListMerge, Names, Pack, QUERY, Record, Revision, ShapeId, Store, Symbol, Value,
    merge, value,
};
use crate::rules::Rules;

/// The data from the server.
pub(crate) struct Base {
    pub(crate) store: Store,
    pub(crate) scopes: Scopes,
    pub(crate) requests: InFlightRequests,
    pub(crate) tombstones: Tombstones,
    /// The changes since the last publish.
    pub(crate) touched: Touched,
    /// The positions of scope, start and end in the values of a shape. `None` if the shape is not
    /// of a member or lacks one of them.
    placement_fields: HashMap<ShapeId, Option<[usize; 3]>>,
    /// Counts admissions. Eviction uses it to find the least recently written entities.
    pub(crate) clock: u32,
    /// The bytes of the packed values of all records.
    pub(crate) bytes: usize,
}

/// The changes since the last publish.
#[derive(Default)]
pub(crate) struct Touched {
    /// The entities whose record has changed, with their earlier record.
    pub(crate) entities: HashMap<EntityId, Option<Record>>,
    /// The entities without a record that are now known to be deleted.
    pub(crate) deleted: Vec<EntityId>,
    /// The scopes whose coverage has changed.
    pub(crate) coverage: Vec<ScopeId>,
    /// The scopes whose position has changed.
    pub(crate) positions: Vec<ScopeId>,
}

impl Touched {
    pub(crate) fn add_coverage(&mut self, scope: ScopeId) {
        if !self.coverage.contains(&scope) {
            self.coverage.push(scope);
        }
    }

    pub(crate) fn add_position(&mut self, scope: ScopeId) {
        if !self.positions.contains(&scope) {
            self.positions.push(scope);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entities.is_empty() && self.coverage.is_empty() && self.positions.is_empty()
    }
}

impl Base {
    pub(crate) fn new(names: Names, query: &str) -> Self {
        Self {
            store: Store::new(names, query),
            scopes: Scopes::default(),
            requests: InFlightRequests::default(),
            tombstones: Tombstones::default(),
            touched: Touched::default(),
            placement_fields: HashMap::new(),
            clock: 0,
            bytes: 0,
        }
    }

    /// Sets or removes the record of an entity and notes the change.
    fn put(&mut self, entity: EntityId, record: Option<Record>) {
        let size = |it: &Option<Record>| it.as_ref().map_or(0, |it| it.packed.len());
        let stored = &mut self.store.entities.get_mut(entity).record;
        self.bytes = self.bytes + size(&record) - size(stored);
        let before = std::mem::replace(stored, record);
        self.touched.entities.entry(entity).or_insert(before);
    }

    /// Combines two records of an entity. Fields of `new` win over fields of `old`.
    fn combine(&mut self, old: &Record, new: &Record) -> Record {
        let is_same_revision = new.revision.is_some() && new.revision == old.revision;
        let lists = if is_same_revision { ListMerge::ItemByItem } else { ListMerge::TakeNewer };
        let mut packed = Vec::with_capacity(old.packed.len() + new.packed.len());
        let parts = ((old.shape, old.values()), (new.shape, new.values()));
        let shape = merge(&mut self.store.shapes, parts.0, parts.1, lists, &mut packed);
        let revision = new.revision.or(old.revision);
        Record { shape, revision, packed: crate::record::to_boxed_str(&packed) }
    }

    /// Returns the placement of a record in its collection. `None` if the record is not of a
    /// member, or its scope or interval is unknown.
    pub(crate) fn placement(&mut self, rules: &Rules, record: &Record) -> Option<Placement> {
        let shape = self.store.shapes.get(record.shape);
        let fields = *self.placement_fields.entry(record.shape).or_insert_with(|| {
            let rule = rules.entity(shape.type_name)?.placement?;
            let at = |field: Symbol| shape.fields.binary_search(&field).ok();
            Some([at(rule.scope)?, at(rule.start)?, at(rule.end)?])
        });
        let fields = fields?;
        let last = fields.iter().max()?;
        let mut found = [""; 3];
        let mut values = record.values();
        for at in 0..=*last {
            let packed = values.next_packed()?;
            for (field, found) in fields.iter().zip(&mut found) {
                if *field == at {
                    *found = packed;
                }
            }
        }
        let rule = rules.entity(shape.type_name)?.placement?;
        let [scope, start, end] = found.map(value);
        let interval = Span { start: instant::from_value(start)?, end: instant::from_value(end)? };
        let scope = match scope {
            Value::Text(key) => self.scopes.intern(rule.collection, key),
            Value::Int(key) => self.scopes.intern(rule.collection, &key.to_string()),
            _ => return None,
        };
        Some(Placement { scope, interval })
    }

    /// Returns the placement of an entity's stored record, which may differ from the visible one.
    pub(crate) fn stored_placement(
        &mut self,
        rules: &Rules,
        entity: EntityId,
    ) -> Option<Placement> {
        // Taken out for the call, because `placement` borrows the whole base.
        let record = self.store.entities.get_mut(entity).record.take()?;
        let placement = self.placement(rules, &record);
        self.store.entities.get_mut(entity).record = Some(record);
        placement
    }

    /// Deletes an entity as of revision `at` and leaves a tombstone. Without a revision there is no
    /// tombstone. Does nothing if the stored record is newer.
    pub(crate) fn delete(&mut self, rules: &Rules, entity: EntityId, at: Option<Revision>) {
        let placement = self.stored_placement(rules, entity);
        let stored = self.store.entities.record(entity).map(|it| it.revision);
        if stored.is_some_and(|it| it > at && at.is_some()) {
            return;
        }
        if let Some(at) = at {
            let log = LogCoverage::Logged(placement.map(|it| it.scope));
            self.tombstones.mark_deleted(entity, at, log, &self.requests);
        }
        if stored.is_some() || !self.store.entities.get(entity).is_deleted {
            self.store.entities.get_mut(entity).is_deleted = true;
            if stored.is_none() {
                self.touched.deleted.push(entity);
            }
            self.put(entity, None);
        }
    }

    /// Removes the record of an entity and leaves a tombstone, so that a response in flight cannot
    /// bring back an older version.
    pub(crate) fn evict(&mut self, entity: EntityId) {
        let of = self.store.entities.get(entity);
        if let Some(revision) = of.record.as_ref().and_then(|it| it.revision) {
            let log = LogCoverage::Unlogged(of.place.map(|it| it.scope));
            self.tombstones.mark_forgotten(entity, revision, log, &self.requests);
        }
        self.put(entity, None);
    }

    /// Removes all fields of the query root except `keys`.
    pub(crate) fn retain_root_fields(&mut self, keys: &HashSet<Symbol>) {
        let Some(record) = self.store.entities.record(QUERY) else { return };
        let shape = self.store.shapes.get(record.shape);
        let type_name = shape.type_name;
        let kept = shape.pairs(record.values()).filter(|(key, _)| keys.contains(key));
        let (fields, values): (Vec<Symbol>, Vec<&str>) = kept.unzip();
        let packed = values.concat().into();
        let shape = self.store.shapes.intern(type_name, fields.into());
        self.put(QUERY, Some(Record { shape, revision: None, packed }));
    }

    /// Sets a field of the query root to refer to an entity.
    pub(crate) fn link(&mut self, field: Symbol, to: EntityId) {
        let Some(stored) = self.store.entities.record(QUERY).cloned() else { return };
        let type_name = self.store.shapes.get(stored.shape).type_name;
        let shape = self.store.shapes.intern(type_name, [field].into());
        let mut packed = Vec::new();
        packed.reference(to);
        let link = Record { shape, revision: None, packed: crate::record::to_boxed_str(&packed) };
        let linked = self.combine(&stored, &link);
        if !linked.has_same_content(&stored) {
            self.put(QUERY, Some(linked));
        }
    }

    /// Adds a record of a snapshot, unless the base has newer data or knows the entity as deleted.
    pub(crate) fn restore(&mut self, entity: EntityId, record: Record) {
        let is_blocked = self.tombstones.blocks(entity, record.revision, None);
        let record = match self.store.entities.record(entity).cloned() {
            _ if is_blocked || self.store.entities.get(entity).is_deleted => return,
            None => record,
            Some(stored) if stored.revision >= record.revision && stored.revision.is_some() => {
                return;
            }
            Some(stored) if stored.revision.is_some() => record,
            // Without revisions, the stored fields are newer than those of the snapshot.
            Some(stored) => self.combine(&record, &stored),
        };
        self.put(entity, Some(record));
    }

    /// Sets the revision of all members of a scope to 0, so that any range that is read from now on
    /// wins. Called when the server was restored from a backup.
    pub(crate) fn invalidate_revisions(&mut self, rules: &Rules, scope: ScopeId) {
        let numbers = 0..self.store.entities.next_number() as u32;
        for entity in numbers.map(EntityId) {
            let is_in_scope =
                self.stored_placement(rules, entity).is_some_and(|it| it.scope == scope);
            if is_in_scope && let Some(record) = &mut self.store.entities.get_mut(entity).record {
                record.revision = record.revision.map(|_| 0);
            }
        }
        self.tombstones.clear_scope(scope);
    }

    /// Removes the tombstones that are no longer needed.
    pub(crate) fn prune_tombstones(&mut self) {
        if self.tombstones.len() > 0 {
            let scopes = &self.scopes;
            let has_reached = |it: &ScopeState, at| it.position.is_none_or(|to| to >= at);
            self.tombstones.prune(&self.requests, |scope, at| match scope {
                Some(scope) => has_reached(scopes.get(scope), at),
                None => scopes.iter().all(|(_, it)| has_reached(it, at)),
            });
        }
    }

    pub(crate) fn type_name(&self, entity: EntityId) -> Symbol {
        self.store.entities.get(entity).type_name
    }
}
