//! The appointments of the visible calendars in the visible range, as far as the client has them.

use std::collections::HashMap;

use appointments_client::{Appointment, Client, DateTime, RangeView, Shared};
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::layout::availability::{conflicts, next_free};

/// A half-open range of time: its start and its end.
pub(crate) type TimeRange = (DateTime, DateTime);

/// The known appointments, by calendar. Copies share them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RangeData {
    views: RwSignal<HashMap<String, RangeView>>,
    range: StoredValue<Option<TimeRange>>,
}

impl RangeData {
    pub(crate) fn new() -> Self {
        Self { views: RwSignal::new(HashMap::new()), range: StoredValue::new(None) }
    }

    /// Calls `read` with the views of some calendars, each with its index in `ids`. Calendars that
    /// are not loaded yet are left out.
    pub(crate) fn with_views<T>(
        self,
        ids: &[String],
        read: impl FnOnce(&[(usize, &RangeView)]) -> T,
    ) -> T {
        self.views.with(|all| {
            let views = ids.iter().enumerate().filter_map(|(at, id)| Some((at, all.get(id)?)));
            read(&views.collect::<Vec<_>>())
        })
    }

    /// Returns whether a test holds for the views of all given calendars.
    pub(crate) fn all(self, ids: &[String], test: fn(&RangeView) -> bool) -> bool {
        self.views.with(|all| ids.iter().all(|id| all.get(id).is_some_and(test)))
    }

    /// Returns a known appointment by id.
    pub(crate) fn find(self, id: &str) -> Option<Shared<Appointment>> {
        self.views.with_untracked(|all| {
            let mut appointments = all.values().flat_map(|it| &it.appointments);
            appointments.find(|it| it.id.as_str() == id).cloned()
        })
    }

    /// Returns whether a known appointment takes a time in a calendar. `except` is the id of the
    /// appointment that is to take it.
    pub(crate) fn is_taken(self, calendar: &str, time: TimeRange, except: Option<&str>) -> bool {
        self.views.with(|all| {
            let view = all.get(calendar);
            view.is_some_and(|it| conflicts(&it.appointments, time, except).next().is_some())
        })
    }

    /// Returns the next free time of the same length in a calendar. `None` if the calendar is not
    /// fully loaded, or has no such time in the visible range.
    pub(crate) fn next_free(
        self,
        calendar: &str,
        (start, end): TimeRange,
        except: Option<&str>,
    ) -> Option<TimeRange> {
        let (from, until) = self.range.get_value()?;
        if start < from || end > until {
            return None;
        }
        let length = end - start;
        let free = self.views.with_untracked(|all| {
            let view = all.get(calendar).filter(|it| it.is_complete && !it.is_stale)?;
            next_free(&view.appointments, start, length, except, until)
        })?;
        Some((free, free + length))
    }

    /// Watches calendars in a range, and watches others when `watched` changes. Calls `on_change`
    /// at every change of their appointments.
    pub(crate) fn watch(
        self,
        client: Client,
        watched: Memo<(Vec<String>, Option<TimeRange>)>,
        on_change: Callback<()>,
    ) {
        Effect::new(move |_| {
            let (ids, Some(range)) = watched.get() else { return };
            self.range.set_value(Some(range));
            // The views are of the old range until the watches of the new one report.
            self.views.update(|all| all.values_mut().for_each(|it| it.is_complete = false));
            let watches = ids.into_iter().map(|id| {
                let mut watch = client.calendar(id.as_str()).watch(range.0, range.1);
                let (updates, handle) = abortable(async move {
                    while let Some(view) = watch.next().await {
                        self.views.update(|all| _ = all.insert(id.clone(), view));
                        on_change.run(());
                    }
                });
                spawn_local(async move { _ = updates.await });
                handle
            });
            let watches: Vec<AbortHandle> = watches.collect();
            on_cleanup(move || watches.iter().for_each(AbortHandle::abort));
        });
    }
}
