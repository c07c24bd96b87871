//! Operations on calendars themselves. Calendars change rarely, so these methods predict and queue
//! nothing: a request that cannot be sent now fails.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use cynic::{MutationBuilder, QueryBuilder};
use cynic_cache::{Shared, Watch};
use futures_util::Stream;

use super::client::Client;
use super::custom::FetchPolicy;
use super::shared::poll_change;
use crate::model::calendar::{Calendar, CalendarChanges, NewCalendar};
use crate::model::error::{CalendarError, QueryError};
use crate::model::id::CalendarId;
use crate::runtime;
use crate::wire::calendar_operations::{
    CalendarMutationError, CalendarsQuery, CreateCalendarInput, CreateCalendarMutation,
    CreateCalendarVariables, DeleteCalendarInput, DeleteCalendarMutation, DeleteCalendarVariables,
    UpdateCalendarInput, UpdateCalendarMutation, UpdateCalendarVariables,
};
use crate::wire::prepare::prepare;

/// The delay before the list of calendars is fetched again after a failure.
const REFETCH_DELAY: Duration = Duration::from_secs(5);

impl Client {
    /// Fetches the visible calendars from the server, ordered by name.
    ///
    /// This always sends one request; at most 1,000 calendars are returned. To follow changes
    /// without requests, use [`Client::watch_calendars`].
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses the request.
    pub async fn calendars(&self) -> Result<Vec<Shared<Calendar>>, QueryError> {
        let response = self.query(&CalendarsQuery::build(()), FetchPolicy::NetworkOnly).await?;
        Ok(response.calendars.nodes.clone())
    }

    /// Watches the calendars in the cache. This sends no request.
    ///
    /// The list itself is the one that [`Client::calendars`], [`Client::create_calendar`] or a
    /// deletion has fetched last. Names, colors and other fields are live for calendars of which a
    /// range is watched.
    ///
    /// ```no_run
    /// use futures_util::StreamExt;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = appointments_client::Client::builder("http://localhost/graphql").build()?;
    /// client.calendars().await?;
    /// let mut watch = client.watch_calendars();
    /// while let Some(calendars) = watch.next().await {
    ///     for calendar in calendars.unwrap_or_default() {
    ///         println!("{} {}", calendar.name, calendar.color);
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn watch_calendars(&self) -> CalendarsWatch {
        let cache = self.cache();
        let query = prepare(&cache, &CalendarsQuery::build(()));
        CalendarsWatch { watch: cache.watch(&query) }
    }

    /// Creates a calendar.
    ///
    /// This sends two requests: the mutation, and the whole list of calendars, so that
    /// [`Client::watch_calendars`] has the new one. If the second fails, the calendar is returned
    /// all the same, and the list is fetched again in the background until that succeeds.
    ///
    /// ```no_run
    /// use appointments_client::NewCalendar;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = appointments_client::Client::builder("http://localhost/graphql").build()?;
    /// let calendar = client.create_calendar(NewCalendar::new("Team").color("#0033aa")).await?;
    /// let handle = client.calendar(&calendar.id);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`CalendarError::Request`] if the request fails; the calendar may have been created all the
    /// same. [`CalendarError::Refused`] if a field is invalid.
    pub async fn create_calendar(&self, new: NewCalendar) -> Result<Calendar, CalendarError> {
        let NewCalendar { name, color, time_zone, overlaps } = new;
        let input = CreateCalendarInput { name, color, time_zone, overlaps };
        let mutation = CreateCalendarMutation::build(CreateCalendarVariables { input });
        let payload = self.mutate(&mutation).await?.create_calendar;
        let calendar = payload_or_error(payload.calendar, payload.error)?;
        self.refetch_calendars().await;
        Ok(calendar)
    }

    /// Changes the name, the color, the time zone or the overlap policy of a calendar.
    ///
    /// # Errors
    ///
    /// [`CalendarError::Request`] if the request fails; the change may have been done all the
    /// same. [`CalendarError::Refused`] if a field is invalid or the calendar does not exist.
    pub async fn update_calendar(
        &self,
        id: impl Into<CalendarId>,
        changes: CalendarChanges,
    ) -> Result<Calendar, CalendarError> {
        let CalendarChanges { name, color, time_zone, overlaps } = changes;
        let input = UpdateCalendarInput { id: id.into(), name, color, time_zone, overlaps };
        let mutation = UpdateCalendarMutation::build(UpdateCalendarVariables { input });
        let payload = self.mutate(&mutation).await?.update_calendar;
        payload_or_error(payload.calendar, payload.error)
    }

    /// Deletes a calendar that has no appointments.
    ///
    /// Like [`Client::create_calendar`] this also fetches the list of calendars again.
    ///
    /// # Errors
    ///
    /// [`CalendarError::NotEmpty`] if the calendar has appointments, [`CalendarError::Refused`] if
    /// it does not exist, [`CalendarError::Request`] if the request fails.
    pub async fn delete_calendar(&self, id: impl Into<CalendarId>) -> Result<(), CalendarError> {
        self.send_deletion(DeleteCalendarInput { id: id.into(), with_appointments: false }).await
    }

    /// Deletes a calendar and all its appointments.
    ///
    /// # Errors
    ///
    /// Those of [`Client::delete_calendar`], except [`CalendarError::NotEmpty`].
    pub async fn delete_calendar_with_appointments(
        &self,
        id: impl Into<CalendarId>,
    ) -> Result<(), CalendarError> {
        self.send_deletion(DeleteCalendarInput { id: id.into(), with_appointments: true }).await
    }

    async fn send_deletion(&self, input: DeleteCalendarInput) -> Result<(), CalendarError> {
        let mutation = DeleteCalendarMutation::build(DeleteCalendarVariables { input });
        let payload = self.mutate(&mutation).await?.delete_calendar;
        payload_or_error(payload.deleted_calendar_id, payload.error)?;
        self.refetch_calendars().await;
        Ok(())
    }

    /// Fetches the list of calendars again. After a failure this continues in the background, as
    /// long as the client exists.
    async fn refetch_calendars(&self) {
        if self.calendars().await.is_ok() {
            return;
        }
        let client = Arc::downgrade(&self.inner);
        runtime::spawn(async move {
            loop {
                runtime::sleep(REFETCH_DELAY).await;
                let Some(inner) = client.upgrade() else { return };
                if (Self { inner }).calendars().await.is_ok() {
                    return;
                }
            }
        });
    }
}

fn payload_or_error<T>(
    payload: Option<T>,
    error: Option<CalendarMutationError>,
) -> Result<T, CalendarError> {
    match (payload, error) {
        (_, Some(error)) => Err(error.into()),
        (Some(payload), None) => Ok(payload),
        (None, None) => {
            let message = "the mutation returned neither a result nor an error".to_owned();
            Err(QueryError::Malformed(message).into())
        }
    }
}

/// A stream of lists of calendars.
///
/// The first item is the current list; `None` if it was never fetched. A new item follows whenever
/// the list or one of its calendars changes. The stream never ends.
pub struct CalendarsWatch {
    watch: Watch<CalendarsQuery>,
}

impl Stream for CalendarsWatch {
    type Item = Option<Vec<Shared<Calendar>>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let change = poll_change(&mut self.watch, context);
        change.map(|change| {
            change.map(|()| self.watch.view().data().map(|it| it.calendars.nodes.clone()))
        })
    }
}

impl fmt::Debug for CalendarsWatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CalendarsWatch").finish_non_exhaustive()
    }
}
