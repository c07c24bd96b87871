//! The command `createCalendar`. The creation is not in the calendar's log, which starts empty at
//! revision 0.

use async_trait::async_trait;

use super::idempotency::{Command, CommandError, Context};
use super::new_id::new_id;
use crate::domain::{
    AppointmentId, Calendar, CalendarId, CreateCalendar, Entity, EntityId, MutationId, Refusal,
    Revision,
};
use crate::store::{IdEntry, Transaction};

#[async_trait]
impl Command for CreateCalendar {
    type Output = Calendar;
    const NAME: &'static str = "createCalendar";

    fn mutation_id(&self) -> Option<MutationId> {
        None // The calendar's id makes a retry harmless.
    }

    async fn decide(
        &self,
        tx: &mut dyn Transaction,
        context: &Context,
    ) -> Result<Calendar, CommandError> {
        let id = self.id.unwrap_or_else(|| CalendarId(new_id(context.now)));
        if let Some(entry) = tx.locate(id.into()).await? {
            return resolve_known_id(tx, context, entry, id.into(), self).await;
        }
        // The first calendar becomes the default, so that clients can omit the calendarId.
        let is_default = tx.default_calendar().await?.is_none();
        let content = self.content.clone();
        let calendar = Calendar { id, revision: Revision::ZERO, is_default, content };
        if !tx.claim_id(id.into(), id, context.fingerprint).await? {
            // Another replica has claimed the id in the meantime.
            return match tx.locate(id.into()).await? {
                Some(entry) => resolve_known_id(tx, context, entry, id.into(), self).await,
                None => Err(Refusal::IdAlreadyUsed(None).into()),
            };
        }
        tx.insert_calendar(&calendar).await?;
        Ok(calendar)
    }
}

/// Decides a creation whose id is in use (S10): a retry succeeds, anything else is refused.
async fn resolve_known_id(
    tx: &mut dyn Transaction,
    context: &Context,
    entry: IdEntry,
    id: EntityId,
    new: &CreateCalendar,
) -> Result<Calendar, CommandError> {
    if entry.deleted.is_some() || !context.actor.may_see(entry.calendar_id) {
        return Err(Refusal::IdAlreadyUsed(None).into());
    }
    let is_retry =
        |found: &Calendar| entry.created_as == context.fingerprint || found.content == new.content;
    let existing = if id == entry.calendar_id.into() {
        match tx.lock_calendar(entry.calendar_id).await?.map(|row| row.calendar) {
            Some(found) if is_retry(&found) => return Ok(found),
            found => found.map(Entity::Calendar),
        }
    } else {
        let found = tx.appointment(entry.calendar_id, AppointmentId(id.0)).await?;
        found.map(Entity::Appointment)
    };
    Err(Refusal::IdAlreadyUsed(existing).into())
}
