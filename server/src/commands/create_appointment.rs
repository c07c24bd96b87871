//! The command `createAppointment`.

use async_trait::async_trait;

use super::idempotency::{Command, CommandError, Context};
use super::new_id::new_id;
use super::preconditions::{ensure_slot_free, lock_calendar};
use crate::domain::{
    Appointment, AppointmentContent, AppointmentId, CalendarId, ChangeKind, CreateAppointment,
    Entity, MutationId, Refusal,
};
use crate::store::{IdEntry, Transaction};

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
            None => tx.default_calendar().await?.ok_or_else(no_default_calendar)?,
        };
        let row = lock_calendar(tx, context, calendar_id).await?;
        let content = self.content(row.calendar.content.time_zone);
        let id = self.id.unwrap_or_else(|| AppointmentId(new_id(context.now)));
        if let Some(entry) = tx.locate(id.into()).await? {
            return resolve_known_id(tx, context, entry, id, (calendar_id, &content)).await;
        }
        content.check().map_err(Refusal::InvalidInput)?;
        if content.is_busy() {
            ensure_slot_free(tx, &row.calendar, content.interval(), None).await?;
        }
        if !tx.claim_id(id.into(), calendar_id, context.fingerprint).await? {
            return Err(Refusal::IdAlreadyUsed(None).into());
        }
        let revision = row.head.next();
        let appointment = Appointment {
            id,
            calendar_id,
            revision,
            created_at: context.now,
            updated_at: context.now,
            content,
        };
        let kind = ChangeKind::Created(appointment.clone());
        tx.apply(&context.change(calendar_id, revision, None, kind)).await?;
        Ok(appointment)
    }
}

fn no_default_calendar() -> Refusal {
    Refusal::invalid("calendarId", "Choose a calendar; there is no default calendar.")
}

/// Decides a creation whose id is in use (S10): a retry succeeds, anything else is refused.
async fn resolve_known_id(
    tx: &mut dyn Transaction,
    context: &Context,
    entry: IdEntry,
    id: AppointmentId,
    (calendar_id, content): (CalendarId, &AppointmentContent),
) -> Result<Appointment, CommandError> {
    if entry.deleted.is_some() || !context.actor.may_see(entry.calendar_id) {
        return Err(Refusal::IdAlreadyUsed(None).into());
    }
    // A retry has the fingerprint of the original creation, even if the appointment has changed
    // since. Without the fingerprint, equal content is accepted as well.
    let is_retry = |found: &Appointment| {
        entry.created_as == context.fingerprint
            || (found.calendar_id == calendar_id && found.content == *content)
    };
    let existing = match tx.appointment(entry.calendar_id, id).await? {
        Some(found) if is_retry(&found) => return Ok(found),
        Some(found) => Some(Entity::Appointment(found)),
        // The id is a calendar's.
        None => tx.lock_calendar(entry.calendar_id).await?.map(|it| Entity::Calendar(it.calendar)),
    };
    Err(Refusal::IdAlreadyUsed(existing).into())
}
