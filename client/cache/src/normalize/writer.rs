//! The writer: fields of an answer, as they come, become records.
//!
//! Values are packed into one buffer that is used as a stack: an object's values are on top of it until
//! the object ends. Then they are a record (or, without identity, a value of the parent). A record that
//! says what the base says already costs no allocation.

use std::sync::Arc;

use hashbrown::HashMap;

use super::{ErrorPath, Segment, StagedListing, StagedRecord};
use crate::document::{Bound, Case, Listing};
use crate::record::{
    EntityId, Items, Pack, QUERY, Record, ShapeId, Store, Symbol, Value, to_boxed_str,
};

/// Where an answer is taken apart.
pub(super) struct Writer<'a> {
    pub(super) store: &'a mut Store,
    pub(super) bound: &'a Bound,
    /// A field that is not selected is an error, as in a prediction; in an answer it is passed over.
    pub(super) is_strict: bool,
    /// Places where the server said that null means "I could not".
    pub(super) failed_paths: &'a [ErrorPath],
    /// Where we are, kept only if something has failed_paths.
    pub(super) path: Vec<Segment>,
    /// Where something did not fit, from the inside out.
    pub(super) error_path: Vec<Arc<str>>,
    pub(super) buffer: Vec<u8>,
    /// The fields of the objects that are open: key, and where its value begins and ends.
    pub(super) fields: Vec<(Symbol, usize, usize)>,
    pub(super) records: Vec<StagedRecord>,
    pub(super) listings: Vec<StagedListing>,
    pub(super) new_entities: Vec<EntityId>,
    /// The shape that a case had last, with its fields: nearly always the next one's too.
    shapes: HashMap<u32, (Vec<Symbol>, ShapeId)>,
}

/// An object that is open.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) buffer: usize,
    fields: usize,
    listings: usize,
}

