//! The writer: builds records from the fields of a response, in the order in which they arrive.
//!
//! Values are packed into one buffer that is used as a stack. The values of an object are on top of
//! it until the object ends. Then they become a record, or a value of the parent if the object has
//! no identity. A record that equals the one in the base costs no allocation.

use std::sync::Arc;

use hashbrown::HashMap;

use super::{ErrorPath, Segment, StagedListing, StagedRecord};
use crate::document::{Bound, Case, Listing};
use crate::record::{
    EntityId, Items, Pack, QUERY, Record, ShapeId, Store, Symbol, Value, to_boxed_str,
};

/// The state of parsing one response.
pub(super) struct Writer<'a> {
    pub(super) store: &'a mut Store,
    pub(super) bound: &'a Bound,
    /// Whether a field that is not selected is an error. Predictions are strict; responses are not.
    pub(super) is_strict: bool,
    /// The paths of the server's errors: a null there means "failed".
    pub(super) failed_paths: &'a [ErrorPath],
    /// The current path; maintained only if `failed_paths` is not empty.
    pub(super) path: Vec<Segment>,
    /// The names of the fields around an error, innermost first.
    pub(super) error_path: Vec<Arc<str>>,
    /// The packed values of all open objects.
    pub(super) buffer: Vec<u8>,
    /// The fields of all open objects: the key, and where its value starts and ends in `buffer`.
    pub(super) fields: Vec<(Symbol, usize, usize)>,
    pub(super) records: Vec<StagedRecord>,
    pub(super) listings: Vec<StagedListing>,
    pub(super) new_entities: Vec<EntityId>,
    /// The latest shape of each case, with its fields. The next object nearly always has it too.
    shapes: HashMap<u32, (Vec<Symbol>, ShapeId)>,
}

/// The sizes of the writer's stacks when an object was opened.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) buffer: usize,
    fields: usize,
    listings: usize,
}

/// Whether a value is known. It is unknown if the server reported an error for it.
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

    /// Writes a null, unless an error of the server is the reason for it.
    pub(super) fn write_null(&mut self) -> Presence {
        let is_failure = |it: &ErrorPath| it.len() >= self.path.len() && it.starts_with(&self.path);
        if self.failed_paths.iter().any(is_failure) {
            return Presence::Unknown;
        }
        self.buffer.null();
        Presence::Known
    }

    /// Notes that the value from `start` to the top of the buffer belongs to the field `key`.
    pub(super) fn push_field(&mut self, key: Symbol, start: usize) {
        self.fields.push((key, start, self.buffer.len()));
    }

    /// Ends an object. An entity is staged and leaves a reference; any other object stays a value.
    ///
    /// # Errors
    ///
    /// The object is an entity without its key field.
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
                return Err(format!("a `{type_name}` lacks its key field `{key}`"));
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

    /// Ends the root object. The root of a query is stored; those of other operations are not.
    pub(super) fn close_root(&mut self, frame: Frame, case: &Case, is_query: bool) {
        if is_query {
            let shape = self.arrange(frame, case.number, case.type_name);
            self.stage(QUERY, shape, None, frame.buffer);
        }
        self.buffer.truncate(frame.buffer);
        self.fields.truncate(frame.fields);
    }

    /// Ends the envelope of a collection's list. Its other fields are stored for the scope.
    pub(super) fn close_envelope(&mut self, frame: Frame, case: &Case, staged: &mut StagedListing) {
        let shape = self.arrange(frame, case.number, case.type_name);
        let packed = to_boxed_str(&self.buffer[frame.buffer..]);
        staged.envelope = Some(Record { shape, revision: None, packed });
        self.buffer.truncate(frame.buffer);
    }

    /// Moves the list from `start` to the top of the buffer into the collection's members.
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

    /// Starts a list of a collection at the current path.
    pub(super) fn new_listing(&self, listing: &Arc<Listing>) -> StagedListing {
        StagedListing {
            listing: listing.clone(),
            scope: listing.scope.clone(),
            position: None,
            members: Vec::new(),
            envelope: None,
            // An error at or below this path: a member may be missing.
            is_complete: !self.failed_paths.iter().any(|it| it.starts_with(&self.path)),
        }
    }

    /// Returns the entity that the key field names, and whether it is new.
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

    /// Returns the revision in the given field of the object.
    fn revision(&self, frame: Frame, field: Symbol) -> Option<u64> {
        let (_, start, end) = *self.fields[frame.fields..].iter().find(|(it, ..)| *it == field)?;
        let packed = std::str::from_utf8(&self.buffer[start..end]).ok()?;
        crate::record::revision(crate::record::value(packed))
    }

    /// Orders the values of an object as its shape does, and returns the shape.
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
        // A field that was selected under two aliases occurs twice; one of them is stored.
        fields.dedup_by_key(|(key, ..)| *key);
        let values = self.buffer.split_off(frame.buffer);
        for (key, start, end) in fields {
            let from = self.buffer.len();
            self.buffer.extend_from_slice(&values[start - frame.buffer..end - frame.buffer]);
            self.fields.push((key, from, self.buffer.len()));
        }
    }

    /// Stages the values from `start` to the top of the buffer as the record of `entity`.
    fn stage(&mut self, entity: EntityId, shape: ShapeId, revision: Option<u64>, start: usize) {
        let packed = &self.buffer[start..];
        let is_stored = self.store.entities.record(entity).is_some_and(|it| {
            it.shape == shape && it.revision == revision && it.packed.as_bytes() == packed
        });
        let record = (!is_stored).then(|| Record { shape, revision, packed: to_boxed_str(packed) });
        self.records.push(StagedRecord { entity, record });
    }

    /// Sets the scope of lists without one: the entity `parent`, which contains them.
    fn assign_scope(&mut self, frame: Frame, parent: EntityId) {
        for listing in &mut self.listings[frame.listings..] {
            if listing.scope.is_none() {
                listing.scope = Some(self.store.entities.get(parent).key.clone());
            }
        }
    }
}
