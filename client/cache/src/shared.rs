//! [`Shared`]: a pointer that views share.

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

/// A reference-counted pointer for fragments, as in `Vec<Shared<Book>>`. Views of a watch share the
/// allocations behind it as long as they do not change.
///
/// Only entities are shared: a `Shared` around another value gets a new allocation in each view.
///
/// If one item of 10,000 has changed, the next view costs one new item and 9,999 copies of a
/// pointer. [`Shared::ptr_eq`] then compares items without looking into them.
///
/// `Shared<T>` serializes as `T` and dereferences to `T`. Outside a cache it deserializes as `T`
/// only with formats that pass newtype structs through, as `serde_json` does.
pub struct Shared<T>(Arc<T>);

/// The name by which the cache's deserializer recognises a [`Shared`].
static NAME: &str = "$cynic_cache::Shared";

/// An allocation of any type.
pub(crate) type AnyArc = Arc<dyn Any + Send + Sync>;

/// A value on its way between the cache's deserializer and the visitor of [`Shared`].
///
/// Serde cannot pass a pointer through a deserializer, so a thread-local passes it.
#[derive(Default)]
enum Handoff {
    #[default]
    Empty,
    /// The deserializer asks the visitor for the allocation that it makes.
    Requested,
    /// One side offers an allocation to the other.
    ///
    /// `ManuallyDrop` spares the thread-local a destructor, which makes each access cheaper. No
    /// value stays here long enough to leak.
    Offered(ManuallyDrop<AnyArc>),
}

thread_local! {
    /// Set by one end of a call and taken by the other. Empty in between.
    static HANDOFF: Cell<Handoff> = const { Cell::new(Handoff::Empty) };
}

#[inline]
fn take() -> Handoff {
    HANDOFF.take()
}

/// Returns whether a newtype struct of this name is a [`Shared`].
#[inline]
pub(crate) fn is_shared(name: &'static str) -> bool {
    std::ptr::eq(name, NAME) || name == NAME
}

/// Offers an allocation to the other side.
#[inline]
pub(crate) fn offer(allocation: AnyArc) {
    HANDOFF.set(Handoff::Offered(ManuallyDrop::new(allocation)));
}

/// Requests the allocation that the visitor is about to make.
pub(crate) fn request() {
    HANDOFF.set(Handoff::Requested);
}

/// Takes the offered allocation.
#[inline]
pub(crate) fn take_offered() -> Option<AnyArc> {
    match take() {
        Handoff::Offered(allocation) => Some(ManuallyDrop::into_inner(allocation)),
        _ => None,
    }
}

impl<T> Shared<T> {
    /// Allocates a value.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// Returns whether both pointers share one allocation. If so, the values are equal.
    ///
    /// Between two views of a watch, `true` means that the value has not changed.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: Send + Sync + 'static> Shared<T> {
    pub(crate) fn to_any(&self) -> AnyArc {
        self.0.clone()
    }

    #[inline]
    pub(crate) fn from_any(allocation: AnyArc) -> Option<Self> {
        allocation.downcast().ok().map(Self)
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
        // Nested values use the thread-local too, so the request is taken before they are read.
        let is_requested = matches!(take(), Handoff::Requested);
        let made = Shared::new(T::deserialize(inner)?);
        if is_requested {
            offer(made.to_any());
        }
        Ok(made)
    }

    /// Takes the allocation that the cache's deserializer has offered. The deserializer calls this
    /// instead of `visit_newtype_struct` if the value has not changed.
    #[inline]
    fn visit_unit<E: Error>(self) -> Result<Shared<T>, E> {
        let allocation = take_offered().and_then(Shared::from_any);
        allocation.ok_or_else(|| E::custom("the last view holds a value of another type here"))
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
