//! Forgetting what is old, and the step after a restore.

use super::rows::Columns;
use super::sql::{Connection, number};
use super::{Result, StoreError};
use crate::domain::Instant;

/// Whatever is oldest goes first. A calendar's log only ever loses its beginning: with a change
/// goes every earlier one of its calendar, whatever the clock said when that was made.
pub(super) async fn prune<C: Connection>(
    tx: &mut C,
    changes: Instant,
    ledger: Instant,
    batch: u32,
) -> Result<u64> {
    let batch = i64::from(batch);
    let mut gone = 0;
    for row in tx.rows(C::SQL.oldest, &[changes.unix().into(), batch.into()]).await? {
        let (calendar, last) = (Columns::id(&row, 0)?, row.number(1)?);
        let values = [calendar.into(), last.into(), batch.into()];
        let up_to = tx.row(C::SQL.batch_end, &values).await?;
        let Some(up_to) = up_to.map_or(Ok(None), |row| row.maybe_number(0))? else { continue };
        let values = [calendar.into(), up_to.into()];
        tx.execute(C::SQL.mark_pruned, &values).await?;
        gone += tx.execute(C::SQL.forget_changes, &values).await?;
    }
    tx.execute(C::SQL.raise_ledger, &[ledger.unix().into()]).await?;
    gone += tx.execute(C::SQL.forget_mutations, &[ledger.unix().into(), batch.into()]).await?;
    Ok(gone)
}

/// S8. The ledger and the directory stay: what was decided remains so.
pub(super) async fn restore_bump<C: Connection>(
    tx: &mut C,
    step: u64,
    at_least: u64,
) -> Result<u64> {
    let signed = |it| i64::try_from(it).map_err(|error| StoreError::Failed(Box::new(error)));
    tx.execute(C::SQL.forget_all_changes, &[]).await?;
    tx.execute(C::SQL.raise_heads, &[signed(step)?.into(), signed(at_least)?.into()]).await?;
    tx.execute(C::SQL.stamp_calendars, &[]).await?;
    tx.execute(C::SQL.stamp_appointments, &[]).await?;
    number(tx, C::SQL.count_calendars, &[]).await
}
