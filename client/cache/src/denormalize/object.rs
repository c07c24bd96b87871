//! Deserializes objects: matches the slots of a case with the values of a record.
//!
//! Both are sorted by key, so one pass over each is enough. Fields that records do not store are
//! derived: the name of the type, and the lists of collections.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::entity::{MemberSource, MembersAccess};
use super::value::ValueDeserializer;
use super::{Members, ReadError, Reader};
use crate::document::{Case, Listing, Role, Slot, StoredSlot};
use crate::record::QUERY;
use crate::record::{EntityId, Items, NULL, ShapeId, Symbol};

/// Completes an `impl Deserializer` that has `deserialize_any`. Options and newtypes are
/// transparent; all other types are read by `deserialize_any`.
macro_rules! transparent_deserializer {
    () => {
        fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
            visitor.visit_some(self)
        }

        fn deserialize_newtype_struct<V: Visitor<'a>>(
            self,
            _: &'static str,
            visitor: V,
        ) -> Result<V::Value, ReadError> {
            visitor.visit_newtype_struct(self)
        }

        forward_to_deserialize_any! {
            <W: Visitor<'a>>
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
            bytes byte_buf unit unit_struct seq tuple tuple_struct map struct enum identifier
            ignored_any
        }
    };
}

/// The root object of an operation.
pub(super) struct RootDeserializer<'r, 'a> {
    pub(super) reader: &'r Reader<'a>,
}

impl<'a> Deserializer<'a> for RootDeserializer<'_, 'a> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_map(ObjectAccess::of_entity(self.reader, QUERY, Some(0))?)
    }

    transparent_deserializer!();
}

/// The fields of one object.
pub(super) struct ObjectAccess<'r, 'a> {
    reader: &'r Reader<'a>,
    /// The entity whose fields these are, or that the object is a part of.
    owner: EntityId,
    case: &'a Case,
    type_name: Symbol,
    /// The listing whose envelope this object is, and the key of its scope.
    envelope: Option<(&'a Listing, &'a str)>,
    /// The index of the next slot to check for a derived field.
    derived: usize,
    stored_slots: &'a [StoredSlot],
    /// The index of the next stored slot in `stored_slots`.
    stored: usize,
    /// The remaining fields of the record.
    fields: &'a [Symbol],
    /// The values of the remaining fields.
    values: Items<'a>,
    next: Next<'a>,
}

/// The value that the next call deserializes.
enum Next<'a> {
    Typename,
    Stored(&'a Slot, &'a str),
    Listing(&'a Slot, &'a Listing),
    Members(&'a Slot, &'a Listing, &'a str),
    Position(Option<u64>),
}

impl<'r, 'a> ObjectAccess<'r, 'a> {
    /// Returns the fields of an entity.
    pub(super) fn of_entity(
        reader: &'r Reader<'a>,
        entity: EntityId,
        set: Option<usize>,
    ) -> Result<Self, ReadError> {
        let record = reader.view.record(entity).ok_or_else(ReadError::missing)?;
        Self::new(reader, entity, set, record.shape, record.values())
    }

    /// Returns the fields of an object with the given shape and values.
    pub(super) fn new(
        reader: &'r Reader<'a>,
        owner: EntityId,
        set: Option<usize>,
        shape: ShapeId,
        values: Items<'a>,
    ) -> Result<Self, ReadError> {
        let shape = reader.view.base.store.shapes.get(shape);
        let case = set.and_then(|it| reader.bound.plan.sets[it].case_of(shape.type_name));
        let case =
            case.ok_or_else(|| serde::de::Error::custom("an object where no object is selected"))?;
        Ok(Self {
            reader,
            owner,
            case,
            type_name: shape.type_name,
            envelope: None,
            derived: if reader.bound.has_derived_fields(case) { 0 } else { case.slots.len() },
            stored_slots: reader.bound.stored_slots(case),
            stored: 0,
            fields: &shape.fields,
            values,
            next: Next::Typename,
        })
    }

    /// Returns the fields of an object of which nothing is stored.
    pub(super) fn empty(
        reader: &'r Reader<'a>,
        owner: EntityId,
        case: Option<&'a Case>,
    ) -> Result<Self, ReadError> {
        let case = case.ok_or_else(ReadError::missing)?;
        Ok(Self {
            reader,
            owner,
            case,
            type_name: case.type_name,
            envelope: None,
            derived: 0,
            stored_slots: reader.bound.stored_slots(case),
            stored: 0,
            fields: &[],
            values: Items::new(""),
            next: Next::Typename,
        })
    }

