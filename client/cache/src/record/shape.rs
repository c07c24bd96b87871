//! Shapes: the list of fields that a record has, shared by all records with the same fields.

use hashbrown::HashMap;

use super::{Items, Symbol, Value};

/// The number of a shape in one cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ShapeId(pub(crate) u32);

/// A type, and a list of its fields, sorted by symbol. A record has its values in this order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub(crate) type_name: Symbol,
    pub(crate) fields: Box<[Symbol]>,
}

impl Shape {
    /// Returns the packed value of `field` in `values`; `None` if the shape does not have it.
    pub(crate) fn find<'a>(&self, mut values: Items<'a>, field: Symbol) -> Option<&'a str> {
        let at = self.fields.binary_search(&field).ok()?;
        for _ in 0..at {
            values.next_packed()?;
        }
        values.next_packed()
    }

    /// Returns the fields with their packed values.
    pub(crate) fn pairs<'v>(
        &self,
        mut values: Items<'v>,
    ) -> impl Iterator<Item = (Symbol, &'v str)> {
        self.fields.iter().map_while(move |it| Some((*it, values.next_packed()?)))
    }
}

/// Calls `visit` for all values, nested ones included.
pub(crate) fn walk<'v>(values: Items<'v>, visit: &mut impl FnMut(Value<'v>)) {
    for value in values {
        visit(value);
        if let Value::List(inner) | Value::Object(_, inner) | Value::Map(inner) = value {
            walk(inner, visit);
        }
    }
}

/// The table of all shapes. Shapes are never removed.
#[derive(Default)]
pub(crate) struct Shapes {
    shapes: Vec<Shape>,
    numbers: HashMap<Shape, ShapeId>,
}

impl Shapes {
    /// Returns the number of a shape, and adds the shape if it is new.
    pub(crate) fn intern(&mut self, type_name: Symbol, fields: Box<[Symbol]>) -> ShapeId {
        let shape = Shape { type_name, fields };
        if let Some(known) = self.numbers.get(&shape) {
            return *known;
        }
        let number = ShapeId(self.shapes.len() as u32);
        self.shapes.push(shape.clone());
        self.numbers.insert(shape, number);
        number
    }

    #[inline]
    pub(crate) fn get(&self, number: ShapeId) -> &Shape {
        &self.shapes[number.0 as usize]
    }

    /// Calls `found` for all entities that `values` refer to, nested ones included.
    pub(crate) fn visit_references(values: Items<'_>, found: &mut impl FnMut(super::EntityId)) {
        walk(values, &mut |value| {
            if let Value::Ref(to) = value {
                found(to);
            }
        });
    }
}
