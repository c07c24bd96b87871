//! Comparison: whether a change of a record changes what a selection set displays.

use crate::document::Bound;
use crate::record::{Items, Record, ShapeId, Shapes, Value, value};

/// The effect of a change on a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// The view is the same.
    Nothing,
    /// Only fields that the server sets with every change differ, such as a revision.
    ServerMade,
    /// The content differs.
    Content,
}

/// Compares two records of one entity through a selection set.
pub(crate) fn compare(
    shapes: &Shapes,
    bound: &Bound,
    set: usize,
    old: Option<&Record>,
    new: Option<&Record>,
) -> Change {
    match (old, new) {
        (Some(old), Some(new)) if old.has_same_content(new) => Change::Nothing,
        (Some(old), Some(new)) => {
            let (old, new) = ((old.shape, old.values()), (new.shape, new.values()));
            objects(shapes, bound, set, old, new)
        }
        (None, None) => Change::Nothing,
        _ => Change::Content,
    }
}

fn objects(
    shapes: &Shapes,
    bound: &Bound,
    set: usize,
    old: (ShapeId, Items<'_>),
    new: (ShapeId, Items<'_>),
) -> Change {
    let (old_shape, new_shape) = (shapes.get(old.0), shapes.get(new.0));
    if old_shape.type_name != new_shape.type_name {
        return Change::Content;
    }
    let Some(case) = bound.plan.sets[set].case_of(new_shape.type_name) else {
        return Change::Nothing;
    };
    let mut change = Change::Nothing;
    let mut olds = old_shape.pairs(old.1).peekable();
    let mut news = new_shape.pairs(new.1).peekable();
    for (key, slot) in bound.stored(case) {
        while olds.next_if(|(it, _)| *it < key).is_some() {}
        while news.next_if(|(it, _)| *it < key).is_some() {}
        let old = olds.peek().filter(|(it, _)| *it == key).map(|(_, it)| *it);
        let new = news.peek().filter(|(it, _)| *it == key).map(|(_, it)| *it);
        let of_slot = match (old, new) {
            (Some(old), Some(new)) if old == new => Change::Nothing,
            (Some(_), Some(_)) if slot.is_server_made => Change::ServerMade,
            (Some(old), Some(new)) => values(shapes, bound, slot.child, old, new),
            (None, None) => Change::Nothing,
            _ => Change::Content,
        };
        change = change.max(of_slot);
        if change == Change::Content {
            break;
        }
    }
    change
}

fn values(shapes: &Shapes, bound: &Bound, child: Option<usize>, old: &str, new: &str) -> Change {
    let Some(set) = child else { return Change::Content };
    match (value(old), value(new)) {
        (Value::Object(one, old), Value::Object(other, new)) => {
            objects(shapes, bound, set, (one, old), (other, new))
        }
        (Value::List(mut old), Value::List(mut new)) => {
            let mut change = Change::Nothing;
            loop {
                match (old.next_packed(), new.next_packed()) {
                    (Some(one), Some(other)) if one == other => {}
                    (Some(one), Some(other)) => {
                        change = change.max(values(shapes, bound, child, one, other));
                    }
                    (None, None) => return change,
                    _ => return Change::Content,
                }
            }
        }
        _ => Change::Content,
    }
}
