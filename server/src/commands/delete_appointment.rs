//! The command `deleteAppointment`.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::idempotency::{Command, CommandError, Context};
use super::preconditions::lock_appointment;
use crate::domain::{
    AppointmentId, CalendarId, ChangeKind, DeleteAppointment, MutationId, Refusal, Revision,
};
use crate::store::Transaction;

/// The result of deleting an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedAppointment {
    /// The id of the deleted appointment.
    pub id: AppointmentId,
    /// The calendar that contained it.
    pub calendar_id: CalendarId,
    /// The revision of the deletion.
    pub revision: Revision,
}

#[async_trait]
impl Command for DeleteAppointment {
    type Output = DeletedAppointment;
    const NAME: &'static str = "deleteAppointment";

    fn mutation_id(&self) -> Option<MutationId> {
        self.mutation_id
    }

    async fn decide(
        &self,
        tx: &mut dyn Transaction,
        context: &Context,
    ) -> Result<DeletedAppointment, CommandError> {
        let (row, current) = lock_appointment(tx, context, self.id).await?;
        if self.expected_revision.is_some_and(|it| it != current.revision) {
            return Err(Refusal::RevisionConflict(current).into());
        }
        let calendar_id = current.calendar_id;
        let revision = row.head.next();
        let before = Some(current.content.interval());
        let kind = ChangeKind::Deleted(self.id);
        tx.apply(&context.change(calendar_id, revision, before, kind)).await?;
        Ok(DeletedAppointment { id: self.id, calendar_id, revision })
    }
}
