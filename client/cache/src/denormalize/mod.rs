//! Denormalizing: records drive the fragment's own `Deserialize`, without a tree in between.
//!
//! The first attempt takes for granted that all is there, as it nearly always is. Where a field is missing that
//! cannot be null it stops, and the second attempt looks ahead: what cannot be read is left out of its
//! list, or null where that is allowed.

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

/// An entity as a selection set sees it.
pub(crate) type Node = (EntityId, usize);

/// Allocations of earlier views that still hold.
pub(crate) type Memo = HashMap<Node, AnyArc>;

/// A list that a watch keeps in order.
pub(crate) struct Members<'a> {
    pub(crate) order: &'a [u32],
    pub(crate) items: &'a [Item],
}

/// A member of a list that a watch keeps.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) interval: Span,
    pub(crate) entity: EntityId,
    /// The allocation of it in the last view.
    pub(crate) kept: OnceCell<AnyArc>,
}

/// Finds the list that a watch keeps for a listing.
pub(crate) type FindList<'a> = &'a dyn Fn(&Listing, &str) -> Option<Members<'a>>;

/// What a read looks at, and what it finds out.
pub(crate) struct Reader<'a> {
    pub(crate) view: ReadView<'a>,
    pub(crate) rules: &'a Rules,
    pub(crate) bound: &'a Bound,
    pub(crate) memo: Option<&'a RefCell<Memo>>,
    pub(crate) find_list: FindList<'a>,
    /// Whether to look ahead for what is missing.
    looks_ahead: Cell<bool>,
    lacks: RefCell<Vec<Gap>>,
}

/// More is not told of what a view lacks.
const MAX_GAPS: usize = 1_000;

impl<'a> Reader<'a> {
    pub(crate) fn new(
        view: ReadView<'a>,
        rules: &'a Rules,
        bound: &'a Bound,
        memo: Option<&'a RefCell<Memo>>,
        find_list: FindList<'a>,
    ) -> Self {
        let (looks_ahead, lacks) = (Cell::new(false), RefCell::default());
        Self { view, rules, bound, memo, find_list, looks_ahead, lacks }
    }

    /// Reads the whole operation.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> View<T> {
        let first = T::deserialize(RootDeserializer { reader: self });
        let done = match first {
            Err(error) if error.is_missing => {
                self.lacks.borrow_mut().clear();
                self.looks_ahead.set(true);
                T::deserialize(RootDeserializer { reader: self })
            }
            other => other,
        };
        let mut lacks = self.lacks.take();
        lacks.dedup();
        let missing: Gaps = lacks.into();
        match done {
            Ok(data) if missing.is_empty() => View::Complete(Shared::new(data)),
            Ok(data) => View::Partial(Shared::new(data), missing),
            Err(error) if error.is_missing => View::Missing(missing),
            Err(error) => View::Missing([Gap::Unreadable(error.to_string())].into()),
        }
    }

    /// A field that is not known.
    fn lack(&self, entity: EntityId, key: Symbol) {
        let base = self.view.base;
        let field = base.store.names.text(key).to_string();
        self.note(Gap::Field { entity: EntityKey::of(base, entity), field });
    }

    fn note(&self, lack: Gap) {
        let mut lacks = self.lacks.borrow_mut();
        if lacks.len() < MAX_GAPS {
            lacks.push(lack);
        }
    }

    fn lacks(&self) -> usize {
        self.lacks.borrow().len()
    }

    /// What of a listing's range is not covered.
    fn lack_stretches(&self, listing: &Listing, scope: &str) {
        let range = Span { start: listing.start, end: listing.end };
        let scopes = &self.view.base.scopes;
        let uncovered = match scopes.find(listing.collection, scope) {
            Some(it) => scopes.get(it).coverage.uncovered(range, &listing.fields, true),
            None => vec![range],
        };
        for span in uncovered {
            self.note(Gap::Range(ScopedRange {
                member: self.rules.collections[listing.collection].member.clone(),
                scope: scope.to_owned(),
                start: span.start,
                end: span.end,
            }));
        }
    }

    /// The members of a range, where no watch keeps them.
    fn members(&self, listing: &Listing, scope: &str) -> Vec<(Span, EntityId)> {
        let base = self.view.base;
        let Some(scope) = base.scopes.find(listing.collection, scope) else { return Vec::new() };
        let range = Span { start: listing.start, end: listing.end };
        members_in_range(base.scopes.get(scope), range, |it| &base.store.entities.get(it).key)
    }

    /// The key of the scope that a listing below `parent` is of.
    fn scope_of(&self, listing: &'a Listing, parent: EntityId) -> &'a str {
        match &listing.scope {
            Some(scope) => scope,
            None if parent == QUERY => "",
            None => &self.view.base.store.entities.get(parent).key,
        }
    }
}

/// Why a read failed.
#[derive(Debug)]
pub(crate) struct ReadError {
    /// Something is not known, rather than of another type than the fragment wants.
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
        match self.is_missing {
            true => out.write_str("a field is not known"),
            false => out.write_str(&self.message),
        }
    }
}

impl std::error::Error for ReadError {}

impl serde::de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { is_missing: false, message: message.to_string() }
    }
}
