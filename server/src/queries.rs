//! What may be asked, by whom, and the limits of an answer (S14: complete, or refused).

use std::sync::Arc;

use crate::domain::{
    Actor, Appointment, AppointmentId, Calendar, CalendarId, Entity, EntityId, Interval,
    MAX_RANGE_ROWS, RangeError,
};
use crate::store::{RangeRead, Store, StoreError};

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The range cannot be asked for.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// The range is answered with a list or not at all.
    #[error("The range contains more than {MAX_RANGE_ROWS} appointments; query it in parts.")]
    TooManyRows,
    /// The calendar is not there, or may not be seen.
    #[error("There is no calendar {0}.")]
    NoCalendar(String),
    /// None was named, and there is none to be meant.
    #[error("The argument calendarId is required, because there is no default calendar.")]
    NoDefaultCalendar,
    /// The store could not be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The questions, over one store.
#[derive(Clone)]
pub struct Queries {
    store: Arc<dyn Store>,
}

impl Queries {
    /// The questions over `store`.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// A calendar, or the default one.
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

    /// The calendars that `actor` may see, by name and id, after a given one.
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

    /// The calendars that appointments are in, also those that are gone. Whoever may see an
    /// appointment may see its calendar, so nobody is asked again.
    pub async fn calendars_of(&self, ids: &[CalendarId]) -> Result<Vec<Calendar>, StoreError> {
        let found = self.store.calendars(ids).await?;
        Ok(found.into_iter().map(|row| row.calendar).collect())
    }

    /// An appointment.
    pub async fn appointment(
        &self,
        actor: &Actor,
        id: AppointmentId,
    ) -> Result<Option<Appointment>, StoreError> {
        let found = self.store.appointment(id).await?;
        Ok(found.filter(|it| actor.may_see(it.calendar_id)))
    }

    /// A calendar or an appointment.
    pub async fn entity(&self, actor: &Actor, id: EntityId) -> Result<Option<Entity>, StoreError> {
        if let Some(found) = self.appointment(actor, AppointmentId(id.0)).await? {
            return Ok(Some(Entity::Appointment(found)));
        }
        let found = self.calendar(actor, Some(CalendarId(id.0))).await?;
        Ok(found.map(Entity::Calendar))
    }

    /// All appointments of a calendar, or of the default one, that touch `range`.
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
        // One more than is allowed tells whether there are more.
        let found = self.store.range(id, range, MAX_RANGE_ROWS + 1).await?.ok_or_else(unknown)?;
        if found.appointments.len() > MAX_RANGE_ROWS {
            return Err(QueryError::TooManyRows);
        }
        Ok(found)
    }
}
