//! Values on their way out.

use std::cell::OnceCell;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::object::ObjectAccess;
use super::{Item, Node, ReadError, Reader};
use crate::collections::Span;
use crate::document::Slot;
use crate::record::{EntityId, Items, Value};
use crate::shared::{self, Kept};

/// One value, and the selection that is asked of it.
#[derive(Clone, Copy)]
pub(super) struct ValueDeserializer<'r, 'a> {
    pub(super) reader: &'r Reader<'a>,
    pub(super) value: Value<'a>,
    /// The slot that it is in.
    pub(super) slot: &'a Slot,
    /// In how many lists of that slot.
    pub(super) depth: u32,
    /// The entity that this is a part of.
    pub(super) owner: EntityId,
    /// Where the allocation of the last view is kept, if a list has a place for it.
    pub(super) kept: Option<&'a OnceCell<Kept>>,
}

impl<'r, 'a> ValueDeserializer<'r, 'a> {
    /// Whether null is allowed here, and further inside.
    fn levels(&self) -> &'a [bool] {
        self.slot.levels.get(self.depth as usize..).unwrap_or_default()
    }

    fn is_nullable(&self) -> bool {
        self.levels().first().copied().unwrap_or(true)
    }

    /// The value, or null where it must not be shown: the entity was deleted, or is not known.
    #[inline]
    fn shown(&self) -> Result<Value<'a>, ReadError> {
        let is_shown = match self.value {
            Value::Text(_) | Value::Int(_) | Value::Bool(_) => true,
            Value::Ref(entity) if self.reader.sight.record(entity).is_none() => {
                if !self.reader.sight.is_gone(entity) {
                    self.reader.lack_entity(entity, self.slot.child);
                }
                false
            }
            _ if self.reader.looks_ahead.get() => {
                self.reader.is_readable(self.value, self.slot.child, self.levels(), self.owner)
            }
            _ => true,
        };
        match is_shown {
            true => Ok(self.value),
            false if self.is_nullable() => Ok(Value::Null),
            false => Err(ReadError::missing()),
        }
    }

    fn node(&self) -> Option<Node> {
        match self.value {
            Value::Ref(entity) => Some((entity, self.slot.child?)),
            _ => None,
        }
    }
}

impl<'a> Deserializer<'a> for ValueDeserializer<'_, 'a> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.shown()? {
            Value::Null => visitor.visit_unit(),
            Value::Bool(it) => visitor.visit_bool(it),
            Value::Int(it) if it >= 0 => visitor.visit_u64(it.cast_unsigned()),
            Value::Int(it) => visitor.visit_i64(it),
            Value::Uint(it) => visitor.visit_u64(it),
            Value::Float(it) => visitor.visit_f64(it),
            Value::Text(it) => visitor.visit_borrowed_str(it),
            Value::List(items) => visitor.visit_seq(ListAccess { list: self, items }),
            Value::Map(items) => visitor.visit_map(JsonAccess { map: self, items }),
            Value::Ref(entity) => {
                let access = ObjectAccess::of_entity(self.reader, entity, self.slot.child)?;
                visitor.visit_map(access)
            }
            Value::Object(shape, values) => {
                let access =
                    ObjectAccess::new(self.reader, self.owner, self.slot.child, shape, values)?;
                visitor.visit_map(access)
            }
        }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.shown()? {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if name != shared::NAME {
            return visitor.visit_newtype_struct(self);
        }
        let Some(node) = self.node() else { return visitor.visit_newtype_struct(self) };
        let kept = match (self.kept, self.reader.memo) {
            (Some(cell), _) => cell.get().cloned(),
            (None, Some(memo)) => memo.borrow().get(&node).cloned(),
            (None, None) => return visitor.visit_newtype_struct(self),
        };
        if let Some(kept) = kept {
            shared::hand_in(kept);
            return visitor.visit_unit();
        }
        let before = self.reader.lacks();
        shared::want();
        let made = visitor.visit_newtype_struct(self)?;
        let kept = shared::take_out();
        // What lacks something is read again, so that it says so again.
        if let Some(kept) = kept.filter(|_| self.reader.lacks() == before) {
            match (self.kept, self.reader.memo) {
                (Some(cell), _) => {
                    let _ = cell.set(kept);
                }
                (None, Some(memo)) => {
                    memo.borrow_mut().insert(node, kept);
                }
                (None, None) => {}
            }
        }
        Ok(made)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.value {
            Value::Text(text) => visitor.visit_enum(text.into_deserializer()),
            _ => Err(serde::de::Error::custom("an enum's value is text")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <W: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

/// The items of a stored list.
struct ListAccess<'r, 'a> {
    list: ValueDeserializer<'r, 'a>,
    items: Items<'a>,
}

impl<'a> SeqAccess<'a> for ListAccess<'_, 'a> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        let depth = self.list.depth + 1;
        for value in self.items.by_ref() {
            let item = ValueDeserializer { value, depth, kept: None, ..self.list };
            if self.list.reader.is_listed(&item) {
                return seed.deserialize(item).map(Some);
            }
        }
        Ok(None)
    }
}

/// The members of a collection.
pub(super) struct MembersAccess<'r, 'a> {
    pub(super) list: ValueDeserializer<'r, 'a>,
    pub(super) members: MembersOf<'a>,
    pub(super) at: usize,
}

/// Where members come from: a list that a watch keeps, or one that was just made.
pub(super) enum MembersOf<'a> {
    Kept(&'a [u32], &'a [Item]),
    Made(Vec<(Span, EntityId)>),
}

impl<'a> SeqAccess<'a> for MembersAccess<'_, 'a> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        loop {
            let (entity, kept) = match &self.members {
                MembersOf::Kept(order, items) => {
                    let Some(at) = order.get(self.at) else { return Ok(None) };
                    let item = &items[*at as usize];
                    (item.entity, Some(&item.kept))
                }
                MembersOf::Made(members) => match members.get(self.at) {
                    Some((_, entity)) => (*entity, None),
                    None => return Ok(None),
                },
            };
            self.at += 1;
            let item = ValueDeserializer { value: Value::Ref(entity), kept, ..self.list };
            if self.list.reader.is_listed(&item) {
                return seed.deserialize(item).map(Some);
            }
        }
    }

    fn size_hint(&self) -> Option<usize> {
        let length = match &self.members {
            MembersOf::Kept(order, _) => order.len(),
            MembersOf::Made(members) => members.len(),
        };
        Some(length - self.at.min(length))
    }
}

impl<'a> Reader<'a> {
    /// Whether an item is shown in its list: what is deleted is not, nor what cannot be read.
    fn is_listed(&self, item: &ValueDeserializer<'_, 'a>) -> bool {
        match item.value {
            Value::Ref(entity) if item.kept.is_none() && self.sight.record(entity).is_none() => {
                if !self.sight.is_gone(entity) {
                    self.lack_entity(entity, item.slot.child);
                }
                false
            }
            _ if self.looks_ahead.get() => {
                item.value == Value::Null
                    || self.is_readable(item.value, item.slot.child, item.levels(), item.owner)
            }
            _ => true,
        }
    }
}

/// The entries of a scalar that is a JSON object.
struct JsonAccess<'r, 'a> {
    map: ValueDeserializer<'r, 'a>,
    items: Items<'a>,
}

impl<'a> MapAccess<'a> for JsonAccess<'_, 'a> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        match self.items.next() {
            Some(Value::Text(name)) => {
                seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let value = self.items.next().unwrap_or(Value::Null);
        seed.deserialize(ValueDeserializer { value, ..self.map })
    }
}
