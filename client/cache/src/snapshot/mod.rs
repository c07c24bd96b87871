//! Snapshots: the base as bytes.
//!
//! `CYNC`, the format's version, what it was made under, names, shapes, entities, scopes, guards, and a
//! checksum at the end. A change of [`crate::record`]'s packed values is a new version. What is read is taken apart and
//! checked value by value before any of it enters, so the checksum is for accidents and not for trust.

mod bytes;
mod read;

use std::collections::BTreeSet;

use bytes::Output;
use hashbrown::HashMap;

use crate::base::Base;
use crate::collections::Freshness;
use crate::record::{EntityId, Revision, ShapeId, Symbol, Value, walk};
use crate::rules::Rules;

pub(crate) use read::restore;

pub(crate) const MAGIC: &[u8; 4] = b"CYNC";
pub(crate) const VERSION: u32 = 1;

/// Everything that the server referenced, and nothing else: names, shapes and entities that only predictions or
/// operations have brought up are left out.
pub(crate) fn write(base: &Base, rules: &Rules) -> Vec<u8> {
    let referenced = Referenced::of(base);
    let at: HashMap<Symbol, u64> = referenced.names.iter().copied().zip(0..).collect();
    let name = |it: &Symbol| at.get(it).copied().unwrap_or_default();
    let mut out = Output::default();
    out.raw(MAGIC);
    out.raw(&VERSION.to_le_bytes());
    out.raw(&rules.fingerprint.to_le_bytes());
    out.number(referenced.names.len() as u64);
    for name in &referenced.names {
        out.text(base.store.names.text(*name));
    }
    out.number(referenced.shapes.len() as u64);
    for number in &referenced.shapes {
        let shape = base.store.shapes.get(*number);
        out.number(u64::from(number.0));
        out.number(name(&shape.type_name));
        out.number(shape.fields.len() as u64);
        for field in &shape.fields {
            out.number(name(field));
        }
    }
    out.number(referenced.entities.len() as u64);
    for number in &referenced.entities {
        let entity = base.store.entities.get(*number);
        out.number(u64::from(number.0));
        out.number(name(&entity.type_name));
        out.text(&entity.key);
        out.number(u64::from(entity.is_deleted));
        out.number(u64::from(entity.record.is_some()));
        if let Some(record) = &entity.record {
            out.number(u64::from(record.shape.0));
            out.revision(record.revision);
            out.text(&record.packed);
        }
    }
    let scopes: Vec<_> = base.scopes.iter().filter(|(_, it)| it.position.is_some()).collect();
    out.number(scopes.len() as u64);
    for (_, scope) in &scopes {
        out.number(scope.collection as u64);
        out.text(&scope.key);
        out.revision(scope.position);
        let stretches = scope.coverage.covered_spans();
        out.number(stretches.len() as u64);
        for stretch in stretches {
            out.raw(&stretch.span.start.to_le_bytes());
            out.raw(&stretch.span.end.to_le_bytes());
            out.revision(stretch.floor);
            out.number(u64::from(stretch.freshness > Freshness::Current));
            out.number(stretch.fields.len() as u64);
            for field in stretch.fields.iter() {
                out.number(name(field));
            }
        }
    }
    // What was referenced besides the log, of what is to be heard in it yet.
    let mut tombstones: Vec<_> = base.tombstones.persistent().collect();
    tombstones.sort_unstable();
    out.number(tombstones.len() as u64);
    for (entity, refuses, at, scope) in tombstones {
        out.number(u64::from(entity.0));
        out.number(refuses);
        out.number(at);
        let scope = scope.and_then(|it| scopes.iter().position(|(of, _)| *of == it));
        out.number(scope.map_or(0, |it| it as u64 + 1));
    }
    out.finish()
}

/// Whose names a snapshot needs. Sets that are sorted, so that the same base always gives the same bytes.
#[derive(Default)]
struct Referenced {
    names: BTreeSet<Symbol>,
    shapes: BTreeSet<ShapeId>,
    /// Those of which something is held, and those that they refer to.
    entities: BTreeSet<EntityId>,
}

impl Referenced {
    fn of(base: &Base) -> Self {
        let mut referenced = Self::default();
        referenced.entities.extend(base.tombstones.persistent().map(|(it, ..)| it));
        let held =
            base.store.entities.iter().filter_map(|(it, of)| Some((it, of.record.as_ref()?)));
        for (entity, record) in held {
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
        let stretches = base.scopes.iter().flat_map(|(_, it)| it.coverage.covered_spans());
        names.extend(stretches.flat_map(|it| it.fields.iter()));
        referenced
    }
}

impl Output {
    fn revision(&mut self, revision: Option<Revision>) {
        self.number(u64::from(revision.is_some()));
        if let Some(revision) = revision {
            self.number(revision);
        }
    }
}
