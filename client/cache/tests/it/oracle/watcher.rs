//! Watches of ranges, with the checks after each step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};

use cynic::{QueryBuilder, QueryFragment};
use cynic_cache::{Cache, Gap, InFlight, Prepared, ScopedRange, View, Watch};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::fragments::{LoanQuery, RangeVariables, ShownLoan};
use super::server::Loan;
use crate::library::During;
use crate::world::{Wakes, at};

/// A watch of a range of hours, with any selection.
pub(crate) trait CheckedWatch {
    /// Checks view, wake-ups and delta.
    ///
    /// `expected_view` returns the expected loans of a range. Loans in `unknown` are not compared.
    fn check(
        &mut self,
        cache: &Cache,
        expected_view: &dyn Fn((u32, u32)) -> Option<Vec<ShownLoan>>,
        unknown: &[String],
    ) -> Result<(), String>;
    /// Returns whether the view is complete and not stale.
    fn is_complete(&mut self) -> bool;
    fn missing_ranges(&self) -> Vec<ScopedRange>;
    /// Begins a request for a range of hours, with the selection of this watch.
    fn send_query(&self, cache: &Cache, hours: (u32, u32)) -> Box<dyn SentQuery>;
    /// Returns the hours of the range, without the end.
    fn hours(&self) -> (u32, u32);
}

/// A request in flight, with any selection.
pub(crate) trait SentQuery {
    fn hours(&self) -> (u32, u32);
    /// Returns the selected fields.
    fn fields(&self) -> &'static str;
    /// Delivers the response.
    fn respond(&self, cache: &Cache, text: &str);
}

/// A request in flight, with the selection `F`.
struct TypedQuery<F> {
    request: InFlight,
    query: Prepared<F>,
    hours: (u32, u32),
}

impl<F: LoanQuery> SentQuery for TypedQuery<F> {
    fn hours(&self) -> (u32, u32) {
        self.hours
    }

    fn fields(&self) -> &'static str {
        F::FIELDS
    }

    fn respond(&self, cache: &Cache, text: &str) {
        cache.apply_response(&self.request, &self.query, text.as_bytes()).expect("it fits");
    }
}

/// A watch with the selection `F`, and its state at the last check.
pub(crate) struct RangeWatch<F> {
    hours: (u32, u32),
    query: Prepared<F>,
    watch: Watch<F>,
    wakes: Arc<Wakes>,
    last: View<F>,
    was_stale: bool,
}

/// Returns whether a field of a member is not known.
fn lacks_field<F>(view: &View<F>) -> bool {
    view.gaps().iter().any(|it| matches!(it, Gap::Field { .. }))
}

fn prepare<F>(cache: &Cache, (start, end): (u32, u32)) -> Prepared<F>
where
    F: LoanQuery
        + QueryFragment<VariablesFields = <RangeVariables as cynic::QueryVariables>::Fields>,
    F::SchemaType: cynic::schema::QueryRoot,
{
    let during = During { start: at(start), end: at(end) };
    cache.prepare(&F::build(RangeVariables { during })).expect("it is in the schema")
}

