//! The serde seeds that read a response by its plan.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::Segment;
use super::object::{Key, KeySeed, ObjectVisit};
use super::writer::{Presence, Writer};
use crate::document::Listing;
use crate::record::{Pack, Symbol};
use crate::schema::Leaf;

/// The kind of value that the plan has at a place of the response.
#[derive(Clone, Copy)]
pub(super) enum Expectation<'s> {
    /// The root object of the response.
    Root,
    /// A scalar or an enum value, or lists of them.
    Leaf(Leaf),
    /// An object of the selection set with this index, or lists of them.
    Object(usize),
    /// The envelope of a collection's list: its selection set, and the listing.
    Envelope(usize, &'s Arc<Listing>),
}

/// Reads one value and leaves its packed form on top of the writer's buffer.
pub(super) struct ValueSeed<'w, 'a, 's> {
    pub(super) writer: &'w mut Writer<'a>,
    pub(super) expectation: Expectation<'s>,
    /// Whether null is allowed here, and in each list inside.
    pub(super) nullability: &'s [bool],
}

/// Accepts any JSON value.
pub(super) const ANY: Expectation<'static> = Expectation::Leaf(Leaf::Any);

impl<'de> DeserializeSeed<'de> for ValueSeed<'_, '_, '_> {
    type Value = Presence;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Presence, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'w, 'a> ValueSeed<'w, 'a, 'static> {
    /// Returns the seed for the root object of a response or a prediction.
    pub(super) fn root(writer: &'w mut Writer<'a>) -> Self {
        Self { writer, expectation: Expectation::Root, nullability: &[true] }
    }
}

impl ValueSeed<'_, '_, '_> {
    /// Packs a scalar if the schema declares one of the `allowed` types here.
    fn take_leaf<E: Error>(
        self,
        allowed: &[Leaf],
        pack: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Presence, E> {
        match self.expectation {
            Expectation::Leaf(Leaf::Any) => {}
            Expectation::Leaf(leaf) if self.nullability.len() == 1 && allowed.contains(&leaf) => {}
            _ => return Err(E::custom("a value does not have the type that the schema declares")),
        }
        pack(&mut self.writer.buffer);
        Ok(Presence::Known)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_, '_, '_> {
    type Value = Presence;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value that the operation selects")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Presence, E> {
        self.take_leaf(&[Leaf::Boolean], |it| it.bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Presence, E> {
        self.take_leaf(&[Leaf::Int, Leaf::Float, Leaf::Id], |it| it.int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Presence, E> {
        self.take_leaf(&[Leaf::Int, Leaf::Float, Leaf::Id], |it| it.uint(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Presence, E> {
        self.take_leaf(&[Leaf::Float], |it| it.float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Presence, E> {
        self.take_leaf(&[Leaf::Text, Leaf::Id], |it| it.text(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Presence, E> {
        let presence = self.writer.write_null();
        if presence == Presence::Known && self.nullability.first() == Some(&false) {
            return Err(E::custom("null where the schema does not allow it"));
        }
        Ok(presence)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Presence, A::Error> {
        let nullability = match (self.expectation, self.nullability) {
            (_, [_, inner @ ..]) if !inner.is_empty() => inner,
            (Expectation::Leaf(Leaf::Any), _) => &[true],
            _ => return Err(A::Error::custom("a list where the schema does not have one")),
        };
        let writer = self.writer;
        let opened = writer.buffer.open_list();
        let keeps_path = !writer.failed_paths.is_empty();
        let mut presence = Presence::Known;
        for index in 0.. {
            if keeps_path {
                writer.path.push(Segment::Index(index));
            }
            let seed =
                ValueSeed { writer: &mut *writer, expectation: self.expectation, nullability };
            let item = items.next_element_seed(seed);
            if keeps_path {
                writer.path.pop();
            }
            match item? {
                None => break,
                Some(Presence::Known) => {}
                // A list with an unknown item is unknown.
                Some(Presence::Unknown) => presence = Presence::Unknown,
            }
        }
        writer.buffer.close(opened);
        Ok(presence)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Presence, A::Error> {
        let set = match self.expectation {
            Expectation::Root => 0,
            Expectation::Object(set) | Expectation::Envelope(set, _)
                if self.nullability.len() == 1 =>
            {
                set
            }
            Expectation::Leaf(Leaf::Any) => return take_json_object(self.writer, entries),
            _ => return Err(A::Error::custom("an object where the schema does not have one")),
        };
        let bound = self.writer.bound;
        let set = &bound.plan.sets[set];
        let (case, type_name, early) = match set.only_case() {
            Some(case) => (case, case.type_name, Vec::new()),
            None => {
                let (type_name, early) = read_type_name(self.writer, &mut entries)?;
                let case = set.case_of(type_name);
                (
                    case.ok_or_else(|| {
                        A::Error::custom("nothing is selected of an object of this type")
                    })?,
                    type_name,
                    early,
                )
            }
        };
        let mut object = ObjectVisit::new(self.writer, self.expectation, case, type_name);
        for (name, raw) in early {
            let mut value = serde_json::Deserializer::from_str(raw.get());
            let slot = object.slot(&name);
            object
                .read_value(slot, &name, |it| it.deserialize(&mut value))
                .map_err(A::Error::custom)?;
        }
        loop {
            let seed = KeySeed { slots: &case.slots, next: object.next };
            match entries.next_key_seed(seed)? {
                None => break,
                Some(Key::Slot(at)) => {
                    object.next = at + 1;
                    let slot = &case.slots[at];
                    object.read_value(Some(slot), "", |it| entries.next_value_seed(it))?;
                }
                Some(Key::Other(name)) => {
                    object.check_unselected(&name).map_err(A::Error::custom)?;
                    entries.next_value::<serde::de::IgnoredAny>()?;
                }
            }
        }
        object.close().map_err(A::Error::custom)?;
        Ok(Presence::Known)
    }
}

/// The fields before `__typename`, unparsed: they cannot be read until the type is known.
type EarlyFields<'de> = Vec<(Cow<'de, str>, &'de RawValue)>;

/// Reads up to `__typename`. Completed documents select it first, so fields before it are rare.
fn read_type_name<'de, A: MapAccess<'de>>(
    writer: &mut Writer<'_>,
    entries: &mut A,
) -> Result<(Symbol, EarlyFields<'de>), A::Error> {
    let mut early = Vec::new();
    while let Some(name) = entries.next_key::<Cow<'de, str>>()? {
        if name == "__typename" {
            let type_name = entries.next_value::<Cow<'de, str>>()?;
            return Ok((writer.store.names.intern(&type_name), early));
        }
        early.push((name, entries.next_value::<&'de RawValue>()?));
    }
    Err(A::Error::custom("`__typename` is missing in an object of an interface or union"))
}

/// Packs a scalar whose value is a JSON object.
fn take_json_object<'de, A: MapAccess<'de>>(
    writer: &mut Writer<'_>,
    mut entries: A,
) -> Result<Presence, A::Error> {
    let opened = writer.buffer.open_map();
    while let Some(name) = entries.next_key::<Cow<'de, str>>()? {
        writer.buffer.text(&name);
        entries.next_value_seed(ValueSeed {
            writer: &mut *writer,
            expectation: ANY,
            nullability: &[true],
        })?;
    }
    writer.buffer.close(opened);
    Ok(Presence::Known)
}
