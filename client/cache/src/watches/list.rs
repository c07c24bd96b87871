//! A watched list of a collection: its members in order, with the allocations of the last view.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::base::Base;
use crate::collections::{ScopeId, Span, compare_members, members_in_range};
use crate::denormalize::{Item, Members};
use crate::document::Listing;
use crate::record::EntityId;

/// The members of one list of a collection, kept up to date for a watch.
pub(crate) struct List {
    pub(crate) listing: Arc<Listing>,
    pub(crate) scope: ScopeId,
    pub(crate) scope_key: Arc<str>,
    pub(crate) span: Span,
    /// The selection set of the members.
    pub(crate) set: usize,
    /// The indexes of the items in list order. An insertion moves four bytes for each item behind
    /// it.
    order: Vec<u32>,
    items: Vec<Item>,
    /// Unused indexes of `items`.
    free: Vec<u32>,
    /// The parts of the range that are not covered, and whether any of it is stale.
    coverage: (Vec<Span>, bool),
}

impl List {
    pub(crate) fn new(
        base: &mut Base,
        listing: Arc<Listing>,
        scope_key: Arc<str>,
        set: usize,
    ) -> Self {
        let scope = base.scopes.intern(listing.collection, &scope_key);
        let span = Span { start: listing.start, end: listing.end };
        let members =
            members_in_range(base.scopes.get(scope), span, |it| &base.store.entities.get(it).key);
        let item = |(interval, entity)| Item { interval, entity, allocation: OnceCell::new() };
        let mut list = Self {
            listing,
            scope,
            scope_key,
            span,
            set,
            order: (0..members.len() as u32).collect(),
            items: members.into_iter().map(item).collect(),
            free: Vec::new(),
            coverage: (Vec::new(), false),
        };
        list.refresh_coverage(base);
        list
    }

    pub(crate) fn members(&self) -> Members<'_> {
        Members { order: &self.order, items: &self.items }
    }

    pub(crate) fn entities(&self) -> impl Iterator<Item = EntityId> {
        self.order.iter().map(|it| self.items[*it as usize].entity)
    }

    /// Reads the coverage of the range again. Returns whether it has changed.
    pub(crate) fn refresh_coverage(&mut self, base: &Base) -> bool {
        let coverage = &base.scopes.get(self.scope).coverage;
        let uncovered = coverage.uncovered(self.span, &self.listing.fields, true);
        let now = (uncovered, coverage.is_stale(self.span));
        let is_new = self.coverage != now;
        self.coverage = now;
        is_new
    }

    pub(crate) fn insert(&mut self, base: &Base, interval: Span, entity: EntityId) {
        let Err(at) = self.search(base, interval, entity) else { return };
        let item = Item { interval, entity, allocation: OnceCell::new() };
        let number = match self.free.pop() {
            Some(number) => {
                self.items[number as usize] = item;
                number
            }
            None => {
                self.items.push(item);
                self.items.len() as u32 - 1
            }
        };
        self.order.insert(at, number);
    }

    pub(crate) fn remove(&mut self, base: &Base, interval: Span, entity: EntityId) {
        let Ok(at) = self.search(base, interval, entity) else { return };
        let number = self.order.remove(at);
        self.items[number as usize].allocation = OnceCell::new();
        self.free.push(number);
    }

    /// Moves a member to its new interval. Returns whether its position in the list has changed.
    pub(crate) fn move_member(
        &mut self,
        base: &Base,
        from: Span,
        to: Span,
        entity: EntityId,
    ) -> bool {
        let Ok(old) = self.search(base, from, entity) else { return false };
        let number = self.order.remove(old);
        self.items[number as usize].interval = to;
        let new = self.search(base, to, entity).unwrap_or_else(|it| it);
        self.order.insert(new, number);
        old != new
    }

    /// Drops the allocation of a member whose content has changed. Returns whether it is a member.
    pub(crate) fn invalidate(&mut self, base: &Base, interval: Span, entity: EntityId) -> bool {
        let Ok(at) = self.search(base, interval, entity) else { return false };
        let number = self.order[at];
        self.items[number as usize].allocation = OnceCell::new();
        true
    }

    fn search(&self, base: &Base, interval: Span, entity: EntityId) -> Result<usize, usize> {
        self.order.binary_search_by(|it| {
            let item = &self.items[*it as usize];
            let key = |it: EntityId| &*base.store.entities.get(it).key;
            compare_members((item.interval, item.entity), (interval, entity), key)
        })
    }
}