/// Whether a value is known, or null in place of what failed_paths.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Known,
    Unknown,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        store: &'a mut Store,
        bound: &'a Bound,
        failed_paths: &'a [ErrorPath],
        is_strict: bool,
    ) -> Self {
        Self {
            store,
            bound,
            is_strict,
            failed_paths,
            path: Vec::new(),
            error_path: Vec::new(),
            buffer: Vec::with_capacity(1_024),
            fields: Vec::new(),
            records: Vec::new(),
            listings: Vec::new(),
            new_entities: Vec::new(),
            shapes: HashMap::new(),
        }
    }

    pub(super) fn open_frame(&self) -> Frame {
        Frame {
            buffer: self.buffer.len(),
            fields: self.fields.len(),
            listings: self.listings.len(),
        }
    }

    /// Null: is it a value, or did something fail here?
    pub(super) fn write_null(&mut self) -> Presence {
        let is_failure = |it: &ErrorPath| it.len() >= self.path.len() && it.starts_with(&self.path);
        if self.failed_paths.iter().any(is_failure) {
            return Presence::Unknown;
        }
        self.buffer.null();
        Presence::Known
    }

    /// The value on top of the buffer, from `start`, is that of the field `key`.
    pub(super) fn push_field(&mut self, key: Symbol, start: usize) {
        self.fields.push((key, start, self.buffer.len()));
    }

    /// The object ends. It becomes a reference if it is an entity, else a value.
    ///
    /// Returns what is error_path with it.
    pub(super) fn close(
        &mut self,
        frame: Frame,
        case: &Case,
        type_name: Symbol,
    ) -> Result<(), String> {
        let key = case.entity.and_then(|it| self.intern_entity(frame, type_name, it.key));
        match (key, case.entity) {
            (Some((key, is_new)), Some(rule)) => {
                self.assign_scope(frame, key);
                if is_new {
                    self.new_entities.push(key);
                }
                let revision = rule.revision.and_then(|it| self.revision(frame, it));
                let shape = self.arrange(frame, case.number, type_name);
                self.stage(key, shape, revision, frame.buffer);
                self.buffer.truncate(frame.buffer);
                self.buffer.reference(key);
            }
            (None, Some(rule)) => {
                let type_name = self.store.names.text(type_name);
                let key = self.store.names.text(rule.key);
                return Err(format!("a `{type_name}` has no `{key}`, which names it"));
            }
            _ => {
                let shape = self.arrange(frame, case.number, type_name);
                let values = self.buffer.split_off(frame.buffer);
                let opened = self.buffer.open_object(shape);
                self.buffer.extend_from_slice(&values);
                self.buffer.close(opened);
            }
        }
        Ok(())
    }

    /// The root of a query is a record of its own; those of mutations and subscriptions say nothing
    /// that lasts.
    pub(super) fn close_root(&mut self, frame: Frame, case: &Case, is_query: bool) {
        if is_query {
            let shape = self.arrange(frame, case.number, case.type_name);
            self.stage(QUERY, shape, None, frame.buffer);
        }
        self.buffer.truncate(frame.buffer);
        self.fields.truncate(frame.fields);
    }

    /// The object in which a collection's list is: its own fields are kept for the scope.
    pub(super) fn close_envelope(&mut self, frame: Frame, case: &Case, staged: &mut StagedListing) {
        let shape = self.arrange(frame, case.number, case.type_name);
        let packed = to_boxed_str(&self.buffer[frame.buffer..]);
        staged.envelope = Some(Record { shape, revision: None, packed });
        self.buffer.truncate(frame.buffer);
    }

    /// The list on top of the buffer, from `start`, are the members of a collection.
    pub(super) fn take_members(&mut self, start: usize, staged: &mut StagedListing) {
        let packed = to_boxed_str(&self.buffer[start..]);
        if let Some(Value::List(items)) = Items::new(&packed).next() {
            staged.members = items
                .filter_map(|it| match it {
                    Value::Ref(member) => Some(member),
                    _ => None,
                })
                .collect();
            staged.is_complete &= items.count() == staged.members.len();
        } else {
            staged.is_complete = false;
        }
        self.buffer.truncate(start);
    }

    pub(super) fn new_listing(&self, listing: &Arc<Listing>) -> StagedListing {
        StagedListing {
            listing: listing.clone(),
            scope: listing.scope.clone(),
            position: None,
            members: Vec::new(),
            envelope: None,
            // Something failed_paths at or below this place: the list may lack what failed_paths.
            is_complete: !self.failed_paths.iter().any(|it| it.starts_with(&self.path)),
        }
    }

    fn intern_entity(
        &mut self,
        frame: Frame,
        type_name: Symbol,
        key: Symbol,
    ) -> Option<(EntityId, bool)> {
        let (_, start, end) =
            *self.fields[frame.fields..].iter().find(|(field, ..)| *field == key)?;
        let packed = std::str::from_utf8(&self.buffer[start..end]).ok()?;
        match crate::record::value(packed) {
            Value::Text(text) => Some(self.store.entities.intern(type_name, text)),
            Value::Int(number) => Some(self.store.entities.intern(type_name, &number.to_string())),
            _ => None,
        }
    }

    fn revision(&self, frame: Frame, field: Symbol) -> Option<u64> {
        let (_, start, end) = *self.fields[frame.fields..].iter().find(|(it, ..)| *it == field)?;
        let packed = std::str::from_utf8(&self.buffer[start..end]).ok()?;
        crate::record::revision(crate::record::value(packed))
    }

    /// Puts the values of an object in the order of its shape.
    fn arrange(&mut self, frame: Frame, case: u32, type_name: Symbol) -> ShapeId {
        let is_in_order = self.fields[frame.fields..].windows(2).all(|pair| pair[0].0 < pair[1].0);
        if !is_in_order {
            self.sort(frame);
        }
        let fields = &self.fields[frame.fields..];
        if let Some((known, shape)) = self.shapes.get(&case) {
            let is_same = known.iter().eq(fields.iter().map(|(key, ..)| key));
            if is_same && self.store.shapes.get(*shape).type_name == type_name {
                self.fields.truncate(frame.fields);
                return *shape;
            }
        }
        let keys: Vec<Symbol> = fields.iter().map(|(key, ..)| *key).collect();
        let shape = self.store.shapes.intern(type_name, keys.clone().into());
        self.shapes.insert(case, (keys, shape));
        self.fields.truncate(frame.fields);
        shape
    }

    fn sort(&mut self, frame: Frame) {
        let mut fields = self.fields.split_off(frame.fields);
        fields.sort_by_key(|(key, ..)| *key);
        // One field under two names is told twice and kept once.
        fields.dedup_by_key(|(key, ..)| *key);
        let values = self.buffer.split_off(frame.buffer);
        for (key, start, end) in fields {
            let from = self.buffer.len();
            self.buffer.extend_from_slice(&values[start - frame.buffer..end - frame.buffer]);
            self.fields.push((key, from, self.buffer.len()));
        }
    }

    fn stage(&mut self, entity: EntityId, shape: ShapeId, revision: Option<u64>, start: usize) {
        let packed = &self.buffer[start..];
        let is_held = self.store.entities.record(entity).is_some_and(|it| {
            it.shape == shape && it.revision == revision && it.packed.as_bytes() == packed
        });
        let record = (!is_held).then(|| Record { shape, revision, packed: to_boxed_str(packed) });
        self.records.push(StagedRecord { entity, record });
    }

    /// Listings whose scope is the entity that has just been told.
    fn assign_scope(&mut self, frame: Frame, parent: EntityId) {
        for listing in &mut self.listings[frame.listings..] {
            if listing.scope.is_none() {
                listing.scope = Some(self.store.entities.get(parent).key.clone());
            }
        }
    }
}
