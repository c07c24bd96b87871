//! `updateAppointment`.

use async_trait::async_trait;

use super::idempotency::{Command, CommandError, Context};
use super::preconditions::{appointment, slot_is_free};
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
        let (row, current) = appointment(tx, context, self.id).await?;
        if self.expected_revision.is_some_and(|seen| seen != current.revision) {
            return Err(Refusal::RevisionConflict(current).into());
        }
        let content = current.content.with_edits(self.edits.clone());
        if content == current.content {
            return Ok(current);
        }
        if is_moved(&current.content, &content) {
            content.check().map_err(Refusal::InvalidInput)?;
        }
        // A slot is taken anew by moving into it, and by no longer being cancelled.
        let takes = content.is_busy()
            && (!current.content.is_busy() || content.interval() != current.content.interval());
        if takes {
            slot_is_free(tx, &row.calendar, content.interval(), Some(self.id)).await?;
        }
        let (revision, before) = (row.head.next(), Some(current.content.interval()));
        let changed = Appointment { revision, updated_at: context.now, content, ..current };
        let body = ChangeKind::Updated(changed.clone());
        tx.apply(&context.change(changed.calendar_id, revision, before, body)).await?;
        Ok(changed)
    }
}

/// Whether the rules between fields must be asked again. A new title never fails because a zone's
/// days have been redefined since.
fn is_moved(before: &AppointmentContent, after: &AppointmentContent) -> bool {
    (before.interval(), before.all_day, before.time_zone)
        != (after.interval(), after.all_day, after.time_zone)
}
