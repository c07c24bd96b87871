//! The command `updateAppointment`.

use async_trait::async_trait;

use super::idempotency::{Command, CommandError, Context};
use super::preconditions::{ensure_slot_free, lock_appointment};
use crate::domain::{
    Appointment, AppointmentContent, ChangeKind, MutationId, Refusal, UpdateAppointment,
};
use crate::store::Transaction;

#[async_trait]
impl Command for UpdateAppointment {
    type Output = Appointment;
    const NAME: &'static str = "updateAppointment";

    fn mutation_id(&self) -> Option<MutationId> {
        self.mutation_id
    }

    async fn decide(
        &self,
        tx: &mut dyn Transaction,
        context: &Context,
    ) -> Result<Appointment, CommandError> {
        let (row, current) = lock_appointment(tx, context, self.id).await?;
        if self.expected_revision.is_some_and(|it| it != current.revision) {
            return Err(Refusal::RevisionConflict(current).into());
        }
        let content = current.content.with_edits(self.edits.clone());
        if content == current.content {
            return Ok(current);
        }
        if is_rescheduled(&current.content, &content) {
            content.check().map_err(Refusal::InvalidInput)?;
        }
        // The appointment takes a new slot if it moves, or if it is no longer cancelled.
        let takes_slot = content.is_busy()
            && (!current.content.is_busy() || content.interval() != current.content.interval());
        if takes_slot {
            ensure_slot_free(tx, &row.calendar, content.interval(), Some(self.id)).await?;
        }
        let revision = row.head.next();
        let before = Some(current.content.interval());
        let changed = Appointment { revision, updated_at: context.now, content, ..current };
        let kind = ChangeKind::Updated(changed.clone());
        tx.apply(&context.change(changed.calendar_id, revision, before, kind)).await?;
        Ok(changed)
    }
}

/// Whether the rules between fields must be checked again. Other edits skip them, so that a new
/// title never fails because the rules of the time zone have changed since.
fn is_rescheduled(before: &AppointmentContent, after: &AppointmentContent) -> bool {
    (before.interval(), before.all_day, before.time_zone)
        != (after.interval(), after.all_day, after.time_zone)
}
