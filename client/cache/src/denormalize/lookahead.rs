//! Looking ahead: checks whether a value can be read, before a visitor starts with it.

use super::Reader;
use crate::document::{Case, Role};
use crate::record::{EntityId, Items, ShapeId, Value};

impl<'a> Reader<'a> {
    /// Returns whether `value` can be read through a selection set, and reports its gaps.
    ///
    /// `owner` is the entity that the value is a part of.
    pub(super) fn is_readable(
        &self,
        value: Value<'a>,
        set: Option<usize>,
        nullability: &[bool],
        owner: EntityId,
    ) -> bool {
        match value {
            Value::Ref(entity) => match self.view.record(entity) {
                Some(record) => self.is_object_readable(set, record.shape, record.values(), entity),
                None => {
                    if !self.view.is_deleted(entity) {
                        self.add_entity_gaps(entity, set);
                    }
                    false
                }
            },
            Value::Object(shape, values) => self.is_object_readable(set, shape, values, owner),
            // Items that cannot be read are left out of the list.
            Value::List(_) | Value::Map(_) => true,
            Value::Null => nullability.first().copied().unwrap_or(true),
            _ => true,
        }
    }

    /// Returns whether all fields that cannot be null can be read, and reports the gaps.
    fn is_object_readable(
        &self,
        set: Option<usize>,
        shape: ShapeId,
        values: Items<'a>,
        owner: EntityId,
    ) -> bool {
        let shape = self.view.base.store.shapes.get(shape);
        let case = set.and_then(|it| self.bound.plan.sets[it].case_of(shape.type_name));
        let Some(case) = case else { return true };
        let mut is_readable = true;
        for (key, slot) in self.bound.stored(case) {
            let is_nullable = slot.nullability.first().copied().unwrap_or(true);
            let Some(packed) = shape.find(values, key) else {
                if !is_nullable {
                    self.add_field_gap(owner, key);
                    is_readable = false;
                }
                continue;
            };
            if is_nullable || slot.child.is_none() {
                continue;
            }
            let value = crate::record::value(packed);
            is_readable &= self.is_readable(value, slot.child, &slot.nullability, owner);
        }
        is_readable && self.lists_are_readable(case)
    }

    /// Returns whether all selected fields are known, those that can be null included.
    pub(crate) fn is_fully_known(&self, value: Value<'a>, set: Option<usize>) -> bool {
        let (shape, mut values) = match value {
            Value::Ref(entity) => match self.view.record(entity) {
                Some(record) => (record.shape, record.values()),
                None => return self.view.is_deleted(entity),
            },
            Value::Object(shape, values) => (shape, values),
            Value::List(mut items) => return items.all(|it| self.is_fully_known(it, set)),
            _ => return true,
        };
        let shape = self.view.base.store.shapes.get(shape);
        let case = set.and_then(|it| self.bound.plan.sets[it].case_of(shape.type_name));
        let Some(case) = case else { return true };
        let mut selected = self.bound.stored(case).peekable();
        // Both are sorted by key.
        for field in &shape.fields {
            let Some(packed) = values.next_packed() else { return false };
            while let Some((_, slot)) = selected.next_if(|(key, _)| key == field) {
                if slot.child.is_some()
                    && !self.is_fully_known(crate::record::value(packed), slot.child)
                {
                    return false;
                }
            }
            if selected.peek().is_some_and(|(key, _)| key < field) {
                return false;
            }
        }
        selected.peek().is_none()
    }

    /// Returns whether the envelopes of all lists can be read. The lists themselves always can.
    fn lists_are_readable(&self, case: &Case) -> bool {
        let mut listings = case.slots.iter().filter(|it| matches!(it.role, Role::Collection(..)));
        listings.all(|slot| {
            let Some(listing) = self.bound.listing(slot) else { return true };
            let scope = listing.scope.as_deref().unwrap_or_default();
            let Some(child) = slot.child.filter(|it| self.bound.envelope(*it).is_some()) else {
                return true;
            };
            let envelope = self.view.base.find_envelope(listing.collection, scope);
            let record = envelope.and_then(|it| Some((it, self.view.record(it)?)));
            record.is_none_or(|(entity, it)| {
                self.is_object_readable(Some(child), it.shape, it.values(), entity)
            })
        })
    }

    /// Reports all selected fields of an entity of which nothing is known.
    pub(super) fn add_entity_gaps(&self, entity: EntityId, set: Option<usize>) {
        let type_name = self.view.base.type_name(entity);
        let case = set.and_then(|it| self.bound.plan.sets[it].case_of(type_name));
        for (key, _) in case.into_iter().flat_map(|it| self.bound.stored(it)) {
            self.add_field_gap(entity, key);
        }
    }
}
