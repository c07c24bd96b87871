//! One object of a response.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use super::seed::{ANY, Expectation, ValueSeed};
use super::writer::{Frame, Presence, Writer};
use super::{Segment, StagedListing};
use crate::document::{Case, Role, Slot};
use crate::record::Symbol;

/// An object on its way in.
pub(super) struct ObjectVisit<'w, 'a, 's> {
    writer: &'w mut Writer<'a>,
    expectation: Expectation<'s>,
    case: &'s Case,
    type_name: Symbol,
    frame: Frame,
    /// The slot that is expected next: servers answer in the order of the selection.
    pub(super) next: usize,
    /// How many fields have come, but for `__typename`.
    field_count: u16,
    envelope: Option<StagedListing>,
}

impl<'w, 'a: 's, 's> ObjectVisit<'w, 'a, 's> {
    pub(super) fn new(
        writer: &'w mut Writer<'a>,
        expectation: Expectation<'s>,
        case: &'s Case,
        type_name: Symbol,
    ) -> Self {
        let envelope = match expectation {
            Expectation::Envelope(_, listing) => Some(writer.new_listing(listing)),
            _ => None,
        };
        let frame = writer.open_frame();
        Self { writer, expectation, case, type_name, frame, next: 0, field_count: 0, envelope }
    }

    pub(super) fn slot(&self, name: &str) -> Option<&'s Slot> {
        self.case.slots.iter().find(|it| *it.response == *name)
    }

    pub(super) fn other(&self, name: &str) -> Result<(), String> {
        if self.writer.is_strict {
            let type_name = self.writer.store.names.text(self.type_name);
            return Err(format!("`{name}` is not selected of `{type_name}`"));
        }
        Ok(())
    }

    /// Takes the value of a slot; `take` is given the seed for it.
    pub(super) fn value<E: Error>(
        &mut self,
        slot: Option<&'s Slot>,
        name: &str,
        take: impl FnOnce(ValueSeed<'_, 'a, '_>) -> Result<Presence, E>,
    ) -> Result<(), E> {
        let bound = self.writer.bound;
        let Some((slot, key)) = slot.and_then(|it| Some((it, bound.key(it)?))) else {
            self.other(name).map_err(E::custom)?;
            let start = self.writer.buffer.len();
            take(ValueSeed { writer: self.writer, expectation: ANY, nullability: &[true] })?;
            self.writer.buffer.truncate(start);
            return Ok(());
        };
        self.field_count += u16::from(slot.role != Role::Typename);
        let keeps_path = !self.writer.failed_paths.is_empty();
        if keeps_path {
            self.writer.path.push(Segment::Name(slot.response.clone()));
        }
        let start = self.writer.buffer.len();
        let listing = bound.listing(slot);
        let expectation = match (slot.child, listing) {
            (Some(child), Some(it)) if bound.envelope(child).is_some() => {
                Expectation::Envelope(child, it)
            }
            (Some(child), _) => Expectation::Object(child),
            (None, _) => Expectation::Leaf(slot.leaf),
        };
        let mut direct = listing
            .filter(|_| matches!(expectation, Expectation::Object(_)))
            .map(|it| self.writer.new_listing(it));
        let told =
            take(ValueSeed { writer: self.writer, expectation, nullability: &slot.nullability });
        if keeps_path {
            self.writer.path.pop();
        }
        let told = match told {
            Ok(told) => told,
            Err(error) => {
                self.writer.error_path.push(slot.response.clone());
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
                    staged.is_complete &= told == Presence::Known;
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
            _ if told == Presence::Unknown => self.writer.buffer.truncate(start),
            _ => self.writer.push_field(key, start),
        }
        Ok(())
    }

    pub(super) fn close(self) -> Result<(), String> {
        if self.field_count < self.writer.bound.expected_fields(self.case) && !self.writer.is_strict
        {
            let type_name = self.writer.store.names.text(self.type_name);
            return Err(format!("a `{type_name}` lacks fields that were selected"));
        }
        match (self.expectation, self.envelope) {
            (Expectation::Root, _) => {
                let kind = self.writer.bound.plan.kind;
                let is_query = kind == cynic_parser::common::OperationType::Query;
                self.writer.close_root(self.frame, self.case, is_query);
            }
            (_, Some(mut staged)) => {
                self.writer.close_envelope(self.frame, self.case, &mut staged);
                self.writer.listings.push(staged);
            }
            _ => self.writer.close(self.frame, self.case, self.type_name)?,
        }
        Ok(())
    }
}

/// A name in an answer: a slot's, or some other.
pub(super) enum Key {
    Slot(usize),
    Other(String),
}

pub(super) struct KeySeed<'s> {
    pub(super) slots: &'s [Slot],
    pub(super) next: usize,
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