impl<F> RangeWatch<F>
where
    F: LoanQuery
        + DeserializeOwned
        + Clone
        + PartialEq
        + std::fmt::Debug
        + QueryFragment<VariablesFields = <RangeVariables as cynic::QueryVariables>::Fields>,
    F::SchemaType: cynic::schema::QueryRoot,
{
    pub(crate) fn new(cache: &Cache, hours: (u32, u32)) -> Self {
        let query = prepare(cache, hours);
        let mut watch = cache.watch(&query);
        let last = watch.view();
        let was_stale = watch.is_stale();
        let mut range = Self { hours, query, watch, wakes: Arc::default(), last, was_stale };
        range.drain();
        range
    }

    /// Consumes all notifications of the watch.
    fn drain(&mut self) {
        let waker = Waker::from(self.wakes.clone());
        let mut context = Context::from_waker(&waker);
        while self.watch.poll_next_unpin(&mut context).is_ready() {}
        self.watch.delta();
        self.wakes.0.store(0, Ordering::Relaxed);
    }

    fn shown_loans(view: &View<F>) -> BTreeMap<String, Loan> {
        view.data().map(|it| it.shown_loans()).unwrap_or_default().into_iter().collect()
    }

    /// Checks that the delta is the difference between the last view and this one.
    fn check_delta(&mut self, now: &View<F>) -> Result<(), String> {
        let delta = self.watch.delta();
        if lacks_field(now) || lacks_field(&self.last) {
            return Ok(());
        }
        let (before, after) = (Self::shown_loans(&self.last), Self::shown_loans(now));
        let names = |it: &[cynic_cache::EntityKey]| -> Vec<String> {
            it.iter().map(|it| it.key.to_string()).collect()
        };
        let added: Vec<String> =
            after.keys().filter(|it| !before.contains_key(*it)).cloned().collect();
        let removed: Vec<String> =
            before.keys().filter(|it| !after.contains_key(*it)).cloned().collect();
        let changed = after.iter().filter(|(id, it)| before.get(*id).is_some_and(|old| old != *it));
        let changed: Vec<String> = changed.map(|(id, _)| id.clone()).collect();
        let reported = (names(&delta.added), names(&delta.removed), names(&delta.changed));
        if reported != (added, removed, changed) {
            return Err(format!("the delta {delta:?}\n between {before:?}\n and {after:?}"));
        }
        Ok(())
    }
}

impl<F> CheckedWatch for RangeWatch<F>
where
    F: LoanQuery
        + DeserializeOwned
        + Clone
        + PartialEq
        + std::fmt::Debug
        + QueryFragment<VariablesFields = <RangeVariables as cynic::QueryVariables>::Fields>,
    F::SchemaType: cynic::schema::QueryRoot,
{
    fn check(
        &mut self,
        cache: &Cache,
        expected_view: &dyn Fn((u32, u32)) -> Option<Vec<ShownLoan>>,
        unknown: &[String],
    ) -> Result<(), String> {
        let view = self.watch.view();
        let fresh = cache.read(&self.query);
        if view != fresh {
            return Err(format!("the watch shows {view:?}\n a fresh read {fresh:?}"));
        }
        let was_woken = self.wakes.0.load(Ordering::Relaxed) > 0;
        let is_stale = self.watch.is_stale();
        let differs = view != self.last || is_stale != self.was_stale;
        // A member with a gap can move without changing the view.
        let may_hide = lacks_field(&view);
        if was_woken != differs && !(was_woken && may_hide) {
            return Err(format!(
                "woken: {was_woken}, differs: {differs}:\n {:?}\n {view:?}",
                self.last
            ));
        }
        self.check_delta(&view)?;
        if let View::Complete(data) = &view
            && !is_stale
            && let Some(expected_view) = expected_view(self.hours)
        {
            let is_certain = |it: &ShownLoan| !unknown.contains(&it.0);
            let shown: Vec<ShownLoan> = data.shown_loans().into_iter().filter(is_certain).collect();
            let expected: Vec<ShownLoan> = expected_view
                .into_iter()
                .filter(is_certain)
                .map(|(id, loan)| (id, F::project(loan)))
                .collect();
            if shown != expected {
                let hours = self.hours;
                return Err(format!("{hours:?} shows {shown:?}\n expected {expected:?}"));
            }
        }
        self.last = view;
        self.was_stale = is_stale;
        self.drain();
        Ok(())
    }

    fn is_complete(&mut self) -> bool {
        self.watch.view().is_complete() && !self.watch.is_stale()
    }

    fn missing_ranges(&self) -> Vec<ScopedRange> {
        self.watch.missing_ranges()
    }

    fn send_query(&self, cache: &Cache, hours: (u32, u32)) -> Box<dyn SentQuery> {
        let query = prepare::<F>(cache, hours);
        Box::new(TypedQuery { request: cache.begin(&query), query, hours })
    }

    fn hours(&self) -> (u32, u32) {
        self.hours
    }
}
