//! Records: the stored fields of one entity. The leaf that everything else stands on.

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

/// A position in the change log of a scope; its order is commit order.
pub type Revision = u64;

/// An entity's number in this cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntityId(pub(crate) u32);

/// The entity that the fields of the query root are of.
pub(crate) const QUERY: EntityId = EntityId(0);

/// What records are made of and stand in: names, shapes, and the table of entities.
pub(crate) struct Store {
    pub(crate) names: Names,
    pub(crate) shapes: Shapes,
    pub(crate) entities: Entities,
}

/// The stored fields of one entity.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) shape: ShapeId,
    /// `None` for types whose policy knows no revision.
    pub(crate) revision: Option<Revision>,
    /// The values, in the order of the shape.
    pub(crate) packed: Box<str>,
}

impl Record {
    #[inline]
    pub(crate) fn values(&self) -> Items<'_> {
        Items::new(&self.packed)
    }

    /// The value of a field, as it lies there.
    pub(crate) fn field<'a>(&'a self, shapes: &Shapes, field: Symbol) -> Option<&'a str> {
        shapes.get(self.shape).find(self.values(), field)
    }

    /// Whether two records say the same, whatever their revisions.
    pub(crate) fn has_same_content(&self, other: &Self) -> bool {
        self.shape == other.shape && self.packed == other.packed
    }
}

impl Store {
    /// A store in which there is only the query root, of which nothing is known.
    pub(crate) fn new(mut names: Names, query: &str) -> Self {
        let (mut entities, mut shapes) = (Entities::default(), Shapes::default());
        let type_name = names.intern(query);
        let root = entities.intern(type_name, "").0;
        let shape = shapes.intern(type_name, Box::default());
        entities.get_mut(root).record = Some(Record { shape, revision: None, packed: "".into() });
        Self { names, shapes, entities }
    }
}

/// A revision, as a field tells it.
pub(crate) fn revision(value: Value<'_>) -> Option<Revision> {
    match value {
        Value::Int(number) => u64::try_from(number).ok(),
        Value::Uint(number) => Some(number),
        // Servers with 64-bit revisions may tell them as text.
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}
