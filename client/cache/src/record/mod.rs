//! Records: the stored fields of entities. This module depends on no other module of the crate.

mod entities;
mod merge;
mod names;
mod packed;
mod placement;
mod shape;

pub(crate) use entities::Entities;
pub(crate) use merge::{ListMerge, merge, merge_value};
pub(crate) use names::{Names, Symbol};
pub(crate) use packed::{
    Items, NULL, Pack, Value, ValueKind, items, object, reference, text, to_boxed_str, value,
    value_kind,
};
pub(crate) use placement::{Placement, ScopeId, Span};
pub(crate) use shape::{ShapeId, Shapes, walk};

/// A position in the change log of a scope. Later commits have higher revisions.
pub type Revision = u64;

/// The number of an entity in one cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntityId(pub(crate) u32);

/// The entity that has the fields of the query root.
pub(crate) const QUERY: EntityId = EntityId(0);

/// The stored data: the table of entities, and the names and shapes that records refer to.
pub(crate) struct Store {
    pub(crate) names: Names,
    pub(crate) shapes: Shapes,
    pub(crate) entities: Entities,
}

/// The stored fields of one entity.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) shape: ShapeId,
    /// `None` for types without a revision in the policy.
    pub(crate) revision: Option<Revision>,
    /// The packed values, in the order of the shape's fields.
    pub(crate) packed: Box<str>,
}

impl Record {
    /// Returns the values, in the order of the shape's fields.
    #[inline]
    pub(crate) fn values(&self) -> Items<'_> {
        Items::new(&self.packed)
    }

    /// Returns the packed value of a field; `None` if it is not known.
    pub(crate) fn field<'a>(&'a self, shapes: &Shapes, field: Symbol) -> Option<&'a str> {
        shapes.get(self.shape).find(self.values(), field)
    }

    /// Returns whether two records have the same fields and values. Revisions may differ.
    pub(crate) fn has_same_content(&self, other: &Self) -> bool {
        self.shape == other.shape && self.packed == other.packed
    }
}

impl Store {
    /// Creates a store with an empty query root. `query` is the name of its type.
    pub(crate) fn new(mut names: Names, query: &str) -> Self {
        let mut entities = Entities::default();
        let mut shapes = Shapes::default();
        let type_name = names.intern(query);
        let root = entities.intern(type_name, "").0;
        let shape = shapes.intern(type_name, Box::default());
        entities.get_mut(root).record = Some(Record { shape, revision: None, packed: "".into() });
        Self { names, shapes, entities }
    }
}

/// Returns the revision in a field's value; `None` if the value is not a revision.
pub(crate) fn revision(value: Value<'_>) -> Option<Revision> {
    match value {
        Value::Int(number) => u64::try_from(number).ok(),
        Value::Uint(number) => Some(number),
        // Servers with 64-bit revisions may send them as text.
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}
