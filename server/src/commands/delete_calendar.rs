//! `deleteCalendar`: one change, however many appointments go with it.

use async_trait::async_trait;

use super::idempotency::{By, Decision, Mutation};
use super::preconditions::calendar;
use crate::domain::{CalendarId, ChangeKind, DeleteCalendar, MutationId, Refusal};
use crate::store::Transaction;

#[async_trait]
impl Mutation for DeleteCalendar {
    type Done = CalendarId;
    const VERB: &'static str = "deleteCalendar";

    fn mutation_id(&self) -> Option<MutationId> {
        None
    }

    async fn decide(&self, tx: &mut dyn Transaction, by: &By) -> Decision<CalendarId> {
        let row = calendar(tx, by, self.id).await?;
        if !self.with_appointments {
            let count = tx.count(self.id).await?;
            if count > 0 {
                return Err(Refusal::CalendarNotEmpty(count).into());
            }
        }
        tx.apply(&by.change(self.id, row.head.next(), None, ChangeKind::CalendarGone)).await?;
        Ok(self.id)
    }
}
