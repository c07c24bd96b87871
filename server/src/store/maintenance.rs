//! Pruning of old data, and the raising of revisions after a restore.

use super::rows::Columns;
use super::sql::{Connection, read_number};
use super::{Result, StoreError};
use crate::domain::Instant;

/// Deletes the oldest changes and ledger entries. A log only loses its beginning: all changes
/// before a pruned one are deleted too, whatever their time stamps are.
pub(super) async fn prune<C: Connection>(
    tx: &mut C,
    changes_before: Instant,
    ledger_before: Instant,
    batch: u32,
) -> Result<u64> {
    let batch = i64::from(batch);
    let mut deleted = 0;
    let values = [changes_before.unix().into(), batch.into()];
    for row in tx.rows(C::SQL.oldest_changes, &values).await? {
        let calendar = Columns::id(&row, 0)?;
        let last = row.number(1)?;
        let values = [calendar.into(), last.into(), batch.into()];
        let batch_end = tx.row(C::SQL.batch_end, &values).await?;
        let Some(batch_end) = batch_end.map_or(Ok(None), |row| row.maybe_number(0))? else {
            continue;
        };
        let values = [calendar.into(), batch_end.into()];
        tx.execute(C::SQL.mark_pruned, &values).await?;
        deleted += tx.execute(C::SQL.delete_changes, &values).await?;
    }
    let ledger_before = ledger_before.unix();
    tx.execute(C::SQL.raise_ledger_start, &[ledger_before.into()]).await?;
    deleted += tx.execute(C::SQL.delete_decisions, &[ledger_before.into(), batch.into()]).await?;
    Ok(deleted)
}

/// Raises the revisions of all calendars (S8). The ledger and the directory stay as they are.
pub(super) async fn restore_bump<C: Connection>(
    tx: &mut C,
    step: u64,
    at_least: u64,
) -> Result<u64> {
    let signed = |it| i64::try_from(it).map_err(|error| StoreError::Failed(Box::new(error)));
    tx.execute(C::SQL.delete_all_changes, &[]).await?;
    tx.execute(C::SQL.raise_heads, &[signed(step)?.into(), signed(at_least)?.into()]).await?;
    tx.execute(C::SQL.stamp_calendars, &[]).await?;
    tx.execute(C::SQL.stamp_appointments, &[]).await?;
    read_number(tx, C::SQL.count_calendars, &[]).await
}
