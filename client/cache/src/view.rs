//! The view: the base seen through the layers.

use hashbrown::HashMap;

use crate::base::Base;
use crate::record::QUERY;
use crate::record::{EntityId, Record};
use crate::shared::Shared;

/// What is shown of the entities that layers touch; of all others it is what the base holds.
pub(crate) type Overlay = HashMap<EntityId, Option<Record>>;

/// Base and overlay together.
#[derive(Clone, Copy)]
pub(crate) struct ReadView<'a> {
    pub(crate) base: &'a Base,
    pub(crate) overlay: &'a Overlay,
}

impl<'a> ReadView<'a> {
    #[inline]
    pub(crate) fn record(self, entity: EntityId) -> Option<&'a Record> {
        match self.overlay.get(&entity) {
            Some(shown) => shown.as_ref(),
            None => self.base.store.entities.record(entity),
        }
    }

    /// Whether it is known that there is no such entity, rather than nothing being known of it.
    pub(crate) fn is_deleted(self, entity: EntityId) -> bool {
        match self.overlay.get(&entity) {
            Some(shown) => shown.is_none(),
            None => entity != QUERY && self.base.store.entities.get(entity).is_deleted,
        }
    }
}

/// What the cache can say to a query.
#[derive(Clone, Debug, PartialEq)]
pub enum View<T> {
    /// Everything that was asked for.
    Complete(Shared<T>),
    /// All that is known: nulls stand for what is not, entities that cannot be shown without it are
    /// left out of their lists, and ranges may lack what was never asked for.
    Partial(Shared<T>, Gaps),
    /// Too little to show anything.
    Missing(Gaps),
}

/// What a view lacks.
pub type Gaps = std::sync::Arc<[Gap]>;

/// One thing that a view lacks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Gap {
    /// A field of an entity.
    Field {
        /// Whose it is.
        entity: EntityKey,
        /// Its name, with its arguments.
        field: String,
    },
    /// A stretch of a collection that was never asked for, or not for these fields.
    Range(ScopedRange),
    /// What is held does not fit the fragment: a scalar has another form than the fragment's type reads.
    Unreadable(String),
}

/// A half-open stretch of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScopedRange {
    /// The type of the collection's members.
    pub member: String,
    /// The key of the scope.
    pub scope: String,
    /// Microseconds since 1970, or whatever integer the members' fields hold.
    pub start: i64,
    /// Exclusive.
    pub end: i64,
}

/// An entity's name: its type, and its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityKey {
    /// The GraphQL type.
    pub type_name: std::sync::Arc<str>,
    /// The value of its key field.
    pub key: std::sync::Arc<str>,
}

impl EntityKey {
    /// The entity of this type with this key.
    pub fn new(type_name: &str, key: &str) -> Self {
        Self { type_name: type_name.into(), key: key.into() }
    }

    pub(crate) fn of(base: &Base, entity: EntityId) -> Self {
        let of = base.store.entities.get(entity);
        Self { type_name: base.store.names.text(of.type_name).clone(), key: of.key.clone() }
    }
}

/// The scope of a collection: the loans of one shelf, the entries of one calendar. It has a log of
/// its own, and a position in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    pub(crate) member: String,
    pub(crate) key: String,
}

impl Scope {
    /// The scope `key` of the collection whose members are of this type.
    pub fn new(member: &str, key: &str) -> Self {
        Self { member: member.to_owned(), key: key.to_owned() }
    }
}

impl<T> View<T> {
    /// What can be shown, whole or not.
    pub fn data(&self) -> Option<&Shared<T>> {
        match self {
            Self::Complete(data) | Self::Partial(data, _) => Some(data),
            Self::Missing(_) => None,
        }
    }

    /// What it lacks; nothing if it is complete.
    pub fn gaps(&self) -> &[Gap] {
        match self {
            Self::Complete(_) => &[],
            Self::Partial(_, missing) | Self::Missing(missing) => missing,
        }
    }

    /// Whether it is all that was asked for.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete(_))
    }
}
