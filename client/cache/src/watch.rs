//! [`Watch`]: a stream of the views of a query.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use crate::core::{Core, DropGuard, Dropped, SharedCore, lock};
use crate::denormalize::Reader;
use crate::document::Listing;
use crate::layers::Status;
use crate::prepared::Prepared;
use crate::shared::Shared;
use crate::view::{EntityKey, Gap, ReadView, ScopedRange, View};
use crate::watches::{Delta, LastView, WatchId, WatchState};

/// A watched query: a stream of its views, the current one first.
///
/// The stream yields a view when the content of this query's view has changed, and wakes its task
/// only then. Changes between two polls are merged into one view. A change of fields that only the
/// server writes (see [`Policy::is_server_made`]) does not count as content.
///
/// The stream never ends, and the watch keeps its cache alive. Dropping the watch stops it. A watch
/// is `Send` and `Sync`; each method locks the cache's mutex.
///
/// [`Policy::is_server_made`]: crate::Policy::is_server_made
pub struct Watch<F> {
    core: SharedCore,
    id: WatchId,
    query: Prepared<F>,
    _guard: DropGuard,
}

impl<F> fmt::Debug for Watch<F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Watch").field("query", &self.query).finish_non_exhaustive()
    }
}

impl<F> Watch<F> {
    pub(crate) fn new(core: SharedCore, query: Prepared<F>) -> Self {
        let id = {
            let Core { base, overlay, watches, .. } = &mut *lock(&core);
            let bound = query.bound(&base.store.names).clone();
            watches.add(base, overlay, bound)
        };
        let guard = DropGuard::new(&core, Dropped::Watch(id));
        Self { core, id, query, _guard: guard }
    }

    /// Returns what has changed since the last call, by entity, without building the view.
    ///
    /// This consumes the pending notification: the stream of views, and [`Watch::deltas`], do not
    /// yield for these changes any more. The cost is linear in the number of changed entities.
    ///
    /// # Examples
    ///
    /// ```
    /// # mod library { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/doctest.in")); }
    /// # use library::*;
    /// use cynic::QueryBuilder;
    /// use cynic_cache::{Cache, EntityKey, Patch};
    ///
    /// let cache = Cache::new(Library)?;
    /// let query = cache.prepare(&Shelves::build(()))?;
    /// cache.write(&query, SHELVES)?;
    /// let mut watch = cache.watch(&query);
    ///
    /// cache.predict("m1", Patch::of("Book", "b1").set("title", "Emma II"))?;
    /// let delta = watch.delta();
    /// assert_eq!(delta.changed, [EntityKey::new("Book", "b1")]);
    /// assert!(watch.delta().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn delta(&mut self) -> Delta {
        let Core { base, watches, .. } = &mut *lock(&self.core);
        let Some(watch) = watches.get_mut(self.id) else { return Delta::default() };
        watch.has_update = false;
        watch.changes.take(base)
    }

    /// Returns a stream of deltas, to use in place of the stream of views.
    ///
    /// The stream yields the changes since the last delta; the current view itself is not a change.
    /// The stream never ends.
    pub fn deltas(&mut self) -> Deltas<'_, F> {
        Deltas { watch: self }
    }

    /// Returns a stream of the entities in the view whose [`Status`] has changed.
    ///
    /// Statuses have their own stream because they change without the view, for example when the
    /// server confirms a prediction as it was. The stream never ends.
    pub fn statuses(&mut self) -> Statuses<'_, F> {
        Statuses { watch: self }
    }

    /// Returns whether a range of the query may be out of date.
    ///
    /// Ranges become stale when their scope's log has a gap: see
    /// [`Batch::reset`](crate::Batch::reset) and [`Batch::follow`](crate::Batch::follow). They are
    /// current again once they are fetched.
    pub fn is_stale(&self) -> bool {
        let Core { base, watches, .. } = &mut *lock(&self.core);
        watches.get_mut(self.id).is_some_and(|it| {
            it.lists.iter().any(|it| base.scopes.get(it.scope).coverage.is_stale(it.span))
        })
    }

    /// Returns the ranges to fetch so that the view becomes complete; see
    /// [`Cache::missing_ranges`](crate::Cache::missing_ranges).
    pub fn missing_ranges(&self) -> Vec<ScopedRange> {
        let core = &mut *lock(&self.core);
        // If the last view has no missing field, neither have its members.
        let last = core.watches.get_mut(self.id).and_then(|it| it.view.as_ref());
        let check_members =
            last.is_none_or(|it| it.missing.iter().any(|it| matches!(it, Gap::Field { .. })));
        core.missing_ranges(self.query.bound(&core.base.store.names), check_members)
    }

    fn poll_update<R>(
        &mut self,
        context: &mut Context<'_>,
        take: impl FnOnce(&mut Self) -> R,
    ) -> Poll<Option<R>> {
        {
            let mut core = lock(&self.core);
            let Some(watch) = core.watches.get_mut(self.id) else { return Poll::Ready(None) };
            if !watch.has_update {
                watch.waker = Some(context.waker().clone());
                return Poll::Pending;
            }
        }
        Poll::Ready(Some(take(self)))
    }
}

