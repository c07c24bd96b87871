//! The command `updateCalendar`.

use async_trait::async_trait;

use super::idempotency::{Command, CommandError, Context};
use super::preconditions::lock_calendar;
use crate::domain::{
    Calendar, CalendarContent, ChangeKind, MutationId, OverlapPolicy, Refusal, UpdateCalendar,
};
use crate::store::Transaction;

#[async_trait]
impl Command for UpdateCalendar {
    type Output = Calendar;
    const NAME: &'static str = "updateCalendar";

    fn mutation_id(&self) -> Option<MutationId> {
        self.mutation_id
    }

    async fn decide(
        &self,
        tx: &mut dyn Transaction,
        context: &Context,
    ) -> Result<Calendar, CommandError> {
        let row = lock_calendar(tx, context, self.id).await?;
        let current = &row.calendar;
        if self.expected_revision.is_some_and(|it| it != current.revision) {
            return Err(Refusal::CalendarRevisionConflict(row.calendar).into());
        }
        let content = current.content.with_edits(self.edits.clone());
        if content == current.content {
            return Ok(row.calendar);
        }
        if forbids_overlaps(&current.content, &content) {
            let found = tx.find_overlaps(self.id).await?;
            if found.count > 0 {
                let refusal =
                    Refusal::Overlapping { conflicts: found.earliest, count: found.count };
                return Err(refusal.into());
            }
        }
        let revision = row.head.next();
        let changed = Calendar { revision, content, ..row.calendar };
        let kind = ChangeKind::CalendarUpdated(changed.clone());
        tx.apply(&context.change(self.id, revision, None, kind)).await?;
        Ok(changed)
    }
}

/// Whether the update turns a calendar that allows overlaps into one that does not.
fn forbids_overlaps(before: &CalendarContent, after: &CalendarContent) -> bool {
    before.overlaps == OverlapPolicy::Allow && after.overlaps == OverlapPolicy::Reject
}
