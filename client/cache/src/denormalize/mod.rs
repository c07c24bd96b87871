//! Denormalizing: reads records directly into the fragment's `Deserialize`, without a JSON tree.
//!
//! The first attempt assumes that all fields are known, as they nearly always are. It stops at a
//! missing field that cannot be null. Then a second attempt looks ahead: an object that cannot be
//! read is left out of its list, or becomes null where that is allowed.
//!
//! The modules `entity`, `object` and `value` call each other: an entity is an object, an object
//! has values, and a value can be an entity.

mod entity;
mod lookahead;
mod object;
mod value;

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;

use hashbrown::HashMap;
use serde::de::DeserializeOwned;

use crate::collections::{Span, members_in_range};
use crate::document::{Bound, Listing};
use crate::record::QUERY;
use crate::record::{EntityId, Symbol};
use crate::rules::Rules;
use crate::shared::{AnyArc, Shared};
use crate::view::{EntityKey, Gap, Gaps, ReadView, ScopedRange, View};
use object::RootDeserializer;

/// An entity, and the index of the selection set through which it is read.
pub(crate) type Node = (EntityId, usize);

/// The allocations of earlier views that are still up to date.
pub(crate) type Memo = HashMap<Node, AnyArc>;

/// A list of a collection that a watch maintains.
pub(crate) struct Members<'a> {
    /// The indices of the listed items, in order.
    pub(crate) order: &'a [u32],
    pub(crate) items: &'a [Item],
}

/// A member of a list that a watch maintains.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) interval: Span,
    pub(crate) entity: EntityId,
    /// The member's allocation in the last view; empty if it must be read again.
    pub(crate) allocation: OnceCell<AnyArc>,
}

/// Finds the list that a watch maintains for a listing and a scope.
pub(crate) type FindList<'a> = &'a dyn Fn(&Listing, &str) -> Option<Members<'a>>;

/// Reads one operation, and collects the gaps: fields and ranges that are not known.
pub(crate) struct Reader<'a> {
    pub(crate) view: ReadView<'a>,
    pub(crate) rules: &'a Rules,
    pub(crate) bound: &'a Bound,
    pub(crate) memo: Option<&'a RefCell<Memo>>,
    pub(crate) find_list: FindList<'a>,
    /// Whether this is the second attempt, which checks each object before it is read.
    looks_ahead: Cell<bool>,
    gaps: RefCell<Vec<Gap>>,
}

/// The maximum number of gaps that a view reports.
const MAX_GAPS: usize = 1_000;

impl<'a> Reader<'a> {
    pub(crate) fn new(
        view: ReadView<'a>,
        rules: &'a Rules,
        bound: &'a Bound,
        memo: Option<&'a RefCell<Memo>>,
        find_list: FindList<'a>,
    ) -> Self {
        let looks_ahead = Cell::new(false);
        let gaps = RefCell::default();
        Self { view, rules, bound, memo, find_list, looks_ahead, gaps }
    }

    /// Reads the whole operation.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> View<T> {
        let first = T::deserialize(RootDeserializer { reader: self });
        let result = match first {
            Err(error) if error.is_missing => {
                self.gaps.borrow_mut().clear();
                self.looks_ahead.set(true);
                T::deserialize(RootDeserializer { reader: self })
            }
            other => other,
        };
        let mut gaps = self.gaps.take();
        gaps.dedup();
        let gaps: Gaps = gaps.into();
        match result {
            Ok(data) if gaps.is_empty() => View::Complete(Shared::new(data)),
            Ok(data) => View::Partial(Shared::new(data), gaps),
            Err(error) if error.is_missing => View::Missing(gaps),
            Err(error) => View::Missing([Gap::Unreadable(error.to_string())].into()),
        }
    }

    /// Reports that a field of an entity is not known.
    fn add_field_gap(&self, entity: EntityId, key: Symbol) {
        let base = self.view.base;
        let field = base.store.names.text(key).to_string();
        self.add_gap(Gap::Field { entity: EntityKey::of(base, entity), field });
    }

    fn add_gap(&self, gap: Gap) {
        let mut gaps = self.gaps.borrow_mut();
        if gaps.len() < MAX_GAPS {
            gaps.push(gap);
        }
    }

    fn gap_count(&self) -> usize {
        self.gaps.borrow().len()
    }

    /// Reports the parts of a listing's range that are not covered.
    fn add_range_gaps(&self, listing: &Listing, scope: &str) {
        let range = Span { start: listing.start, end: listing.end };
        let scopes = &self.view.base.scopes;
        let uncovered = match scopes.find(listing.collection, scope) {
            Some(it) => scopes.get(it).coverage.uncovered(range, &listing.fields, true),
            None => vec![range],
        };
        for span in uncovered {
            self.add_gap(Gap::Range(ScopedRange {
                member: self.rules.collections[listing.collection].member.clone(),
                scope: scope.to_owned(),
                start: span.start,
                end: span.end,
            }));
        }
    }

    /// Computes the members of a listing, for reads without a watch.
    fn members(&self, listing: &Listing, scope: &str) -> Vec<(Span, EntityId)> {
        let base = self.view.base;
        let Some(scope) = base.scopes.find(listing.collection, scope) else { return Vec::new() };
        let range = Span { start: listing.start, end: listing.end };
        members_in_range(base.scopes.get(scope), range, |it| &base.store.entities.get(it).key)
    }

    /// Returns the key of a listing's scope. `parent` is the entity that has the listing's field.
    fn scope_of(&self, listing: &'a Listing, parent: EntityId) -> &'a str {
        match &listing.scope {
            Some(scope) => scope,
            None if parent == QUERY => "",
            None => &self.view.base.store.entities.get(parent).key,
        }
    }
}

/// The reason why a read failed.
#[derive(Debug)]
pub(crate) struct ReadError {
    /// Whether a value is not known. Otherwise it does not have the type that the fragment expects.
    is_missing: bool,
    message: String,
}

impl ReadError {
    fn missing() -> Self {
        Self { is_missing: true, message: String::new() }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_missing {
            out.write_str("a field is not known")
        } else {
            out.write_str(&self.message)
        }
    }
}

impl std::error::Error for ReadError {}

impl serde::de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { is_missing: false, message: message.to_string() }
    }
}
