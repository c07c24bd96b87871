//! Shapes: which fields a record holds, told once for all records that hold the same.

use hashbrown::HashMap;

use super::{Items, Symbol, Value};

/// A shape's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ShapeId(pub(crate) u32);

/// A type, and the fields that are known of it, in the order of their symbols; values lie in a record in
/// this order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub(crate) type_name: Symbol,
    pub(crate) fields: Box<[Symbol]>,
}

impl Shape {
    /// The value of `field` among `values`, as it lies there.
    pub(crate) fn find<'a>(&self, mut values: Items<'a>, field: Symbol) -> Option<&'a str> {
        let at = self.fields.binary_search(&field).ok()?;
        for _ in 0..at {
            values.next_packed()?;
        }
        values.next_packed()
    }

    /// Fields and their values.
    pub(crate) fn pairs<'v>(
        &self,
        mut values: Items<'v>,
    ) -> impl Iterator<Item = (Symbol, &'v str)> {
        self.fields.iter().map_while(move |it| Some((*it, values.next_packed()?)))
    }
}

/// Calls `visit` with every value, however deep.
pub(crate) fn walk<'v>(values: Items<'v>, visit: &mut impl FnMut(Value<'v>)) {
    for value in values {
        visit(value);
        if let Value::List(inner) | Value::Object(_, inner) | Value::Map(inner) = value {
            walk(inner, visit);
        }
    }
}

/// Every shape that was met.
#[derive(Default)]
pub(crate) struct Shapes {
    shapes: Vec<Shape>,
    numbers: HashMap<Shape, ShapeId>,
}

impl Shapes {
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

    /// Calls `found` with every entity that `values` refer to, however deep.
    pub(crate) fn visit_references(values: Items<'_>, found: &mut impl FnMut(super::EntityId)) {
        walk(values, &mut |value| {
            if let Value::Ref(to) = value {
                found(to);
            }
        });
    }
}
