//! A watch, and all that must be true of it after every step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};

use cynic::{QueryBuilder, QueryFragment};
use cynic_cache::{Cache, Gap, InFlight, Prepared, ScopedRange, View, Watch};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::fragments::{RangeVariables, Seen, Shows};
use super::server::Loan;
use crate::library::During;
use crate::world::{Wakes, at};

/// A watch of a range of hours, whatever it selects.
pub(crate) trait Watcher {
    /// Looks at everything, and says what is wrong. `must_see` is told the range; of what is `unknown` it
    /// need not be right.
    fn check(
        &mut self,
        cache: &Cache,
        must_see: &dyn Fn((u32, u32)) -> Option<Vec<Seen>>,
        unknown: &[String],
    ) -> Result<(), String>;
    /// Whether it shows everything, and as of now.
    fn is_whole(&mut self) -> bool;
    fn wanted(&self) -> Vec<ScopedRange>;
    /// Asks for a range of hours in the words of this watch.
    fn ask(&self, cache: &Cache, hours: (u32, u32)) -> Box<dyn Asked>;
    fn hours(&self) -> (u32, u32);
}

/// A request in flight.
pub(crate) trait Asked {
    fn hours(&self) -> (u32, u32);
    fn fields(&self) -> &'static str;
    fn answer(&self, cache: &Cache, text: &str);
}

struct Sent<F> {
    request: InFlight,
    query: Prepared<F>,
    hours: (u32, u32),
}

impl<F: Shows> Asked for Sent<F> {
    fn hours(&self) -> (u32, u32) {
        self.hours
    }

    fn fields(&self) -> &'static str {
        F::FIELDS
    }

    fn answer(&self, cache: &Cache, text: &str) {
        cache.apply_response(&self.request, &self.query, text.as_bytes()).expect("it fits");
    }
}

pub(crate) struct Follow<F> {
    hours: (u32, u32),
    query: Prepared<F>,
    watch: Watch<F>,
    wakes: Arc<Wakes>,
    last: View<F>,
    was_stale: bool,
}

fn prepare<F>(cache: &Cache, (start, end): (u32, u32)) -> Prepared<F>
where
    F: Shows + QueryFragment<VariablesFields = <RangeVariables as cynic::QueryVariables>::Fields>,
    F::SchemaType: cynic::schema::QueryRoot,
{
    let during = During { start: at(start), end: at(end) };
    cache.prepare(&F::build(RangeVariables { during })).expect("it is in the schema")
}

impl<F> Follow<F>
where
    F: Shows
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
        let mut it = Self { hours, query, watch, wakes: Arc::default(), last, was_stale: false };
        it.was_stale = it.watch.is_stale();
        it.rest();
        it
    }

    fn rest(&mut self) {
        let waker = Waker::from(self.wakes.clone());
        let mut context = Context::from_waker(&waker);
        while self.watch.poll_next_unpin(&mut context).is_ready() {}
        self.watch.delta();
        self.wakes.0.store(0, Ordering::Relaxed);
    }

    fn seen(view: &View<F>) -> BTreeMap<String, Loan> {
        view.data().map(|it| it.seen()).unwrap_or_default().into_iter().collect()
    }

    /// Whether the delta tells how one view came from the other.
    fn check_delta(&mut self, now: &View<F>) -> Result<(), String> {
        let delta = self.watch.delta();
        let lacks = |it: &View<F>| it.gaps().iter().any(|it| matches!(it, Gap::Field { .. }));
        if lacks(now) || lacks(&self.last) {
            return Ok(());
        }
        let (before, after) = (Self::seen(&self.last), Self::seen(now));
        let names = |it: &[cynic_cache::EntityKey]| -> Vec<String> {
            it.iter().map(|it| it.key.to_string()).collect()
        };
        let added: Vec<String> =
            after.keys().filter(|it| !before.contains_key(*it)).cloned().collect();
        let removed: Vec<String> =
            before.keys().filter(|it| !after.contains_key(*it)).cloned().collect();
        let changed = after.iter().filter(|(id, it)| before.get(*id).is_some_and(|old| old != *it));
        let changed: Vec<String> = changed.map(|(id, _)| id.clone()).collect();
        let told = (names(&delta.added), names(&delta.removed), names(&delta.changed));
        if told != (added, removed, changed) {
            return Err(format!("the delta {delta:?}\n between {before:?}\n and {after:?}"));
        }
        Ok(())
    }
}

impl<F> Watcher for Follow<F>
where
    F: Shows
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
        must_see: &dyn Fn((u32, u32)) -> Option<Vec<Seen>>,
        unknown: &[String],
    ) -> Result<(), String> {
        let view = self.watch.view();
        let scratch = cache.read(&self.query);
        if view != scratch {
            return Err(format!("kept step by step: {view:?}\n from scratch: {scratch:?}"));
        }
        let was_woken = self.wakes.0.load(Ordering::Relaxed) > 0;
        let is_stale = self.watch.is_stale();
        let differs = view != self.last || is_stale != self.was_stale;
        // A member of which something is not known may move without being seen.
        let may_hide = view.gaps().iter().any(|it| matches!(it, Gap::Field { .. }));
        if was_woken != differs && !(was_woken && may_hide) {
            return Err(format!(
                "woken: {was_woken}, differs: {differs}:\n {:?}\n {view:?}",
                self.last
            ));
        }
        self.check_delta(&view)?;
        if let View::Complete(data) = &view
            && !is_stale
            && let Some(must_see) = must_see(self.hours)
        {
            let is_certain = |it: &Seen| !unknown.contains(&it.0);
            let seen: Vec<Seen> = data.seen().into_iter().filter(is_certain).collect();
            let must_see = must_see.into_iter().filter(is_certain);
            let must_see: Vec<Seen> = must_see.map(|(id, loan)| (id, F::of(loan))).collect();
            if seen != must_see {
                let hours = self.hours;
                return Err(format!("{hours:?} shows {seen:?}\n it must show {must_see:?}"));
            }
        }
        self.last = view;
        self.was_stale = is_stale;
        self.rest();
        Ok(())
    }

    fn is_whole(&mut self) -> bool {
        self.watch.view().is_complete() && !self.watch.is_stale()
    }

    fn wanted(&self) -> Vec<ScopedRange> {
        self.watch.missing_ranges()
    }

    fn ask(&self, cache: &Cache, hours: (u32, u32)) -> Box<dyn Asked> {
        let query = prepare::<F>(cache, hours);
        Box::new(Sent { request: cache.begin(&query), query, hours })
    }

    fn hours(&self) -> (u32, u32) {
        self.hours
    }
}