    /// Advances to the next slot whose field is derived.
    fn next_derived(&mut self) -> Option<&'a Slot> {
        let bound = self.reader.bound;
        while let Some(slot) = self.case.slots.get(self.derived) {
            self.derived += 1;
            if slot.is_added || bound.key(slot).is_none() {
                continue;
            }
            self.next = match (slot.role, self.envelope) {
                (Role::Typename, _) => Next::Typename,
                (Role::Collection(..), _) => match bound.listing(slot) {
                    Some(listing) => Next::Listing(slot, listing),
                    None => continue,
                },
                (Role::Items, Some((listing, scope))) => Next::Members(slot, listing, scope),
                (Role::Position, Some((listing, scope))) => {
                    let scopes = &self.reader.view.base.scopes;
                    let scope = scopes.find(listing.collection, scope);
                    Next::Position(scope.and_then(|it| scopes.get(it).position))
                }
                _ => continue,
            };
            return Some(slot);
        }
        None
    }

    /// Advances to the next slot whose field is stored.
    #[inline]
    fn next_stored(&mut self) -> Result<Option<&'a Slot>, ReadError> {
        let Some(stored) = self.stored_slots.get(self.stored) else { return Ok(None) };
        self.stored += 1;
        let slot = &self.case.slots[usize::from(stored.slot)];
        while let [field, fields @ ..] = self.fields
            && *field <= stored.key
        {
            let here = self.values;
            let packed = self.values.next_packed().unwrap_or(NULL);
            if *field < stored.key {
                self.fields = fields;
                continue;
            }
            if stored.shares_key_with_next {
                self.values = here;
            } else {
                self.fields = fields;
            }
            self.next = Next::Stored(slot, packed);
            return Ok(Some(slot));
        }
        self.read_missing(slot, stored.key)
    }

    /// Reports a field that the record does not have. The field is read as null if it can be null.
    #[cold]
    fn read_missing(&mut self, slot: &'a Slot, key: Symbol) -> Result<Option<&'a Slot>, ReadError> {
        self.reader.add_field_gap(self.owner, key);
        if !slot.nullability.first().copied().unwrap_or(true) {
            return Err(ReadError::missing());
        }
        self.next = Next::Stored(slot, NULL);
        Ok(Some(slot))
    }
}

impl<'a> MapAccess<'a> for ObjectAccess<'_, 'a> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        let has_derived = self.derived < self.case.slots.len();
        let derived = if has_derived { self.next_derived() } else { None };
        let slot = match derived {
            Some(slot) => slot,
            None => match self.next_stored()? {
                Some(slot) => slot,
                None => return Ok(None),
            },
        };
        seed.deserialize(BorrowedStrDeserializer::new(&slot.response)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let reader = self.reader;
        let (slot, packed) = match self.next {
            Next::Stored(slot, packed) => (slot, packed),
            Next::Typename => {
                let name: &'a str = reader.view.base.store.names.text(self.type_name);
                return seed.deserialize(BorrowedStrDeserializer::new(name));
            }
            Next::Position(position) => {
                let position = position.ok_or_else(ReadError::missing)?;
                return seed.deserialize(position.into_deserializer());
            }
            Next::Members(slot, listing, scope) => {
                return seed.deserialize(MembersDeserializer::new(reader, slot, listing, scope));
            }
            Next::Listing(slot, listing) => {
                let scope = reader.scope_of(listing, self.owner);
                reader.add_range_gaps(listing, scope);
                let is_envelope = slot.child.is_some_and(|it| reader.bound.envelope(it).is_some());
                if !is_envelope {
                    return seed
                        .deserialize(MembersDeserializer::new(reader, slot, listing, scope));
                }
                return seed.deserialize(EnvelopeDeserializer { reader, slot, listing, scope });
            }
        };
        let owner = self.owner;
        seed.deserialize(ValueDeserializer { reader, packed, slot, depth: 0, owner })
    }
}

/// The envelope of a collection's list.
struct EnvelopeDeserializer<'r, 'a> {
    reader: &'r Reader<'a>,
    slot: &'a Slot,
    listing: &'a Listing,
    scope: &'a str,
}

impl<'a> Deserializer<'a> for EnvelopeDeserializer<'_, 'a> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let base = self.reader.view.base;
        let entity = base.find_envelope(self.listing.collection, self.scope);
        let record = entity.and_then(|it| Some((it, self.reader.view.record(it)?)));
        let mut access = match record {
            Some((entity, record)) => {
                let child = self.slot.child;
                ObjectAccess::new(self.reader, entity, child, record.shape, record.values())?
            }
            None => {
                let child = self.slot.child.unwrap_or_default();
                let case = self.reader.bound.plan.sets[child].only_case();
                ObjectAccess::empty(self.reader, QUERY, case)?
            }
        };
        access.envelope = Some((self.listing, self.scope));
        visitor.visit_map(access)
    }

    transparent_deserializer!();
}

/// The list of a collection.
struct MembersDeserializer<'r, 'a> {
    reader: &'r Reader<'a>,
    slot: &'a Slot,
    listing: &'a Listing,
    scope: &'a str,
}

impl<'r, 'a> MembersDeserializer<'r, 'a> {
    fn new(reader: &'r Reader<'a>, slot: &'a Slot, listing: &'a Listing, scope: &'a str) -> Self {
        Self { reader, slot, listing, scope }
    }
}

impl<'a> Deserializer<'a> for MembersDeserializer<'_, 'a> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Self { reader, slot, .. } = self;
        let members = match (reader.find_list)(self.listing, self.scope) {
            Some(Members { order, items }) => MemberSource::Watched(order, items),
            None => MemberSource::Computed(reader.members(self.listing, self.scope)),
        };
        visitor.visit_seq(MembersAccess { reader, slot, members, at: 0 })
    }

    transparent_deserializer!();
}
