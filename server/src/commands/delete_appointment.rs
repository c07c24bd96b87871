//! `deleteAppointment`.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::idempotency::{Command, CommandError, Context};
use super::preconditions::appointment;
use crate::domain::{
    AppointmentId, CalendarId, ChangeKind, DeleteAppointment, MutationId, Refusal, Revision,
};
use crate::store::Transaction;

/// What a deletion leaves to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedAppointment {
    /// Which.
    pub id: AppointmentId,
    /// Where it was.
    pub calendar_id: CalendarId,
    /// The revision of its removal.
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
        let (row, current) = appointment(tx, context, self.id).await?;
        if self.expected_revision.is_some_and(|seen| seen != current.revision) {
            return Err(Refusal::RevisionConflict(current).into());
        }
        let (revision, calendar_id) = (row.head.next(), current.calendar_id);
        let before = Some(current.content.interval());
        tx.apply(&context.change(calendar_id, revision, before, ChangeKind::Deleted(self.id)))
            .await?;
        Ok(DeletedAppointment { id: self.id, calendar_id, revision })
    }
}
