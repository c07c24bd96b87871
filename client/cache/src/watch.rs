//! [`Watch`]: a query's view, each time it differs.

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

/// Follows what the cache shows of a query: a stream of views, the present one first.
///
/// It is woken only if its own view differs. The view is built when it is polled; [`Watch::delta`] says
/// what has changed without building it.
pub struct Watch<F> {
    core: SharedCore,
    id: WatchId,
    query: Prepared<F>,
    _guard: DropGuard,
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

    /// What has changed since it was asked last, by entity. Does not build the view.
    pub fn delta(&mut self) -> Delta {
        let Core { base, watches, .. } = &mut *lock(&self.core);
        let Some(watch) = watches.get_mut(self.id) else { return Delta::default() };
        watch.has_news = false;
        watch.changes.take(base)
    }

    /// The deltas, as a stream in place of the views.
    pub fn deltas(&mut self) -> Deltas<'_, F> {
        Deltas { watch: self }
    }

    /// The entities of the view whose status changes, as a stream of its own: that a prediction
    /// was confirmed as it was is no change of the view.
    pub fn statuses(&mut self) -> Statuses<'_, F> {
        Statuses { watch: self }
    }

    /// Whether something of it may be out of date, after the log of a scope was lost.
    pub fn is_stale(&self) -> bool {
        let Core { base, watches, .. } = &mut *lock(&self.core);
        watches.get_mut(self.id).is_some_and(|it| {
            it.lists.iter().any(|it| base.scopes.get(it.scope).coverage.is_stale(it.span))
        })
    }

    /// The stretches that must be asked for so that it becomes complete.
    pub fn missing_ranges(&self) -> Vec<ScopedRange> {
        let core = &mut *lock(&self.core);
        // A view that was seen to lack no field needs no closer look.
        let last = core.watches.get_mut(self.id).and_then(|it| it.view.as_ref());
        let check_members =
            last.is_none_or(|it| it.missing.iter().any(|it| matches!(it, Gap::Field { .. })));
        core.missing_ranges(self.query.bound(&core.base.store.names), check_members)
    }

    fn poll_news<R>(
        &mut self,
        context: &mut Context<'_>,
        take: impl FnOnce(&mut Self) -> R,
    ) -> Poll<Option<R>> {
        {
            let mut core = lock(&self.core);
            let Some(watch) = core.watches.get_mut(self.id) else { return Poll::Ready(None) };
            if !watch.has_news {
                watch.waker = Some(context.waker().clone());
                return Poll::Pending;
            }
        }
        Poll::Ready(Some(take(self)))
    }
}

impl<F: DeserializeOwned + Send + Sync + 'static> Watch<F> {
    /// The view as it is now. Unchanged, it is the allocation of before.
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
        let view = ReadView { base, overlay };
        let reader = Reader::new(view, rules, bound, Some(memo), &find_list);
        let view = reader.read();
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
    /// Stale ends with the last watch that shows it.
    pub(crate) fn unwatch(&mut self, id: WatchId) {
        let scopes: Vec<_> = match self.watches.get_mut(id) {
            Some(watch) => watch.lists.iter().map(|it| it.scope).collect(),
            None => return,
        };
        self.watches.remove(id);
        for scope in scopes {
            let watched = self.watches.spans(scope);
            if self.base.scopes.get_mut(scope).coverage.drop_unwatched_stale(&watched) {
                self.base.touched.coverage(scope);
            }
        }
    }
}

impl<F: DeserializeOwned + Send + Sync + 'static> Stream for Watch<F> {
    type Item = View<F>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<View<F>>> {
        self.get_mut().poll_news(context, |it| {
            if let Some(watch) = lock(&it.core).watches.get_mut(it.id) {
                watch.has_news = false;
            }
            it.view()
        })
    }
}

/// What changes in a view, by entity; see [`Watch::deltas`].
pub struct Deltas<'w, F> {
    watch: &'w mut Watch<F>,
}

impl<F> Stream for Deltas<'_, F> {
    type Item = Delta;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Delta>> {
        let watch = &mut self.get_mut().watch;
        loop {
            // At first there is a view, and no change of it.
            match watch.poll_news(context, Watch::delta) {
                Poll::Ready(Some(delta)) if delta.is_empty() => {}
                other => return other,
            }
        }
    }
}

/// Statuses that have changed; see [`Watch::statuses`].
pub struct Statuses<'w, F> {
    watch: &'w mut Watch<F>,
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
        let told = changed.map(|it| (EntityKey::of(base, it), layers.status(it)));
        Poll::Ready(Some(told.collect()))
    }
}
