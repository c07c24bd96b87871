//! The base: records as the server last told them, and what it takes to keep them so.
//!
//! **Invariant:** a record changes only in [`Base::put`], and every caller of it has asked
//! `freshness` before. What a mutation is expected to do is never in here: the doors take what comes from
//! the server, by type ([`crate::normalize::FromServer`]).

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

/// What the server has told.
pub(crate) struct Base {
    pub(crate) store: Store,
    pub(crate) scopes: Scopes,
    pub(crate) requests: InFlightRequests,
    pub(crate) tombstones: Tombstones,
    pub(crate) touched: Touched,
    /// Where a shape has the scope and the interval of a member.
    placement_fields: HashMap<ShapeId, Option<[usize; 3]>>,
    /// Counts writes and reads, so that the oldest can be forgotten first.
    pub(crate) clock: u32,
    /// The bytes of all records.
    pub(crate) bytes: usize,
}

/// What has changed since the last publish.
#[derive(Default)]
pub(crate) struct Touched {
    /// The entities whose record has changed, with the record that they had before.
    pub(crate) entities: HashMap<EntityId, Option<Record>>,
    /// Those of which nothing was held, and which are now known to be no more.
    pub(crate) gone: Vec<EntityId>,
    /// The scopes whose coverage has changed.
    pub(crate) coverage: Vec<ScopeId>,
    /// The scopes whose position has changed.
    pub(crate) positions: Vec<ScopeId>,
}

impl Touched {
    pub(crate) fn coverage(&mut self, scope: ScopeId) {
        if !self.coverage.contains(&scope) {
            self.coverage.push(scope);
        }
    }

    pub(crate) fn position(&mut self, scope: ScopeId) {
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

    /// Sets or removes the record of an entity.
    fn put(&mut self, entity: EntityId, record: Option<Record>) {
        let size = |it: &Option<Record>| it.as_ref().map_or(0, |it| it.packed.len());
        let held = &mut self.store.entities.get_mut(entity).record;
        self.bytes = self.bytes + size(&record) - size(held);
        let before = std::mem::replace(held, record);
        self.touched.entities.entry(entity).or_insert(before);
    }

    /// What two accounts of an entity say together, `new` over `old`.
    fn merged(&mut self, old: &Record, new: &Record) -> Record {
        let is_same_moment = new.revision.is_some() && new.revision == old.revision;
        let lists = if is_same_moment { ListMerge::ItemByItem } else { ListMerge::TakeNewer };
        let mut packed = Vec::with_capacity(old.packed.len() + new.packed.len());
        let parts = ((old.shape, old.values()), (new.shape, new.values()));
        let shape = merge(&mut self.store.shapes, parts.0, parts.1, lists, &mut packed);
        let revision = new.revision.or(old.revision);
        Record { shape, revision, packed: crate::record::to_boxed_str(&packed) }
    }

    /// Where a record is in its collection, if it is a member of one and says so.
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

    /// The place of what the base holds of an entity, whatever the view shows.
    pub(crate) fn stored_placement(
        &mut self,
        rules: &Rules,
        entity: EntityId,
    ) -> Option<Placement> {
        // Lent out for a moment, so that the scopes can be asked.
        let record = self.store.entities.get_mut(entity).record.take()?;
        let place = self.placement(rules, &record);
        self.store.entities.get_mut(entity).record = Some(record);
        place
    }

    /// An entity was deleted at `at`: nothing up to there brings it back.
    pub(crate) fn delete(&mut self, rules: &Rules, entity: EntityId, at: Option<Revision>) {
        let place = self.stored_placement(rules, entity);
        let held = self.store.entities.record(entity).map(|it| it.revision);
        if held.is_some_and(|it| it > at && at.is_some()) {
            return;
        }
        if let Some(at) = at {
            let told = LogCoverage::Logged(place.map(|it| it.scope));
            self.tombstones.mark_deleted(entity, at, told, &self.requests);
        }
        if held.is_some() || !self.store.entities.get(entity).is_deleted {
            self.store.entities.get_mut(entity).is_deleted = true;
            if held.is_none() {
                self.touched.gone.push(entity);
            }
            self.put(entity, None);
        }
    }

    /// Nobody needs an entity any more. An answer on its way must not bring an older one.
    pub(crate) fn evict(&mut self, entity: EntityId) {
        let of = self.store.entities.get(entity);
        if let Some(revision) = of.record.as_ref().and_then(|it| it.revision) {
            let told = LogCoverage::Unlogged(of.place.map(|it| it.scope));
            self.tombstones.mark_forgotten(entity, revision, told, &self.requests);
        }
        self.put(entity, None);
    }

    /// Forgets the fields of the query root but these.
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

    /// A field of the query root leads to this entity.
    pub(crate) fn link(&mut self, field: Symbol, to: EntityId) {
        let Some(held) = self.store.entities.record(QUERY).cloned() else { return };
        let type_name = self.store.shapes.get(held.shape).type_name;
        let shape = self.store.shapes.intern(type_name, [field].into());
        let mut packed = Vec::new();
        packed.reference(to);
        let link = Record { shape, revision: None, packed: crate::record::to_boxed_str(&packed) };
        let linked = self.merged(&held, &link);
        if !linked.has_same_content(&held) {
            self.put(QUERY, Some(linked));
        }
    }

    /// A record of a snapshot, if nothing newer is held.
    pub(crate) fn restore(&mut self, entity: EntityId, record: Record) {
        let is_refused = self.tombstones.blocks(entity, record.revision, None);
        let record = match self.store.entities.record(entity).cloned() {
            _ if is_refused || self.store.entities.get(entity).is_deleted => return,
            None => record,
            Some(held) if held.revision >= record.revision && held.revision.is_some() => return,
            Some(held) if held.revision.is_some() => record,
            // What came in since stands; the snapshot has what it lacks.
            Some(held) => self.merged(&record, &held),
        };
        self.put(entity, Some(record));
    }

    /// The server was restored: whatever is held of a scope loses to any range that is read from now on.
    pub(crate) fn invalidate_revisions(&mut self, rules: &Rules, scope: ScopeId) {
        let numbers = 0..self.store.entities.next_number() as u32;
        for entity in numbers.map(EntityId) {
            let is_of = self.stored_placement(rules, entity).is_some_and(|it| it.scope == scope);
            if is_of && let Some(record) = &mut self.store.entities.get_mut(entity).record {
                record.revision = record.revision.map(|_| 0);
            }
        }
        self.tombstones.clear_scope(scope);
    }

    /// Takes away the guards that have done their service.
    pub(crate) fn prune_tombstones(&mut self) {
        if self.tombstones.len() > 0 {
            let scopes = &self.scopes;
            let has_heard = |it: &ScopeState, at| it.position.is_none_or(|to| to >= at);
            self.tombstones.prune(&self.requests, |scope, at| match scope {
                Some(scope) => has_heard(scopes.get(scope), at),
                None => scopes.iter().all(|(_, it)| has_heard(it, at)),
            });
        }
    }

    pub(crate) fn type_name(&self, entity: EntityId) -> Symbol {
        self.store.entities.get(entity).type_name
    }
}
