//! The serde seeds that walk an answer along its plan.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::writer::{Told, Writer};
use super::{Segment, StagedListing};
use crate::document::{Case, Listing, Role, Slot};
use crate::record::{Pack, Symbol};
use crate::schema::Leaf;

/// What a value is to its slot.
#[derive(Clone, Copy)]
pub(super) enum Kind<'s> {
    /// The root of the answer.
    Root,
    /// A scalar or an enum.
    Leaf(Leaf),
    /// An object of this set, or lists of such.
    Object(usize),
    /// The object in which a collection's list is.
    Envelope(usize, &'s Arc<Listing>),
}

/// Takes one value, whose packed form it leaves on top of the writer's buffer.
pub(super) struct ValueSeed<'w, 'a, 's> {
    pub(super) writer: &'w mut Writer<'a>,
    pub(super) kind: Kind<'s>,
    /// Whether null is allowed here, and in the lists that the schema has here.
    pub(super) levels: &'s [bool],
}

/// Any JSON.
const ANY: Kind<'static> = Kind::Leaf(Leaf::Any);

impl<'de> DeserializeSeed<'de> for ValueSeed<'_, '_, '_> {
    type Value = Told;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Told, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'w, 'a> ValueSeed<'w, 'a, 'static> {
    /// The root of an answer, or of an expected one.
    pub(super) fn root(writer: &'w mut Writer<'a>) -> Self {
        Self { writer, kind: Kind::Root, levels: &[true] }
    }
}

