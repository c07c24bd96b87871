//! [`RangeWatch`]: the appointments of a calendar in a time range, kept up to date.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use cynic_cache::{Delta, Shared, View, Watch};
use futures_util::Stream;

use super::shared::{Inner, poll_change};
use crate::engine::WatchId;
use crate::model::appointment::Appointment;
use crate::model::id::{AppointmentId, CalendarId};
use crate::model::outbox::OutboxEntry;
use crate::model::scalars::DateTime;
use crate::wire::operations::{RangeQuery, TimeRange};
use crate::wire::prepare::range_query;

/// A stream of [`RangeView`]s: the appointments of a calendar in a time range.
///
/// The first item is the current view, which may be incomplete. A new item follows whenever the
/// appointments or their statuses change. Changes that happen before the stream is polled again are
/// combined into one item. The stream never ends.
///
/// Dropping the watch stops fetching the range. The calendar stays subscribed.
///
/// ```no_run
/// use futures_util::StreamExt;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// # let client = appointments_client::Client::builder("http://localhost/graphql").build()?;
/// let (start, end) = ("2026-11-23T00:00:00Z".parse()?, "2026-11-24T00:00:00Z".parse()?);
/// let mut day = client.calendar("team").watch(start, end);
/// while let Some(view) = day.next().await {
///     for appointment in &view.appointments {
///         let mark = if view.is_pending(&appointment.id) { "…" } else { "" };
///         println!("{} {}{mark}", appointment.starts_at, appointment.title);
///     }
/// }
/// # Ok(()) }
/// ```
pub struct RangeWatch {
    inner: Arc<Inner>,
    calendar: CalendarId,
    watch_id: WatchId,
    watch: Watch<RangeQuery>,
}

/// The appointments of a calendar in a time range, as the client shows them at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RangeView {
    /// The appointments, ordered by start, then the longer first, then id. An unchanged appointment
    /// is the same allocation as in the view before.
    pub appointments: Vec<Shared<Appointment>>,
    /// Whether the list has every appointment of the range.
    pub is_complete: bool,
    /// Whether the list may be outdated, because changes were missed. The client refetches it.
    pub is_stale: bool,
    /// The last error while fetching the range, for the user; `None` after a success.
    pub problem: Option<String>,
    /// The unsettled mutations of the calendar, the oldest first. They include mutations of
    /// appointments outside of the range.
    pub pending: Vec<OutboxEntry>,
}

impl RangeView {
    /// Returns whether an appointment has a mutation that the server has not settled yet.
    pub fn is_pending(&self, id: &AppointmentId) -> bool {
        self.pending.iter().any(|it| it.appointment_id == *id)
    }
}

impl RangeWatch {
    pub(crate) fn new(
        inner: Arc<Inner>,
        calendar: CalendarId,
        start: DateTime,
        end: DateTime,
    ) -> Self {
        let mut engine = inner.engine();
        let query = range_query(engine.cache(), &calendar, TimeRange { start, end });
        let watch = engine.cache().watch(&query);
        let watch_id = engine.watch_range(&calendar, query);
        drop(engine);
        inner.wake();
        Self { inner, calendar, watch_id, watch }
    }

    /// Returns the current view. This does not consume the stream's next item.
    ///
    /// The cost is proportional to the number of appointments: the list is copied, the appointments
    /// are shared.
    pub fn view(&mut self) -> RangeView {
        let problem = self.inner.engine().range_problem(self.watch_id).map(str::to_owned);
        let mut pending = self.inner.pending();
        pending.retain(|it| it.calendar_id == self.calendar);
        let is_stale = self.watch.is_stale();
        let view = self.watch.view();
        let appointments = view.data().map(|it| it.appointments_in_range.appointments.clone());
        RangeView {
            appointments: appointments.unwrap_or_default(),
            is_complete: matches!(view, View::Complete(_)),
            is_stale,
            problem,
            pending,
        }
    }

    /// Returns the ids that were added, changed or removed since the last call of this method.
    ///
    /// This acknowledges the pending change: the stream then waits for the next one. So use either
    /// the stream's items or deltas. To react to changes with deltas, await the stream's next item
    /// and call this method afterwards. The cost is proportional to the number of changes.
    pub fn delta(&mut self) -> Delta {
        self.watch.delta()
    }
}

impl Stream for RangeWatch {
    type Item = RangeView;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<RangeView>> {
        poll_change(&mut self.watch, context).map(|change| change.map(|()| self.view()))
    }
}

impl Drop for RangeWatch {
    fn drop(&mut self) {
        self.inner.engine().unwatch_range(self.watch_id);
    }
}

impl fmt::Debug for RangeWatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RangeWatch").field("calendar", &self.calendar).finish_non_exhaustive()
    }
}
