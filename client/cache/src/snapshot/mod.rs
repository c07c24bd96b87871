//! Snapshots: the base as bytes.
//!
//! `CYNC`, the format's version, what it was made under, names, shapes, entities, scopes, and a checksum at
//! the end. A change of [`crate::record`]'s packed values is a new version. What is read is taken apart and
//! checked value by value before any of it enters, so the checksum is for accidents and not for trust.

mod bytes;
mod read;

use bytes::Output;

use crate::base::Base;
use crate::record::Revision;
use crate::rules::Rules;

pub(crate) use read::restore;

pub(crate) const MAGIC: &[u8; 4] = b"CYNC";
pub(crate) const VERSION: u32 = 1;

/// Everything that the server told.
pub(crate) fn write(base: &Base, rules: &Rules) -> Vec<u8> {
    let mut out = Output::default();
    out.raw(MAGIC);
    out.raw(&VERSION.to_le_bytes());
    out.raw(&rules.fingerprint.to_le_bytes());
    out.number(base.store.names.len() as u64);
    for name in base.store.names.iter() {
        out.text(name);
    }
    out.number(base.store.shapes.len() as u64);
    for shape in base.store.shapes.iter() {
        out.number(u64::from(shape.type_name.0));
        out.number(shape.fields.len() as u64);
        for field in &shape.fields {
            out.number(u64::from(field.0));
        }
    }
    // By number, so that the same base always gives the same bytes.
    let mut entities: Vec<_> = base.store.entities.iter().collect();
    entities.sort_by_key(|(number, _)| *number);
    out.number(entities.len() as u64);
    for (number, entity) in entities {
        out.number(u64::from(number.0));
        out.number(u64::from(entity.type_name.0));
        out.text(&entity.key);
        out.number(u64::from(entity.is_gone));
        out.number(u64::from(entity.record.is_some()));
        if let Some(record) = &entity.record {
            out.number(u64::from(record.shape.0));
            out.revision(record.revision);
            out.text(&record.packed);
        }
    }
    let scopes: Vec<_> = base.scopes.iter().filter(|(_, it)| it.position.is_some()).collect();
    out.number(scopes.len() as u64);
    for (_, scope) in scopes {
        out.number(scope.collection as u64);
        out.text(&scope.key);
        out.revision(scope.position);
        let stretches = scope.coverage.stretches();
        out.number(stretches.len() as u64);
        for stretch in stretches {
            out.raw(&stretch.span.start.to_le_bytes());
            out.raw(&stretch.span.end.to_le_bytes());
            out.revision(stretch.floor);
            out.number(u64::from(stretch.is_stale));
            out.number(stretch.fields.len() as u64);
            for field in stretch.fields.iter() {
                out.number(u64::from(field.0));
            }
        }
    }
    out.finish()
}

impl Output {
    fn revision(&mut self, revision: Option<Revision>) {
        self.number(u64::from(revision.is_some()));
        if let Some(revision) = revision {
            self.number(revision);
        }
    }
}
