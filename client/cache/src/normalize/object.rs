//! Reads one object of a response: finds the slot of each field and hands the value to the writer.

use std::fmt;

use cynic_parser::common::OperationType;
use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use super::seed::{ANY, Expectation, ValueSeed};
use super::writer::{Frame, Presence, Writer};
use super::{Segment, StagedListing};
use crate::document::{Case, Role, Slot};
use crate::record::Symbol;

/// The state of reading one object.
pub(super) struct ObjectVisit<'w, 'a, 's> {
    writer: &'w mut Writer<'a>,
    expectation: Expectation<'s>,
    case: &'s Case,
    type_name: Symbol,
    frame: Frame,
    /// The index of the slot that is expected next. Servers respond in the order of the selection.
    pub(super) next: usize,
    /// The number of selected fields read so far, without `__typename`.
    field_count: u16,
    /// The list of the collection, if the object is its envelope.
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

    /// Returns the slot with this response name.
    pub(super) fn slot(&self, name: &str) -> Option<&'s Slot> {
        self.case.slots.iter().find(|it| *it.response == *name)
    }

    /// Refuses a field that is not selected, if the writer is strict.
    pub(super) fn check_unselected(&self, name: &str) -> Result<(), String> {
        if self.writer.is_strict {
            let type_name = self.writer.store.names.text(self.type_name);
            return Err(format!("the field `{name}` of `{type_name}` is not selected"));
        }
        Ok(())
    }

    /// Reads the value of a slot, or skips it if the slot is `None` or left out.
    ///
    /// `read` gets the seed for the value.
    pub(super) fn read_value<E: Error>(
        &mut self,
        slot: Option<&'s Slot>,
        name: &str,
        read: impl FnOnce(ValueSeed<'_, 'a, '_>) -> Result<Presence, E>,
    ) -> Result<(), E> {
        let bound = self.writer.bound;
        let start = self.writer.buffer.len();
        let Some((slot, key)) = slot.and_then(|it| Some((it, bound.key(it)?))) else {
            self.check_unselected(name).map_err(E::custom)?;
            read(ValueSeed { writer: self.writer, expectation: ANY, nullability: &[true] })?;
            self.writer.buffer.truncate(start);
            return Ok(());
        };
        self.field_count += u16::from(slot.role != Role::Typename);
        let keeps_path = !self.writer.failed_paths.is_empty();
        if keeps_path {
            self.writer.path.push(Segment::Name(slot.response.clone()));
        }
        let listing = bound.listing(slot);
        let expectation = match (slot.child, listing) {
            (Some(child), Some(it)) if bound.envelope(child).is_some() => {
                Expectation::Envelope(child, it)
            }
            (Some(child), _) => Expectation::Object(child),
            (None, _) => Expectation::Leaf(slot.leaf),
        };
        // A list without an envelope is the value of the collection's field itself.
        let plain_list = listing
            .filter(|_| matches!(expectation, Expectation::Object(_)))
            .map(|it| self.writer.new_listing(it));
        let seed = ValueSeed { writer: self.writer, expectation, nullability: &slot.nullability };
        let presence = read(seed);
        if keeps_path {
            self.writer.path.pop();
        }
        match presence {
            Ok(presence) => self.store_value(slot, key, start, presence, plain_list),
            Err(error) => {
                self.writer.error_path.push(slot.response.clone());
                return Err(error);
            }
        }
        Ok(())
    }

    /// Stores the value that was packed from `start` on, by the role of its slot.
    #[inline]
    fn store_value(
        &mut self,
        slot: &Slot,
        key: Symbol,
        start: usize,
        presence: Presence,
        plain_list: Option<StagedListing>,
    ) {
        if let Some(mut staged) = plain_list {
            self.writer.take_members(start, &mut staged);
            self.writer.listings.push(staged);
            return;
        }
        match (slot.role, &mut self.envelope) {
            (Role::Collection(..), _) if self.writer.bound.listing(slot).is_some() => {
                self.writer.buffer.truncate(start);
            }
            (Role::Typename, _) => self.writer.buffer.truncate(start),
            (Role::Items, Some(staged)) => {
                staged.is_complete &= presence == Presence::Known;
                self.writer.take_members(start, staged);
            }
            (Role::Position, Some(staged)) => {
                let packed = &self.writer.buffer[start..];
                let packed = std::str::from_utf8(packed).unwrap_or_default();
                staged.position = crate::record::revision(crate::record::value(packed));
                self.writer.buffer.truncate(start);
            }
            _ if presence == Presence::Unknown => self.writer.buffer.truncate(start),
            _ => self.writer.push_field(key, start),
        }
    }

    /// Ends the object and hands it to the writer.
    pub(super) fn close(self) -> Result<(), String> {
        if self.field_count < self.writer.bound.expected_fields(self.case) && !self.writer.is_strict
        {
            let type_name = self.writer.store.names.text(self.type_name);
            return Err(format!("a `{type_name}` lacks selected fields"));
        }
        match (self.expectation, self.envelope) {
            (Expectation::Root, _) => {
                let operation_type = self.writer.bound.plan.operation_type;
                let is_query = operation_type == OperationType::Query;
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

/// A field name in a response: the index of its slot, or a name that is not selected.
pub(super) enum Key {
    Slot(usize),
    Other(String),
}

/// Reads a field name. Comparing with the expected slot first makes the usual case cheap.
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
        out.write_str("a field name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        if self.slots.get(self.next).is_some_and(|it| *it.response == *name) {
            return Ok(Key::Slot(self.next));
        }
        let at = self.slots.iter().position(|it| *it.response == *name);
        Ok(at.map_or_else(|| Key::Other(name.to_owned()), Key::Slot))
    }
}
