//! Edits: the changes of one entity that a pending mutation is expected to make.

use std::borrow::Cow;

use crate::base::Base;
use crate::record::{
    EntityId, ListMerge, Pack, Record, Symbol, Value, merge_value, to_boxed_str, value,
};

/// One change that a mutation is expected to make.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Edit {
    /// Creates the entity.
    Create,
    /// Deletes the entity.
    Delete,
    /// Sets a field to a packed value.
    Set(Symbol, Box<str>),
    /// Appends an entity to a list, unless the list contains it.
    Link(Symbol, EntityId),
    /// Removes an entity from a list.
    Unlink(Symbol, EntityId),
}

impl Edit {
    /// Returns whether two edits of one entity change the same thing.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (self.field(), other.field()) {
            (Some(one), Some(other)) => one == other,
            // A deletion changes every field.
            _ => matches!(self, Self::Delete) || matches!(other, Self::Delete) || self == other,
        }
    }

    /// Returns the field that the edit changes. `None` means the whole entity.
    pub(crate) fn field(&self) -> Option<Symbol> {
        match self {
            Self::Create | Self::Delete => None,
            Self::Set(field, _) | Self::Link(field, _) | Self::Unlink(field, _) => Some(*field),
        }
    }
}

/// Returns the stored record of `entity` with `edits` applied, oldest first.
///
/// Edits of an entity that is not there have no effect. An entity that the server has deleted
/// cannot be created again: its id stays in use.
pub(crate) fn apply_to_base<'e>(
    base: &mut Base,
    entity: EntityId,
    edits: impl Iterator<Item = &'e Edit>,
) -> Option<Record> {
    let stored = base.store.entities.record(entity).cloned();
    apply_to(base, entity, stored, edits)
}

/// Returns `record` with `edits` applied, oldest first; see [`apply_to_base`].
pub(crate) fn apply_to<'e>(
    base: &mut Base,
    entity: EntityId,
    record: Option<Record>,
    edits: impl Iterator<Item = &'e Edit>,
) -> Option<Record> {
    let slot = base.store.entities.get(entity);
    let type_name = slot.type_name;
    let is_deleted = slot.is_deleted;
    let revision = record.as_ref().and_then(|it| it.revision);
    let mut fields: Option<Vec<(Symbol, Cow<'_, str>)>> = record.as_ref().map(|it| {
        let shape = base.store.shapes.get(it.shape);
        shape.pairs(it.values()).map(|(field, value)| (field, Cow::Borrowed(value))).collect()
    });
    for edit in edits {
        match edit {
            Edit::Create if !is_deleted => {
                fields.get_or_insert_default();
            }
            Edit::Create => {}
            Edit::Delete => fields = None,
            Edit::Set(field, new) => {
                let Some(fields) = &mut fields else { continue };
                match fields.binary_search_by_key(field, |(it, _)| *it) {
                    Ok(at) => {
                        let mut merged = Vec::new();
                        let old = &fields[at].1;
                        merge_value(
                            &mut base.store.shapes,
                            old,
                            new,
                            ListMerge::TakeNewer,
                            &mut merged,
                        );
                        fields[at].1 = Cow::Owned(to_boxed_str(&merged).into());
                    }
                    Err(at) => fields.insert(at, (*field, Cow::Owned(new.to_string()))),
                }
            }
            Edit::Link(field, other) | Edit::Unlink(field, other) => {
                let Some(fields) = &mut fields else { continue };
                // A list that was never fetched stays unknown.
                if let Ok(at) = fields.binary_search_by_key(field, |(it, _)| *it) {
                    let joins = matches!(edit, Edit::Link(..));
                    fields[at].1 = Cow::Owned(with_link(&fields[at].1, *other, joins));
                }
            }
        }
    }
    let fields = fields?;
    let keys = fields.iter().map(|(it, _)| *it).collect();
    let packed: String = fields.iter().map(|(_, it)| &**it).collect();
    let shape = base.store.shapes.intern(
        record.as_ref().map_or(type_name, |it| base.store.shapes.get(it.shape).type_name),
        keys,
    );
    Some(Record { shape, revision, packed: packed.into() })
}

/// Returns a packed list with `other` appended (`joins`) or removed. Other values stay as they are.
fn with_link(list: &str, other: EntityId, joins: bool) -> String {
    let Value::List(mut items) = value(list) else { return list.to_owned() };
    let mut out = Vec::new();
    let opened = out.open_list();
    let mut is_there = false;
    while let Some(item) = items.next_packed() {
        let is_it = value(item) == Value::Ref(other);
        is_there |= is_it;
        if joins || !is_it {
            out.extend_from_slice(item.as_bytes());
        }
    }
    if joins && !is_there {
        out.reference(other);
    }
    out.close(opened);
    to_boxed_str(&out).into()
}
