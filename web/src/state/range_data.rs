//! What is known of the calendars that are shown, in the stretch that is looked at.

use std::collections::HashMap;

use appointments_client::{Appointment, Client, DateTime, RangeView, Shared};
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::layout::availability::{conflicts, next_free};

/// A half-open stretch of time.
pub(crate) type TimeRange = (DateTime, DateTime);

/// What is known, by calendar. Copies are one.
#[derive(Clone, Copy)]
pub(crate) struct RangeData {
    known: RwSignal<HashMap<String, RangeView>>,
    stretch: StoredValue<Option<TimeRange>>,
}

impl RangeData {
    pub(crate) fn new() -> Self {
        Self { known: RwSignal::new(HashMap::new()), stretch: StoredValue::new(None) }
    }

    /// Looks at what is known of calendars, in their order; of some, nothing is yet.
    pub(crate) fn of<T>(self, ids: &[String], look: impl FnOnce(&[(usize, &RangeView)]) -> T) -> T {
        self.known.with(|known| {
            let views = ids.iter().enumerate().filter_map(|(at, id)| Some((at, known.get(id)?)));
            look(&views.collect::<Vec<_>>())
        })
    }

    /// Whether something is true of each of some calendars.
    pub(crate) fn all(self, ids: &[String], test: fn(&RangeView) -> bool) -> bool {
        self.known.with(|known| ids.iter().all(|it| known.get(it).is_some_and(test)))
    }

    /// An appointment, as it is shown.
    pub(crate) fn find(self, id: &str) -> Option<Shared<Appointment>> {
        self.known.with_untracked(|known| {
            let mut all = known.values().flat_map(|it| &it.appointments);
            all.find(|it| it.id.as_str() == id).cloned()
        })
    }

    /// Whether something takes a time in a calendar, as far as is known: nothing found proves nothing.
    pub(crate) fn is_taken(self, calendar: &str, time: TimeRange, but: Option<&str>) -> bool {
        self.known.with(|known| {
            let view = known.get(calendar);
            view.is_some_and(|it| conflicts(&it.appointments, time, but).next().is_some())
        })
    }

    /// The next time in a calendar that is as long and free, if that is known.
    pub(crate) fn next_free(
        self,
        calendar: &str,
        time: TimeRange,
        but: Option<&str>,
    ) -> Option<TimeRange> {
        let (from, until) = self.stretch.get_value()?;
        let ((start, end), length) = (time, time.1 - time.0);
        if start < from || end > until {
            return None;
        }
        let free = self.known.with_untracked(|known| {
            let view = known.get(calendar).filter(|it| it.is_complete && !it.is_stale)?;
            next_free(&view.appointments, start, length, but, until)
        })?;
        Some((free, free + length))
    }

    /// Follows what the calendars have in a stretch, and says of each change that there was one.
    pub(crate) fn watch(
        self,
        client: Client,
        watched: Memo<(Vec<String>, Option<TimeRange>)>,
        on_change: Callback<()>,
    ) {
        Effect::new(move |_| {
            let (ids, Some(stretch)) = watched.get() else { return };
            self.stretch.set_value(Some(stretch));
            // Of other days nothing is said yet.
            self.known.update(|all| all.values_mut().for_each(|it| it.is_complete = false));
            let watches = ids.into_iter().map(|id| {
                let mut watch = client.calendar(id.as_str()).watch(stretch.0, stretch.1);
                let (shows, handle) = abortable(async move {
                    while let Some(view) = watch.next().await {
                        self.known.update(|all| _ = all.insert(id.clone(), view));
                        on_change.run(());
                    }
                });
                spawn_local(async move { _ = shows.await });
                handle
            });
            let watches: Vec<AbortHandle> = watches.collect();
            on_cleanup(move || watches.iter().for_each(AbortHandle::abort));
        });
    }
}
