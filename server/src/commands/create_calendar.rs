//! `createCalendar`. It is no change of the calendar's log: that begins empty, at revision 0.

use async_trait::async_trait;

use super::idempotency::{Command, CommandError, Context};
use super::new_id::new_id;
use crate::domain::{
    Calendar, CalendarId, CreateCalendar, Entity, EntityId, MutationId, Refusal, Revision,
};
use crate::store::{IdEntry, Transaction};

#[async_trait]
impl Command for CreateCalendar {
    type Output = Calendar;
    const NAME: &'static str = "createCalendar";

    fn mutation_id(&self) -> Option<MutationId> {
        None // the id is what makes a repeated attempt harmless
    }

    async fn decide(
        &self,
        tx: &mut dyn Transaction,
        context: &Context,
    ) -> Result<Calendar, CommandError> {
        let id = self.id.unwrap_or_else(|| CalendarId(new_id(context.now)));
        if let Some(place) = tx.locate(id.into()).await? {
            return again(tx, context, place, id.into(), self).await;
        }
        // Somebody must be the default, or a calendarId could never be left out.
        let is_default = tx.default_calendar().await?.is_none();
        let content = self.content.clone();
        let calendar = Calendar { id, revision: Revision::ZERO, is_default, content };
        if !tx.claim_id(id.into(), id, context.fingerprint).await? {
            // Somebody was quicker, on another server.
            return match tx.locate(id.into()).await? {
                Some(place) => again(tx, context, place, id.into(), self).await,
                None => Err(Refusal::IdAlreadyUsed(None).into()),
            };
        }
        tx.insert_calendar(&calendar).await?;
        Ok(calendar)
    }
}

/// A known id (S10): the same attempt again is harmless, anything else is refused.
async fn again(
    tx: &mut dyn Transaction,
    context: &Context,
    place: IdEntry,
    id: EntityId,
    new: &CreateCalendar,
) -> Result<Calendar, CommandError> {
    let used = |what| Err(Refusal::IdAlreadyUsed(what).into());
    if place.deleted.is_some() || !context.actor.may_see(place.calendar_id) {
        return used(None);
    }
    if id != EntityId::from(place.calendar_id) {
        let found = tx.appointment(place.calendar_id, crate::domain::AppointmentId(id.0)).await?;
        return used(found.map(Entity::Appointment));
    }
    match tx.lock_calendar(place.calendar_id).await?.map(|row| row.calendar) {
        Some(it) if place.created_as == context.fingerprint || it.content == new.content => Ok(it),
        found => used(found.map(Entity::Calendar)),
    }
}