impl ValueSeed<'_, '_, '_> {
    fn leaf<E: Error>(self, fits: &[Leaf], pack: impl FnOnce(&mut Vec<u8>)) -> Result<Told, E> {
        match self.kind {
            Kind::Leaf(Leaf::Any) => {}
            Kind::Leaf(leaf) if self.levels.len() == 1 && fits.contains(&leaf) => {}
            _ => return Err(E::custom("a value has another type than the schema says")),
        }
        pack(&mut self.writer.buffer);
        Ok(Told::Known)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_, '_, '_> {
    type Value = Told;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("what the operation selects")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Told, E> {
        self.leaf(&[Leaf::Boolean], |it| it.bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Told, E> {
        self.leaf(&[Leaf::Int, Leaf::Float, Leaf::Id], |it| it.int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Told, E> {
        self.leaf(&[Leaf::Int, Leaf::Float, Leaf::Id], |it| it.uint(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Told, E> {
        self.leaf(&[Leaf::Float], |it| it.float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Told, E> {
        self.leaf(&[Leaf::Text, Leaf::Id], |it| it.text(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Told, E> {
        let told = self.writer.null();
        if told == Told::Known && self.levels.first() == Some(&false) {
            return Err(E::custom("null stands where the schema has none"));
        }
        Ok(told)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Told, A::Error> {
        let levels = match (self.kind, self.levels) {
            (_, [_, inner @ ..]) if !inner.is_empty() => inner,
            (Kind::Leaf(Leaf::Any), _) => &[true],
            _ => return Err(A::Error::custom("a list stands where the schema has none")),
        };
        let writer = self.writer;
        let opened = writer.buffer.open_list();
        let keeps_path = !writer.failed.is_empty();
        let mut told = Told::Known;
        for index in 0.. {
            if keeps_path {
                writer.path.push(Segment::Index(index));
            }
            let seed = ValueSeed { writer: &mut *writer, kind: self.kind, levels };
            let item = items.next_element_seed(seed);
            if keeps_path {
                writer.path.pop();
            }
            match item? {
                None => break,
                Some(Told::Known) => {}
                // A list of which one item is not known is not known.
                Some(Told::Unknown) => told = Told::Unknown,
            }
        }
        writer.buffer.close(opened);
        Ok(told)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Told, A::Error> {
        let set = match self.kind {
            Kind::Root => 0,
            Kind::Object(set) | Kind::Envelope(set, _) if self.levels.len() == 1 => set,
            Kind::Leaf(Leaf::Any) => return json_object(self.writer, entries),
            _ => return Err(A::Error::custom("an object stands where the schema has none")),
        };
        let bound = self.writer.bound;
        let set = &bound.plan.sets[set];
        let (case, type_name, early) = match set.certain() {
            Some(case) => (case, case.type_name, Vec::new()),
            None => {
                let (type_name, early) = find_type(self.writer, &mut entries)?;
                let case = set.case(type_name);
                (case.ok_or_else(|| A::Error::custom("nothing is selected"))?, type_name, early)
            }
        };
        let mut object = ObjectVisit::new(self.writer, self.kind, case, type_name);
        for (name, raw) in early {
            let mut value = serde_json::Deserializer::from_str(raw.get());
            let slot = object.slot(&name);
            object.value(slot, &name, |it| it.deserialize(&mut value)).map_err(A::Error::custom)?;
        }
        loop {
            let seed = KeySeed { slots: &case.slots, next: object.next };
            match entries.next_key_seed(seed)? {
                None => break,
                Some(Key::Slot(at)) => {
                    object.next = at + 1;
                    let slot = &case.slots[at];
                    object.value(Some(slot), "", |it| entries.next_value_seed(it))?;
                }
                Some(Key::Other(name)) => {
                    object.other(&name).map_err(A::Error::custom)?;
                    entries.next_value::<serde::de::IgnoredAny>()?;
                }
            }
        }
        object.close().map_err(A::Error::custom)?;
        Ok(Told::Known)
    }
}

/// An object on its way in.
struct ObjectVisit<'w, 'a, 's> {
    writer: &'w mut Writer<'a>,
    kind: Kind<'s>,
    case: &'s Case,
    type_name: Symbol,
    open: super::writer::Open,
    /// The slot that is expected next: servers answer in the order of the selection.
    next: usize,
    /// How many fields have come, but for `__typename`.
    told: u16,
    envelope: Option<StagedListing>,
}

impl<'w, 'a: 's, 's> ObjectVisit<'w, 'a, 's> {
    fn new(writer: &'w mut Writer<'a>, kind: Kind<'s>, case: &'s Case, type_name: Symbol) -> Self {
        let envelope = match kind {
            Kind::Envelope(_, listing) => Some(writer.listing(listing)),
            _ => None,
        };
        let open = writer.open();
        Self { writer, kind, case, type_name, open, next: 0, told: 0, envelope }
    }

    fn slot(&self, name: &str) -> Option<&'s Slot> {
        self.case.slots.iter().find(|it| *it.response == *name)
    }

    fn other(&self, name: &str) -> Result<(), String> {
        if self.writer.is_strict {
            let type_name = self.writer.store.names.text(self.type_name);
            return Err(format!("`{name}` is not selected of `{type_name}`"));
        }
        Ok(())
    }

    /// Takes the value of a slot; `take` is given the seed for it.
    fn value<E: Error>(
        &mut self,
        slot: Option<&'s Slot>,
        name: &str,
        take: impl FnOnce(ValueSeed<'_, 'a, '_>) -> Result<Told, E>,
    ) -> Result<(), E> {
        let bound = self.writer.bound;
        let Some((slot, key)) = slot.and_then(|it| Some((it, bound.key(it)?))) else {
            self.other(name).map_err(E::custom)?;
            let start = self.writer.buffer.len();
            take(ValueSeed { writer: self.writer, kind: ANY, levels: &[true] })?;
            self.writer.buffer.truncate(start);
            return Ok(());
        };
        self.told += u16::from(slot.role != Role::Typename);
        let keeps_path = !self.writer.failed.is_empty();
        if keeps_path {
            self.writer.path.push(Segment::Name(slot.response.clone()));
        }
        let start = self.writer.buffer.len();
        let listing = bound.listed(slot);
        let kind = match (slot.child, listing) {
            (Some(child), Some(it)) if bound.envelope(child).is_some() => Kind::Envelope(child, it),
            (Some(child), _) => Kind::Object(child),
            (None, _) => Kind::Leaf(slot.leaf),
        };
        let mut direct =
            listing.filter(|_| matches!(kind, Kind::Object(_))).map(|it| self.writer.listing(it));
        let told = take(ValueSeed { writer: self.writer, kind, levels: &slot.levels });
        if keeps_path {
            self.writer.path.pop();
        }
        let told = match told {
            Ok(told) => told,
            Err(error) => {
                self.writer.wrong.push(slot.response.clone());
                return Err(error);
            }
        };
        let is_within = self.envelope.is_some();
        match (slot.role, &mut direct) {
            (Role::Collection(..), Some(staged)) => {
                self.writer.take_members(start, staged);
                self.writer.listings.extend(direct);
            }
            (Role::Collection(..), None) if listing.is_some() => self.writer.buffer.truncate(start),
            (Role::Typename, _) => self.writer.buffer.truncate(start),
            (Role::Items, _) if is_within => {
                if let Some(staged) = &mut self.envelope {
                    staged.is_whole &= told == Told::Known;
                    self.writer.take_members(start, staged);
                }
            }
            (Role::Position, _) if is_within => {
                if let Some(staged) = &mut self.envelope {
                    let packed = &self.writer.buffer[start..];
                    let packed = std::str::from_utf8(packed).unwrap_or_default();
                    staged.position = crate::record::revision(crate::record::value(packed));
                }
                self.writer.buffer.truncate(start);
            }
            _ if told == Told::Unknown => self.writer.buffer.truncate(start),
            _ => self.writer.field(key, start),
        }
        Ok(())
    }

    fn close(self) -> Result<(), String> {
        if self.told < self.writer.bound.told(self.case) && !self.writer.is_strict {
            let type_name = self.writer.store.names.text(self.type_name);
            return Err(format!("a `{type_name}` lacks fields that were selected"));
        }
        match (self.kind, self.envelope) {
            (Kind::Root, _) => {
                let kind = self.writer.bound.plan.kind;
                let is_query = kind == cynic_parser::common::OperationType::Query;
                self.writer.close_root(self.open, self.case, is_query);
            }
            (_, Some(mut staged)) => {
                self.writer.close_envelope(self.open, self.case, &mut staged);
                self.writer.listings.push(staged);
            }
            _ => self.writer.close(self.open, self.case, self.type_name)?,
        }
        Ok(())
    }
}

/// A name in an answer: a slot's, or some other.
enum Key {
    Slot(usize),
    Other(String),
}

struct KeySeed<'s> {
    slots: &'s [Slot],
    next: usize,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Key;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        if self.slots.get(self.next).is_some_and(|it| *it.response == *name) {
            return Ok(Key::Slot(self.next));
        }
        let at = self.slots.iter().position(|it| *it.response == *name);
        Ok(at.map_or_else(|| Key::Other(name.to_owned()), Key::Slot))
    }
}

/// Fields that came before the type was known, as they came.
type Early<'de> = Vec<(Cow<'de, str>, &'de RawValue)>;

/// Reads as far as `__typename`, which our documents select first.
fn find_type<'de, A: MapAccess<'de>>(
    writer: &mut Writer<'_>,
    entries: &mut A,
) -> Result<(Symbol, Early<'de>), A::Error> {
    let mut early = Vec::new();
    while let Some(name) = entries.next_key::<Cow<'de, str>>()? {
        if name == "__typename" {
            let type_name = entries.next_value::<Cow<'de, str>>()?;
            return Ok((writer.store.names.intern(&type_name), early));
        }
        early.push((name, entries.next_value::<&'de RawValue>()?));
    }
    Err(A::Error::custom("`__typename` is missing where a type must be told apart"))
}

/// A scalar that is a JSON object.
fn json_object<'de, A: MapAccess<'de>>(
    writer: &mut Writer<'_>,
    mut entries: A,
) -> Result<Told, A::Error> {
    let opened = writer.buffer.open_map();
    while let Some(name) = entries.next_key::<Cow<'de, str>>()? {
        writer.buffer.text(&name);
        entries.next_value_seed(ValueSeed { writer: &mut *writer, kind: ANY, levels: &[true] })?;
    }
    writer.buffer.close(opened);
    Ok(Told::Known)
}
