//! Merging of two versions of an object: the result has the fields of both, with the newer values.

use super::{Items, Pack, ShapeId, Shapes, Symbol, Value, value};

/// How two lists of objects without identity are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListMerge {
    /// Both have the same revision, so the lists are the same: their items are merged in pairs.
    ItemByItem,
    /// The newer list replaces the older one.
    TakeNewer,
}

/// Appends the values of `old`, updated with those of `new`, to `out`. Returns their shape.
pub(crate) fn merge(
    shapes: &mut Shapes,
    old: (ShapeId, Items<'_>),
    new: (ShapeId, Items<'_>),
    lists: ListMerge,
    out: &mut Vec<u8>,
) -> ShapeId {
    let fields = |shapes: &Shapes, of: ShapeId| -> Vec<Symbol> { shapes.get(of).fields.to_vec() };
    let old_fields = fields(shapes, old.0);
    let new_fields = fields(shapes, new.0);
    let mut old_values = old.1;
    let mut new_values = new.1;
    let mut merged_fields = Vec::with_capacity(old_fields.len() + new_fields.len());
    let mut old_keys = old_fields.iter().copied().peekable();
    let mut new_keys = new_fields.iter().copied().peekable();
    loop {
        let field = match (old_keys.peek(), new_keys.peek()) {
            (Some(one), Some(other)) => *one.min(other),
            (Some(one), None) | (None, Some(one)) => *one,
            (None, None) => break,
        };
        let before = old_keys.next_if_eq(&field).and_then(|_| old_values.next_packed());
        let after = new_keys.next_if_eq(&field).and_then(|_| new_values.next_packed());
        match (before, after) {
            (Some(before), Some(after)) => merge_value(shapes, before, after, lists, out),
            (Some(only), None) | (None, Some(only)) => out.extend_from_slice(only.as_bytes()),
            (None, None) => continue,
        }
        merged_fields.push(field);
    }
    if merged_fields.len() == old_fields.len() {
        return old.0;
    }
    let type_name = shapes.get(new.0).type_name;
    shapes.intern(type_name, merged_fields.into())
}

/// Appends `old`, updated with `new`, to `out`.
///
/// Objects of the same type are merged; any other value is replaced.
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
            let mut old_items = old_items;
            let mut new_items = new_items;
            let opened = out.open_list();
            while let (Some(old), Some(new)) = (old_items.next_packed(), new_items.next_packed()) {
                merge_value(shapes, old, new, lists, out);
            }
            out.close(opened);
        }
        _ => out.extend_from_slice(new.as_bytes()),
    }
}
