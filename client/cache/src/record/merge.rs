//! Two accounts of one thing become one: the fields of both, and where both have it, the newer value.

use super::{Items, Pack, ShapeId, Shapes, Symbol, Value, value};

/// What becomes of two lists of objects without identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListMerge {
    /// They are of the same revision, so the same list: their items are merged one by one.
    ItemByItem,
    /// The newer one stands.
    TakeNewer,
}

/// Appends the values of `old` with those of `new` over them to `out`, and returns their shape.
pub(crate) fn merge(
    shapes: &mut Shapes,
    old: (ShapeId, Items<'_>),
    new: (ShapeId, Items<'_>),
    lists: ListMerge,
    out: &mut Vec<u8>,
) -> ShapeId {
    let fields = |shapes: &Shapes, of: ShapeId| -> Vec<Symbol> { shapes.get(of).fields.to_vec() };
    let (old_fields, new_fields) = (fields(shapes, old.0), fields(shapes, new.0));
    let (mut old_values, mut new_values) = (old.1, new.1);
    let mut all = Vec::with_capacity(old_fields.len() + new_fields.len());
    let mut olds = old_fields.iter().copied().peekable();
    let mut news = new_fields.iter().copied().peekable();
    loop {
        let field = match (olds.peek(), news.peek()) {
            (Some(one), Some(other)) => *one.min(other),
            (Some(one), None) | (None, Some(one)) => *one,
            (None, None) => break,
        };
        let before = olds.next_if_eq(&field).and_then(|_| old_values.next_packed());
        let after = news.next_if_eq(&field).and_then(|_| new_values.next_packed());
        match (before, after) {
            (Some(before), Some(after)) => merge_value(shapes, before, after, lists, out),
            (Some(only), None) | (None, Some(only)) => out.extend_from_slice(only.as_bytes()),
            (None, None) => continue,
        }
        all.push(field);
    }
    if all.len() == old_fields.len() {
        return old.0;
    }
    let type_name = shapes.get(new.0).type_name;
    shapes.intern(type_name, all.into())
}

/// Appends `old` with `new` over it: objects of one type are merged, everything else is replaced.
pub(crate) fn merge_value(
    shapes: &mut Shapes,
    old: &str,
    new: &str,
    lists: ListMerge,
    out: &mut Vec<u8>,
) {
    if old == new {
        out.extend_from_slice(new.as_bytes());
        return;
    }
    match (value(old), value(new)) {
        (Value::Object(one, old), Value::Object(other, new))
            if shapes.get(one).type_name == shapes.get(other).type_name =>
        {
            let mut values = Vec::new();
            let shape = merge(shapes, (one, old), (other, new), lists, &mut values);
            let opened = out.open_object(shape);
            out.append(&mut values);
            out.close(opened);
        }
        (Value::List(old_items), Value::List(new_items))
            if lists == ListMerge::ItemByItem && old_items.count() == new_items.count() =>
        {
            let (mut old_items, mut new_items) = (old_items, new_items);
            let opened = out.open_list();
            while let (Some(old), Some(new)) = (old_items.next_packed(), new_items.next_packed()) {
                merge_value(shapes, old, new, lists, out);
            }
            out.close(opened);
        }
        _ => out.extend_from_slice(new.as_bytes()),
    }
}
