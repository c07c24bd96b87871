//! Snapshots: the base as bytes.
//!
//! The format is: `CYNC`, the version of the format, the fingerprint of schema and policy, names,
//! shapes, entities, scopes, tombstones, and a checksum. It contains the packed values of
//! [`crate::record`], so a change of those needs a new version.
//!
//! Reading checks every value before anything is stored. So safety does not depend on the checksum,
//! which only detects accidents.

mod bytes;
mod read;

use std::collections::BTreeSet;

use bytes::Output;
use hashbrown::HashMap;

use crate::base::Base;
use crate::collections::{CoveredSpan, Freshness, ScopeId};
use crate::record::{EntityId, Revision, ShapeId, Symbol, Value, walk};
use crate::rules::Rules;

pub(crate) use read::restore;

/// The first bytes of each snapshot.
pub(crate) const MAGIC: &[u8; 4] = b"CYNC";
/// The version of the format.
pub(crate) const VERSION: u32 = 1;

/// Writes the data from the server.
///
/// Names, shapes and entities that only predictions or operations have added are left out.
pub(crate) fn write(base: &Base, rules: &Rules) -> Vec<u8> {
    let referenced = Referenced::by(base);
    let names = referenced.names.iter().copied().zip(0..).collect();
    let mut writer = SnapshotWriter { base, names, out: Output::default() };
    writer.out.raw(MAGIC);
    writer.out.raw(&VERSION.to_le_bytes());
    writer.out.raw(&rules.fingerprint.to_le_bytes());
    writer.write_names(&referenced.names);
    writer.write_shapes(&referenced.shapes);
    writer.write_entities(&referenced.entities);
    let scopes = writer.write_scopes();
    writer.write_tombstones(&scopes);
    writer.out.finish()
}

struct SnapshotWriter<'a> {
    base: &'a Base,
    /// The index of each name in the snapshot.
    names: HashMap<Symbol, u64>,
    out: Output,
}

impl SnapshotWriter<'_> {
    fn write_names(&mut self, names: &BTreeSet<Symbol>) {
        self.out.number(names.len() as u64);
        for name in names {
            self.out.text(self.base.store.names.text(*name));
        }
    }

    fn write_shapes(&mut self, shapes: &BTreeSet<ShapeId>) {
        self.out.number(shapes.len() as u64);
        for number in shapes {
            let shape = self.base.store.shapes.get(*number);
            self.out.number(u64::from(number.0));
            self.write_name(shape.type_name);
            self.out.number(shape.fields.len() as u64);
            for field in &shape.fields {
                self.write_name(*field);
            }
        }
    }

    fn write_entities(&mut self, entities: &BTreeSet<EntityId>) {
        self.out.number(entities.len() as u64);
        for number in entities {
            let entity = self.base.store.entities.get(*number);
            self.out.number(u64::from(number.0));
            self.write_name(entity.type_name);
            self.out.text(&entity.key);
            self.out.number(u64::from(entity.is_deleted));
            self.out.number(u64::from(entity.record.is_some()));
            if let Some(record) = &entity.record {
                self.out.number(u64::from(record.shape.0));
                self.write_revision(record.revision);
                self.out.text(&record.packed);
            }
        }
    }

    /// Writes the scopes that have a position, and returns them in this order.
    fn write_scopes(&mut self) -> Vec<ScopeId> {
        let scopes: Vec<_> =
            self.base.scopes.iter().filter(|(_, it)| it.position.is_some()).collect();
        self.out.number(scopes.len() as u64);
        for (_, scope) in &scopes {
            self.out.number(scope.collection as u64);
            self.out.text(&scope.key);
            self.write_revision(scope.position);
            let spans = scope.coverage.covered_spans();
            self.out.number(spans.len() as u64);
            for span in spans {
                self.write_span(span);
            }
        }
        scopes.into_iter().map(|(number, _)| number).collect()
    }

    fn write_span(&mut self, covered: &CoveredSpan) {
        self.out.raw(&covered.span.start.to_le_bytes());
        self.out.raw(&covered.span.end.to_le_bytes());
        self.write_revision(covered.floor);
        self.out.number(u64::from(covered.freshness > Freshness::Current));
        self.out.number(covered.fields.len() as u64);
        for field in covered.fields.iter() {
            self.write_name(*field);
        }
    }

    /// Writes the tombstones that a later event of a log can end.
    fn write_tombstones(&mut self, scopes: &[ScopeId]) {
        let mut tombstones: Vec<_> = self.base.tombstones.persistent().collect();
        tombstones.sort_unstable();
        self.out.number(tombstones.len() as u64);
        for (entity, blocked_until, logged_at, scope) in tombstones {
            self.out.number(u64::from(entity.0));
            self.out.number(blocked_until);
            self.out.number(logged_at);
            // Zero stands for "no scope".
            let index = scope.and_then(|scope| scopes.iter().position(|it| *it == scope));
            self.out.number(index.map_or(0, |it| it as u64 + 1));
        }
    }

    fn write_name(&mut self, name: Symbol) {
        self.out.number(self.names.get(&name).copied().unwrap_or_default());
    }

    fn write_revision(&mut self, revision: Option<Revision>) {
        self.out.number(u64::from(revision.is_some()));
        if let Some(revision) = revision {
            self.out.number(revision);
        }
    }
}

/// Everything that the records, scopes and tombstones of the base refer to.
///
/// The sets are sorted, so that equal bases give equal bytes.
#[derive(Default)]
struct Referenced {
    names: BTreeSet<Symbol>,
    shapes: BTreeSet<ShapeId>,
    /// The entities with a record or a tombstone, and those that a record refers to.
    entities: BTreeSet<EntityId>,
}

impl Referenced {
    fn by(base: &Base) -> Self {
        let mut referenced = Self::default();
        referenced.entities.extend(base.tombstones.persistent().map(|(it, ..)| it));
        let stored = base.store.entities.iter();
        for (entity, record) in stored.filter_map(|(it, of)| Some((it, of.record.as_ref()?))) {
            referenced.entities.insert(entity);
            referenced.shapes.insert(record.shape);
            walk(record.values(), &mut |value| {
                match value {
                    Value::Ref(it) => _ = referenced.entities.insert(it),
                    Value::Object(it, _) => _ = referenced.shapes.insert(it),
                    _ => {}
                };
            });
        }
        let Self { names, shapes, entities } = &mut referenced;
        names.extend(entities.iter().map(|it| base.type_name(*it)));
        for shape in shapes.iter().map(|it| base.store.shapes.get(*it)) {
            names.insert(shape.type_name);
            names.extend(&shape.fields);
        }
        let spans = base.scopes.iter().flat_map(|(_, it)| it.coverage.covered_spans());
        names.extend(spans.flat_map(|it| it.fields.iter()));
        referenced
    }
}