impl<F: DeserializeOwned + Send + Sync + 'static> Watch<F> {
    /// Returns the current view. This does not consume the stream's notification.
    ///
    /// If nothing has changed since the last call, this returns the last view's allocation.
    /// Otherwise the view is rebuilt: values behind [`Shared`] that have not changed cost one
    /// pointer each, everything else is deserialized again.
    pub fn view(&mut self) -> View<F> {
        let Core { base, overlay, watches, rules, .. } = &mut *lock(&self.core);
        let Some(watch) = watches.get_mut(self.id) else { return View::Missing([].into()) };
        if let Some(view) = watch.view.as_ref().and_then(restore_view) {
            return view;
        }
        let WatchState { bound, lists, memo, .. } = &*watch;
        let find_list = |listing: &Listing, scope: &str| {
            let list =
                lists.iter().find(|it| *it.listing == *listing && *it.scope_key == *scope)?;
            Some(list.members())
        };
        let read_view = ReadView { base, overlay };
        let view = Reader::new(read_view, rules, bound, Some(memo), &find_list).read();
        let missing = match &view {
            View::Complete(_) => [].into(),
            View::Partial(_, missing) | View::Missing(missing) => missing.clone(),
        };
        watch.view = Some(LastView { data: view.data().map(Shared::to_any), missing });
        view
    }
}

fn restore_view<F: Send + Sync + 'static>(last: &LastView) -> Option<View<F>> {
    let data = last.data.clone().map(Shared::from_any);
    match data {
        None => Some(View::Missing(last.missing.clone())),
        Some(data) if last.missing.is_empty() => data.map(View::Complete),
        Some(data) => data.map(|it| View::Partial(it, last.missing.clone())),
    }
}

impl Core {
    /// Removes a watch. Stale ranges that no other watch displays are dropped from the coverage.
    pub(crate) fn unwatch(&mut self, id: WatchId) {
        let scopes: Vec<_> = match self.watches.get_mut(id) {
            Some(watch) => watch.lists.iter().map(|it| it.scope).collect(),
            None => return,
        };
        self.watches.remove(id);
        for scope in scopes {
            let watched = self.watches.spans(scope);
            if self.base.scopes.get_mut(scope).coverage.drop_unwatched_stale(&watched) {
                self.base.touched.add_coverage(scope);
            }
        }
    }
}

impl<F: DeserializeOwned + Send + Sync + 'static> Stream for Watch<F> {
    type Item = View<F>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<View<F>>> {
        self.get_mut().poll_update(context, |it| {
            if let Some(watch) = lock(&it.core).watches.get_mut(it.id) {
                watch.has_update = false;
            }
            it.view()
        })
    }
}

/// A stream of the changes of a view, by entity; see [`Watch::deltas`].
pub struct Deltas<'w, F> {
    watch: &'w mut Watch<F>,
}

impl<F> fmt::Debug for Deltas<'_, F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Deltas").field("watch", self.watch).finish()
    }
}

impl<F> Stream for Deltas<'_, F> {
    type Item = Delta;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Delta>> {
        let watch = &mut self.get_mut().watch;
        loop {
            // A new watch has a notification for its first view, without a change.
            match watch.poll_update(context, Watch::delta) {
                Poll::Ready(Some(delta)) if delta.is_empty() => {}
                other => return other,
            }
        }
    }
}

/// A stream of changed statuses; see [`Watch::statuses`].
///
/// Each item lists entities with their new [`Status`], each entity once.
pub struct Statuses<'w, F> {
    watch: &'w mut Watch<F>,
}

impl<F> fmt::Debug for Statuses<'_, F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Statuses").field("watch", self.watch).finish()
    }
}

impl<F> Stream for Statuses<'_, F> {
    type Item = Vec<(EntityKey, Status)>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let it = self.get_mut();
        let Core { base, watches, layers, .. } = &mut *lock(&it.watch.core);
        let Some(watch) = watches.get_mut(it.watch.id) else { return Poll::Ready(None) };
        if watch.statuses.is_empty() {
            watch.status_waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        let changed = std::mem::take(&mut watch.statuses).into_iter();
        let statuses = changed.map(|it| (EntityKey::of(base, it), layers.status(it)));
        Poll::Ready(Some(statuses.collect()))
    }
}
