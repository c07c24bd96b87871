//! Deserializes stored values.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::entity::EntityDeserializer;
use super::object::ObjectAccess;
use super::{ReadError, Reader};
use crate::document::Slot;
use crate::record::{
    EntityId, Items, NULL, Value, ValueKind, items, object, reference, text, value, value_kind,
};

/// A packed value, and the slot through which it is read.
#[derive(Clone, Copy)]
pub(super) struct ValueDeserializer<'r, 'a> {
    pub(super) reader: &'r Reader<'a>,
    pub(super) packed: &'a str,
    pub(super) slot: &'a Slot,
    /// The number of lists around the value, within its slot.
    pub(super) depth: u32,
    /// The entity that the value is a part of.
    pub(super) owner: EntityId,
}

impl<'r, 'a> ValueDeserializer<'r, 'a> {
    /// Returns whether the value is shown; if not, it is read as null.
    ///
    /// # Errors
    ///
    /// The value is not shown, and null is not allowed here.
    #[inline]
    fn is_shown(&self) -> Result<bool, ReadError> {
        if !self.reader.looks_ahead.get() { Ok(true) } else { self.is_readable() }
    }

    #[cold]
    fn is_readable(&self) -> Result<bool, ReadError> {
        let nullability = self.slot.nullability_at(self.depth);
        let value = value(self.packed);
        if self.reader.is_readable(value, self.slot.child, nullability, self.owner) {
            Ok(true)
        } else if nullability.first().copied().unwrap_or(true) {
            Ok(false)
        } else {
            Err(ReadError::missing())
        }
    }

    fn entity(self) -> Result<EntityDeserializer<'r, 'a>, ReadError> {
        let Self { reader, slot, depth, .. } = self;
        let entity = reference(self.packed).ok_or_else(ReadError::missing)?;
        Ok(EntityDeserializer { reader, entity, slot, depth, allocation: None })
    }

    /// Deserializes a value that is not a short text.
    fn other<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let kind = value_kind(self.packed);
        if kind != ValueKind::Ref && !self.is_shown()? {
            return visitor.visit_unit();
        }
        match kind {
            ValueKind::Null => visitor.visit_unit(),
            ValueKind::False => visitor.visit_bool(false),
            ValueKind::True => visitor.visit_bool(true),
            ValueKind::Ref => self.entity()?.deserialize_any(visitor),
            ValueKind::List => {
                visitor.visit_seq(ListAccess { list: self, items: items(self.packed) })
            }
            ValueKind::Map => {
                visitor.visit_map(JsonAccess { map: self, items: items(self.packed) })
            }
            ValueKind::Object => {
                let (shape, values) = object(self.packed).ok_or_else(ReadError::missing)?;
                let Self { reader, owner, slot, .. } = self;
                visitor.visit_map(ObjectAccess::new(reader, owner, slot.child, shape, values)?)
            }
            ValueKind::Number | ValueKind::Text => match value(self.packed) {
                Value::Int(it) if it >= 0 => visitor.visit_u64(it.cast_unsigned()),
                Value::Int(it) => visitor.visit_i64(it),
                Value::Uint(it) => visitor.visit_u64(it),
                Value::Float(it) => visitor.visit_f64(it),
                Value::Text(it) => visitor.visit_borrowed_str(it),
                _ => visitor.visit_unit(),
            },
        }
    }
}

impl<'a> Deserializer<'a> for ValueDeserializer<'_, 'a> {
    type Error = ReadError;

    #[inline]
    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match text(self.packed) {
            Some(text) => visitor.visit_borrowed_str(text),
            None => self.other(visitor),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match value_kind(self.packed) {
            ValueKind::Text => visitor.visit_some(self),
            ValueKind::Null => visitor.visit_none(),
            ValueKind::Ref => self.entity()?.deserialize_option(visitor),
            _ if self.is_shown()? => visitor.visit_some(self),
            _ => visitor.visit_none(),
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match value_kind(self.packed) {
            ValueKind::Ref => self.entity()?.deserialize_newtype_struct(name, visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let long_text = || match value(self.packed) {
            Value::Text(text) => Some(text),
            _ => None,
        };
        match text(self.packed).or_else(long_text) {
            Some(text) => visitor.visit_enum(text.into_deserializer()),
            None => Err(serde::de::Error::custom("the value of an enum must be a string")),
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
        let (reader, depth) = (self.list.reader, self.list.depth + 1);
        while let Some(packed) = self.items.next_packed() {
            let item = ValueDeserializer { packed, depth, ..self.list };
            let is_listed = match value_kind(packed) {
                ValueKind::Ref => {
                    reference(packed).is_some_and(|it| reader.is_listed(it, item.slot, depth))
                }
                _ if !reader.looks_ahead.get() => true,
                ValueKind::Null => true,
                _ => {
                    let nullability = item.slot.nullability_at(depth);
                    reader.is_readable(value(packed), item.slot.child, nullability, item.owner)
                }
            };
            if is_listed {
                return seed.deserialize(item).map(Some);
            }
        }
        Ok(None)
    }
}

/// The entries of a scalar whose value is a JSON object.
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
        let packed = self.items.next_packed().unwrap_or(NULL);
        seed.deserialize(ValueDeserializer { packed, ..self.map })
    }
}
