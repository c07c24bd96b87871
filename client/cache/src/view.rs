//! Views: what a query displays, and the base seen through the layers.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::base::Base;
use crate::record::QUERY;
use crate::record::{EntityId, Record};
use crate::shared::Shared;

/// The visible records of the entities that layers touch. `None` means that the entity is not
/// visible. All other entities are visible as the base stores them.
pub(crate) type Overlay = HashMap<EntityId, Option<Record>>;

/// The base together with the overlay: everything that a view is read from.
#[derive(Clone, Copy)]
pub(crate) struct ReadView<'a> {
    pub(crate) base: &'a Base,
    pub(crate) overlay: &'a Overlay,
}

impl<'a> ReadView<'a> {
    /// Returns the visible record of an entity.
    #[inline]
    pub(crate) fn record(self, entity: EntityId) -> Option<&'a Record> {
        match self.overlay.get(&entity) {
            Some(visible) => visible.as_ref(),
            None => self.base.store.entities.record(entity),
        }
    }

    /// Returns whether the entity is known to be deleted. An entity without a record that is not
    /// deleted is unknown.
    pub(crate) fn is_deleted(self, entity: EntityId) -> bool {
        match self.overlay.get(&entity) {
            Some(visible) => visible.is_none(),
            None => entity != QUERY && self.base.store.entities.get(entity).is_deleted,
        }
    }
}

/// A view of a query: the part of its data that the cache holds.
#[derive(Clone, Debug, PartialEq)]
pub enum View<T> {
    /// The cache holds everything that the query selects.
    Complete(Shared<T>),
    /// The cache holds a part of it. The [`Gaps`] name the rest: an unknown nullable field is null,
    /// an entity with an unknown non-null field is left out of its list, and a list lacks the
    /// members of ranges that were never fetched.
    Partial(Shared<T>, Gaps),
    /// The cache holds too little to build a value of the fragment.
    Missing(Gaps),
}

/// The gaps of a view. At most 1,000 are reported for one view.
pub type Gaps = Arc<[Gap]>;

/// Something that a query selects and the cache does not hold.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Gap {
    /// A field of an entity is unknown.
    Field {
        /// The entity that has the field.
        entity: EntityKey,
        /// The field's name, followed by its arguments as JSON if it has any.
        field: String,
    },
    /// A range of a collection was never fetched, or not with these fields.
    Range(ScopedRange),
    /// A stored value does not fit the fragment, for example a scalar of another form than the
    /// fragment's type reads. The text is the error of the fragment's `Deserialize`.
    Unreadable(String),
}

/// A half-open range of one scope of a collection, such as one week of one calendar.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScopedRange {
    /// The GraphQL type of the collection's members.
    pub member: String,
    /// The key of the scope.
    pub scope: String,
    /// The inclusive start: microseconds since 1970-01-01T00:00Z, or a plain integer if the
    /// members' interval fields hold integers.
    pub start: i64,
    /// The exclusive end, in the unit of `start`.
    pub end: i64,
}

/// The identity of an entity: its GraphQL type and the value of its key field.
///
/// `EntityKey::new("Query", "")` names the query root.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityKey {
    /// The GraphQL type.
    pub type_name: Arc<str>,
    /// The value of the key field, as text.
    pub key: Arc<str>,
}

impl EntityKey {
    /// Names the entity of type `type_name` whose key field is `key`.
    pub fn new(type_name: &str, key: &str) -> Self {
        Self { type_name: type_name.into(), key: key.into() }
    }

    pub(crate) fn of(base: &Base, entity: EntityId) -> Self {
        let of = base.store.entities.get(entity);
        Self { type_name: base.store.names.text(of.type_name).clone(), key: of.key.clone() }
    }
}

/// One scope of a collection, such as one shelf or one calendar.
///
/// Each scope has a change log of its own, and the cache has a position in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    pub(crate) member: String,
    pub(crate) key: String,
}

impl Scope {
    /// Names the scope `key` of the collection whose members have the type `member`.
    pub fn new(member: &str, key: &str) -> Self {
        Self { member: member.to_owned(), key: key.to_owned() }
    }
}

impl<T> View<T> {
    /// Returns the data of a complete or partial view, and `None` for [`View::Missing`].
    pub fn data(&self) -> Option<&Shared<T>> {
        match self {
            Self::Complete(data) | Self::Partial(data, _) => Some(data),
            Self::Missing(_) => None,
        }
    }

    /// Returns the gaps of the view. A complete view has none.
    pub fn gaps(&self) -> &[Gap] {
        match self {
            Self::Complete(_) => &[],
            Self::Partial(_, gaps) | Self::Missing(gaps) => gaps,
        }
    }

    /// Returns whether the view holds everything that the query selects.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete(_))
    }
}
