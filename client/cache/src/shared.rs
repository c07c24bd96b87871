//! [`Shared`]: the cache's own pointer.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::Arc;

use cynic::queries::SelectionBuilder;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

/// A pointer that a fragment uses where the next view shall hold the same allocation if nothing has
/// changed behind it: `Vec<Shared<Book>>`.
///
/// A list of 10,000 of which one has changed is then one new object and 9,999 copies of a pointer, and two
/// views of the same thing are equal at a glance ([`Shared::is_same`]).
pub struct Shared<T>(Arc<T>);

/// The name by which the cache's deserializer knows a [`Shared`].
static NAME: &str = "$cynic_cache::Shared";

/// An allocation of some type.
pub(crate) type AnyArc = Arc<dyn Any + Send + Sync>;

/// What lies between the cache's deserializer and [`Shared`]'s visitor, since serde has no door for it.
#[derive(Default)]
enum Handoff {
    #[default]
    Empty,
    /// The deserializer wants to keep what the visitor makes.
    Requested,
    /// Not dropped by the thread's end, which makes looking here cheap; nothing is left here that long.
    Offered(ManuallyDrop<AnyArc>),
}

thread_local! {
    /// Set by one end of a call and taken by the other; empty in between.
    static HANDOFF: Cell<Handoff> = const { Cell::new(Handoff::Empty) };
}

#[inline]
fn take() -> Handoff {
    HANDOFF.take()
}

/// Whether a newtype of this name is a [`Shared`].
#[inline]
pub(crate) fn is_shared(name: &'static str) -> bool {
    std::ptr::eq(name, NAME) || name == NAME
}

/// Puts an allocation where the visitor takes it.
#[inline]
pub(crate) fn offer(kept: AnyArc) {
    HANDOFF.set(Handoff::Offered(ManuallyDrop::new(kept)));
}

/// Asks the visitor for the allocation that it is about to make.
pub(crate) fn request() {
    HANDOFF.set(Handoff::Requested);
}

/// Takes the allocation that the visitor has made.
#[inline]
pub(crate) fn take_offered() -> Option<AnyArc> {
    match take() {
        Handoff::Offered(kept) => Some(ManuallyDrop::into_inner(kept)),
        _ => None,
    }
}

impl<T> Shared<T> {
    /// Puts a value behind a pointer of its own.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// Whether both are the same allocation: then nothing has changed between them.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: Send + Sync + 'static> Shared<T> {
    pub(crate) fn to_any(&self) -> AnyArc {
        self.0.clone()
    }

    #[inline]
    pub(crate) fn from_any(kept: AnyArc) -> Option<Self> {
        kept.downcast().ok().map(Self)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.ptr_eq(other) || *self.0 == *other.0
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de> + Send + Sync + 'static> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, SharedVisitor(PhantomData))
    }
}

struct SharedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Send + Sync + 'static> Visitor<'de> for SharedVisitor<T> {
    type Value = Shared<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value behind a pointer")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Shared<T>, D::Error> {
        // Others may come by while what is inside is read, so the wish is taken first.
        let is_requested = matches!(take(), Handoff::Requested);
        let made = Shared::new(T::deserialize(inner)?);
        if is_requested {
            offer(made.to_any());
        }
        Ok(made)
    }

    /// The cache's deserializer says so when it has handed in what it kept.
    #[inline]
    fn visit_unit<E: Error>(self) -> Result<Shared<T>, E> {
        let kept = take_offered().and_then(Shared::from_any);
        kept.ok_or_else(|| E::custom("another type was kept here"))
    }
}

impl<T: cynic::QueryFragment> cynic::QueryFragment for Shared<T> {
    type SchemaType = T::SchemaType;
    type VariablesFields = T::VariablesFields;

    const TYPE: Option<&'static str> = T::TYPE;

    fn query(builder: SelectionBuilder<'_, Self::SchemaType, Self::VariablesFields>) {
        T::query(builder);
    }
}
