//! `createAppointment`.

use async_trait::async_trait;

use super::idempotency::{By, Decision, Mutation};
use super::new_id::new_id;
use super::preconditions::{calendar, slot_is_free};
use crate::domain::{
    Appointment, AppointmentContent, AppointmentId, CalendarId, ChangeKind, CreateAppointment,
    Entity, MutationId, Refusal,
};
use crate::store::{Place, StoreError, Transaction};

#[async_trait]
impl Mutation for CreateAppointment {
    type Done = Appointment;
    const VERB: &'static str = "createAppointment";

    fn mutation_id(&self) -> Option<MutationId> {
        self.mutation_id
    }

    async fn decide(&self, tx: &mut dyn Transaction, by: &By) -> Decision<Appointment> {
        let calendar_id = match self.calendar_id {
            Some(id) => id,
            None => tx.default_calendar().await?.ok_or_else(|| {
                Refusal::invalid("calendarId", "is needed: there is no default calendar")
            })?,
        };
        let row = calendar(tx, by, calendar_id).await?;
        let content = self.content(row.calendar.content.time_zone);
        let id = self.id.unwrap_or_else(|| AppointmentId(new_id(by.now)));
        if let Some(place) = tx.locate(id.into()).await? {
            return again(tx, by, place, id, (calendar_id, &content)).await;
        }
        content.check().none().map_err(Refusal::InvalidInput)?;
        if content.is_busy() {
            slot_is_free(tx, &row.calendar, content.interval(), None).await?;
        }
        if !tx.claim(id.into(), calendar_id, by.fingerprint).await? {
            return Err(Refusal::IdAlreadyUsed(None).into());
        }
        let revision = row.head.next();
        let (created_at, updated_at) = (by.now, by.now);
        let appointment =
            Appointment { id, calendar_id, revision, created_at, updated_at, content };
        let body = ChangeKind::Created(appointment.clone());
        tx.apply(&by.change(calendar_id, revision, None, body)).await?;
        Ok(appointment)
    }
}

/// A known id (S10): the same attempt again is harmless, anything else is refused.
async fn again(
    tx: &mut dyn Transaction,
    by: &By,
    place: Place,
    id: AppointmentId,
    (calendar_id, content): (CalendarId, &AppointmentContent),
) -> Decision<Appointment> {
    if place.deleted.is_some() || !by.actor.may_see(place.calendar_id) {
        return Err(Refusal::IdAlreadyUsed(None).into());
    }
    // What was sent then, or what stands now: others may have changed it since.
    let is_same = |found: &Appointment| {
        place.created_as == by.fingerprint
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
    place: Place,
) -> Result<Option<Entity>, StoreError> {
    Ok(tx.lock(place.calendar_id).await?.map(|row| Entity::Calendar(row.calendar)))
}
