//! Records: the stored fields of one entity. The leaf that everything else stands on.

mod merge;
mod names;
mod packed;
mod shape;

pub(crate) use merge::{Lists, merge, merge_value};
pub(crate) use names::{Names, Symbol};
pub(crate) use packed::{Items, Pack, Value, boxed, value};
pub(crate) use shape::{ShapeId, Shapes};

/// A position in the change log of a scope; its order is commit order.
pub type Revision = u64;

/// An entity's number in this cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntityId(pub(crate) u32);

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
    pub(crate) fn values(&self) -> Items<'_> {
        Items::new(&self.packed)
    }

    /// The value of a field, as it lies there.
    pub(crate) fn field<'a>(&'a self, shapes: &Shapes, field: Symbol) -> Option<&'a str> {
        shapes.get(self.shape).find(self.values(), field)
    }

    /// Whether two records say the same, whatever their revisions.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.shape == other.shape && self.packed == other.packed
    }
}
