//! Deserializes entities and the members of collections. Here the allocation of a
//! [`crate::Shared`] is reused from one view to the next.

use std::cell::OnceCell;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::object::ObjectAccess;
use super::{Item, ReadError, Reader};
use crate::collections::Span;
use crate::document::Slot;
use crate::record::{EntityId, QUERY, Value};
use crate::shared::{self, AnyArc};

/// An entity, and the slot through which it is read.
#[derive(Clone, Copy)]
pub(super) struct EntityDeserializer<'r, 'a> {
    pub(super) reader: &'r Reader<'a>,
    pub(super) entity: EntityId,
    pub(super) slot: &'a Slot,
    /// The number of lists around the entity, within its slot.
    pub(super) depth: u32,
    /// The cell of the allocation in a watched list; `None` if the entity is not in one.
    pub(super) allocation: Option<&'a OnceCell<AnyArc>>,
}

impl EntityDeserializer<'_, '_> {
    /// Returns whether the entity is shown. A deleted or unknown entity is read as null.
    ///
    /// # Errors
    ///
    /// The entity is not shown, and null is not allowed here.
    fn is_shown(&self) -> Result<bool, ReadError> {
        let Self { reader, entity, slot, .. } = self;
        let nullability = slot.nullability_at(self.depth);
        let is_shown = if reader.view.record(*entity).is_none() {
            if !reader.view.is_deleted(*entity) {
                reader.add_entity_gaps(*entity, slot.child);
            }
            false
        } else {
            !reader.looks_ahead.get()
                || reader.is_readable(Value::Ref(*entity), slot.child, nullability, QUERY)
        };
        if is_shown || nullability.first().copied().unwrap_or(true) {
            Ok(is_shown)
        } else {
            Err(ReadError::missing())
        }
    }
}

impl<'a> Deserializer<'a> for EntityDeserializer<'_, 'a> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if !self.is_shown()? {
            return visitor.visit_unit();
        }
        visitor.visit_map(ObjectAccess::of_entity(self.reader, self.entity, self.slot.child)?)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.is_shown()? { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let node = self.slot.child.map(|set| (self.entity, set));
        let Some(node) = node.filter(|_| shared::is_shared(name)) else {
            return visitor.visit_newtype_struct(self);
        };
        let memo = self.reader.memo;
        let known = match self.allocation {
            Some(cell) => cell.get().cloned(),
            None => memo.and_then(|it| it.borrow().get(&node).cloned()),
        };
        if let Some(allocation) = known {
            shared::offer(allocation);
            return visitor.visit_unit();
        }
        if self.allocation.is_none() && memo.is_none() {
            return visitor.visit_newtype_struct(self);
        }
        let gaps_before = self.reader.gap_count();
        shared::request();
        let made = visitor.visit_newtype_struct(self)?;
        let allocation = shared::take_offered();
        // The allocation of an entity with gaps is not kept: the next view must read the entity
        // again and report them.
        if let Some(allocation) = allocation.filter(|_| self.reader.gap_count() == gaps_before) {
            match (self.allocation, memo) {
                (Some(cell), _) => _ = cell.set(allocation),
                (None, Some(memo)) => _ = memo.borrow_mut().insert(node, allocation),
                (None, None) => {}
            }
        }
        Ok(made)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <W: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf unit unit_struct seq tuple tuple_struct map struct enum identifier
    }
}

/// The members of a collection, one after the other.
pub(super) struct MembersAccess<'r, 'a> {
    pub(super) reader: &'r Reader<'a>,
    pub(super) slot: &'a Slot,
    pub(super) members: MemberSource<'a>,
    pub(super) at: usize,
}

/// The source of the members: a list that a watch maintains, or one computed for this read.
pub(super) enum MemberSource<'a> {
    Watched(&'a [u32], &'a [Item]),
    Computed(Vec<(Span, EntityId)>),
}

impl<'a> SeqAccess<'a> for MembersAccess<'_, 'a> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        loop {
            let (entity, allocation) = match &self.members {
                MemberSource::Watched(order, items) => {
                    let Some(at) = order.get(self.at) else { return Ok(None) };
                    let item = &items[*at as usize];
                    if let Some(allocation) = item.allocation.get() {
                        self.at += 1;
                        return seed.deserialize(UnchangedDeserializer(allocation)).map(Some);
                    }
                    (item.entity, Some(&item.allocation))
                }
                MemberSource::Computed(members) => match members.get(self.at) {
                    Some((_, entity)) => (*entity, None),
                    None => return Ok(None),
                },
            };
            self.at += 1;
            let Self { reader, slot, .. } = *self;
            if reader.is_listed(entity, slot, 1) {
                let item = EntityDeserializer { reader, entity, slot, depth: 1, allocation };
                return seed.deserialize(item).map(Some);
            }
        }
    }

    fn size_hint(&self) -> Option<usize> {
        let length = match &self.members {
            MemberSource::Watched(order, _) => order.len(),
            MemberSource::Computed(members) => members.len(),
        };
        Some(length - self.at.min(length))
    }
}

impl Reader<'_> {
    /// Returns whether an entity is shown in a list. Deleted and unreadable entities are not.
    pub(super) fn is_listed(&self, entity: EntityId, slot: &Slot, depth: u32) -> bool {
        if self.view.record(entity).is_none() {
            if !self.view.is_deleted(entity) {
                self.add_entity_gaps(entity, slot.child);
            }
            return false;
        }
        !self.looks_ahead.get()
            || self.is_readable(Value::Ref(entity), slot.child, slot.nullability_at(depth), QUERY)
    }
}

/// A member of a list that has not changed since the last view.
struct UnchangedDeserializer<'a>(&'a AnyArc);

impl<'a> Deserializer<'a> for UnchangedDeserializer<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'a>>(self, _: V) -> Result<V::Value, ReadError> {
        Err(serde::de::Error::custom("a member was read by another type than before"))
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if !shared::is_shared(name) {
            return visitor.visit_newtype_struct(self);
        }
        shared::offer(self.0.clone());
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <W: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf unit unit_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}
