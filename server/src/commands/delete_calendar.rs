//! The command `deleteCalendar`: one change, however many appointments are deleted with the
//! calendar.

use async_trait::async_trait;

use super::idempotency::{Command, CommandError, Context};
use super::preconditions::lock_calendar;
use crate::domain::{CalendarId, ChangeKind, DeleteCalendar, MutationId, Refusal};
use crate::store::Transaction;

#[async_trait]
impl Command for DeleteCalendar {
    type Output = CalendarId;
    const NAME: &'static str = "deleteCalendar";

    fn mutation_id(&self) -> Option<MutationId> {
        None
    }

    async fn decide(
        &self,
        tx: &mut dyn Transaction,
        context: &Context,
    ) -> Result<CalendarId, CommandError> {
        let row = lock_calendar(tx, context, self.id).await?;
        if !self.with_appointments {
            let count = tx.count_appointments(self.id).await?;
            if count > 0 {
                return Err(Refusal::CalendarNotEmpty(count).into());
            }
        }
        let revision = row.head.next();
        tx.apply(&context.change(self.id, revision, None, ChangeKind::CalendarGone)).await?;
        Ok(self.id)
    }
}
