//! Reads for the API: who may see what, and how large a result may be.
//!
//! A result is complete or an error (S14).

use std::fmt;
use std::sync::Arc;

use crate::domain::{
    Actor, Appointment, AppointmentId, Calendar, CalendarId, Entity, EntityId, Interval,
    MAX_RANGE_ROWS, RangeError,
};
use crate::store::{RangeRead, Store, StoreError};

/// The reason why a query failed.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The range is invalid.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// The range has too many appointments. Lists are never truncated.
    #[error("The range contains more than {MAX_RANGE_ROWS} appointments; query it in parts.")]
    TooManyRows,
    /// The calendar does not exist, or the actor may not see it.
    #[error("There is no calendar {0}.")]
    NoCalendar(String),
    /// The query names no calendar, and there is no default one.
    #[error("The argument calendarId is required, because there is no default calendar.")]
    NoDefaultCalendar,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs queries on a store. Clones share it.
#[derive(Clone)]
pub struct Queries {
    store: Arc<dyn Store>,
}

impl fmt::Debug for Queries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queries").finish_non_exhaustive()
    }
}

impl Queries {
    /// Creates queries on `store`.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Returns a calendar, or the default one if `id` is `None`.
    ///
    /// `None` if it does not exist or the actor may not see it.
    pub async fn calendar(
        &self,
        actor: &Actor,
        id: Option<CalendarId>,
    ) -> Result<Option<Calendar>, StoreError> {
        let id = match id {
            Some(id) => Some(id),
            None => self.store.default_calendar().await?,
        };
        let Some(id) = id.filter(|&id| actor.may_see(id)) else {
            return Ok(None);
        };
        let found = self.store.calendars(&[id]).await?;
        Ok(found.into_iter().find(|row| row.deleted.is_none()).map(|row| row.calendar))
    }

    /// Returns up to `limit` calendars that `actor` may see, sorted by name and id.
    ///
    /// `after` is the name and id of the last calendar of the previous page.
    pub async fn calendars(
        &self,
        actor: &Actor,
        after: Option<(&str, CalendarId)>,
        limit: usize,
    ) -> Result<Vec<Calendar>, StoreError> {
        let mut found = self.store.calendars_by_name(after, limit).await?;
        found.retain(|it| actor.may_see(it.id));
        Ok(found)
    }

    /// Returns the calendars of appointments by id, including deleted ones.
    ///
    /// This checks no permission: who may see an appointment may see its calendar.
    pub async fn calendars_by_id(&self, ids: &[CalendarId]) -> Result<Vec<Calendar>, StoreError> {
        let found = self.store.calendars(ids).await?;
        Ok(found.into_iter().map(|row| row.calendar).collect())
    }

    /// Returns an appointment, or `None` if it does not exist or the actor may not see it.
    pub async fn appointment(
        &self,
        actor: &Actor,
        id: AppointmentId,
    ) -> Result<Option<Appointment>, StoreError> {
        let found = self.store.appointment(id).await?;
        Ok(found.filter(|it| actor.may_see(it.calendar_id)))
    }

    /// Returns the calendar or the appointment with this id.
    pub async fn entity(&self, actor: &Actor, id: EntityId) -> Result<Option<Entity>, StoreError> {
        if let Some(found) = self.appointment(actor, AppointmentId(id.0)).await? {
            return Ok(Some(Entity::Appointment(found)));
        }
        let found = self.calendar(actor, Some(CalendarId(id.0))).await?;
        Ok(found.map(Entity::Calendar))
    }

    /// Returns all appointments of a calendar that touch `range`. `None` is the default calendar.
    pub async fn range(
        &self,
        actor: &Actor,
        calendar: Option<CalendarId>,
        range: Interval,
    ) -> Result<RangeRead, QueryError> {
        let range = range.check_length()?;
        let id = match calendar {
            Some(id) => id,
            None => self.store.default_calendar().await?.ok_or(QueryError::NoDefaultCalendar)?,
        };
        let unknown = || QueryError::NoCalendar(id.to_string());
        if !actor.may_see(id) {
            return Err(unknown());
        }
        // One more row than allowed shows whether there are too many.
        let found = self.store.range(id, range, MAX_RANGE_ROWS + 1).await?.ok_or_else(unknown)?;
        if found.appointments.len() > MAX_RANGE_ROWS {
            return Err(QueryError::TooManyRows);
        }
        Ok(found)
    }
}
