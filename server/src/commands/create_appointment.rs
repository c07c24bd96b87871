//! `createAppointment`.

use async_trait::async_trait;

use super::idempotency::{Command, CommandError, Context};
use super::new_id::new_id;
use super::preconditions::{calendar, slot_is_free};
use crate::domain::{
    Appointment, AppointmentContent, AppointmentId, CalendarId, ChangeKind, CreateAppointment,
    Entity, MutationId, Refusal,
};
use crate::store::{IdEntry, StoreError, Transaction};

#[async_trait]
impl Command for CreateAppointment {
    type Output = Appointment;
    const NAME: &'static str = "createAppointment";

    fn mutation_id(&self) -> Option<MutationId> {
        self.mutation_id
    }

    async fn decide(
        &self,
        tx: &mut dyn Transaction,
        context: &Context,
    ) -> Result<Appointment, CommandError> {
        let calendar_id = match self.calendar_id {
            Some(id) => id,
            None => tx.default_calendar().await?.ok_or_else(|| {
                Refusal::invalid("calendarId", "Choose a calendar; there is no default calendar.")
            })?,
        };
        let row = calendar(tx, context, calendar_id).await?;
        let content = self.content(row.calendar.content.time_zone);
        let id = self.id.unwrap_or_else(|| AppointmentId(new_id(context.now)));
        if let Some(place) = tx.locate(id.into()).await? {
            return again(tx, context, place, id, (calendar_id, &content)).await;
        }
        content.check().map_err(Refusal::InvalidInput)?;
        if content.is_busy() {
            slot_is_free(tx, &row.calendar, content.interval(), None).await?;
        }
        if !tx.claim_id(id.into(), calendar_id, context.fingerprint).await? {
            return Err(Refusal::IdAlreadyUsed(None).into());
        }
        let revision = row.head.next();
        let (created_at, updated_at) = (context.now, context.now);
        let appointment =
            Appointment { id, calendar_id, revision, created_at, updated_at, content };
        let body = ChangeKind::Created(appointment.clone());
        tx.apply(&context.change(calendar_id, revision, None, body)).await?;
        Ok(appointment)
    }
}

/// A known id (S10): the same attempt again is harmless, anything else is refused.
async fn again(
    tx: &mut dyn Transaction,
    context: &Context,
    place: IdEntry,
    id: AppointmentId,
    (calendar_id, content): (CalendarId, &AppointmentContent),
) -> Result<Appointment, CommandError> {
    if place.deleted.is_some() || !context.actor.may_see(place.calendar_id) {
        return Err(Refusal::IdAlreadyUsed(None).into());
    }
    // What was sent then, or what stands now: others may have changed it since.
    let is_same = |found: &Appointment| {
        place.created_as == context.fingerprint
            || (found.calendar_id == calendar_id && found.content == *content)
    };
    match tx.appointment(place.calendar_id, id).await? {
        Some(found) if is_same(&found) => Ok(found),
        Some(found) => Err(Refusal::IdAlreadyUsed(Some(Entity::Appointment(found))).into()),
        None => Err(Refusal::IdAlreadyUsed(calendar_entity(tx, place).await?).into()),
    }
}

async fn calendar_entity(
    tx: &mut dyn Transaction,
    place: IdEntry,
) -> Result<Option<Entity>, StoreError> {
    Ok(tx.lock_calendar(place.calendar_id).await?.map(|row| Entity::Calendar(row.calendar)))
}
