//! Forgetting what is old, and the step after a restore.

use sqlx::postgres::PgTransaction;
use sqlx::{Row, query};
use uuid::Uuid;

use super::super::{Result, StoreError};
use crate::domain::Instant;

/// Whatever is oldest goes first. A calendar's log only ever loses its beginning: with a change
/// goes every earlier one of its calendar, whatever the clock said when that was made.
pub(super) async fn prune(
    tx: &mut PgTransaction<'_>,
    changes: Instant,
    ledger: Instant,
    batch: u32,
) -> Result<u64> {
    let batch = i64::from(batch);
    // In one order, so that two servers that forget at once are not in each other's way.
    let old = query(
        "select calendar_id, max(revision) from (
            select calendar_id, revision from changes where at < to_timestamp($1) order by at limit $2
        ) oldest group by calendar_id order by calendar_id",
    )
    .bind(changes.unix())
    .bind(batch)
    .fetch_all(&mut **tx)
    .await?;
    let mut gone = 0;
    for row in old {
        let (calendar, revision): (Uuid, i64) = (row.try_get(0)?, row.try_get(1)?);
        let up_to = query(
            "select max(revision) from (
                select revision from changes where calendar_id = $1 and revision <= $2
                order by revision limit $3) oldest",
        );
        let up_to = up_to.bind(calendar).bind(revision).bind(batch).fetch_one(&mut **tx).await?;
        let up_to: Option<i64> = up_to.try_get(0)?;
        query("update calendars set pruned = greatest(pruned, $2) where id = $1")
            .bind(calendar)
            .bind(up_to.unwrap_or(0))
            .execute(&mut **tx)
            .await?;
        gone += query("delete from changes where calendar_id = $1 and revision <= $2")
            .bind(calendar)
            .bind(up_to)
            .execute(&mut **tx)
            .await?
            .rows_affected();
    }
    query("update ledger set reaches = to_timestamp($1) where reaches < to_timestamp($1)")
        .bind(ledger.unix())
        .execute(&mut **tx)
        .await?;
    gone += query(
        "delete from mutations where id in (
            select id from mutations where decided_at < to_timestamp($1)
            order by decided_at, id limit $2)",
    )
    .bind(ledger.unix())
    .bind(batch)
    .execute(&mut **tx)
    .await?
    .rows_affected();
    Ok(gone)
}

/// S8. The ledger and the directory stay: what was decided remains so.
pub(super) async fn restore_bump(
    tx: &mut PgTransaction<'_>,
    step: u64,
    at_least: u64,
) -> Result<u64> {
    let signed = |it| i64::try_from(it).map_err(|error| StoreError::Failed(Box::new(error)));
    query("delete from changes").execute(&mut **tx).await?;
    query("update calendars set head = case when head < $2 then $2 else head + $1 end")
        .bind(signed(step)?)
        .bind(signed(at_least)?)
        .execute(&mut **tx)
        .await?;
    query(
        "update calendars set pruned = head, revision = head,
            gone = case when gone is not null then head end",
    )
    .execute(&mut **tx)
    .await?;
    query(
        "update appointments set revision = c.head
         from calendars c where c.id = appointments.calendar_id",
    )
    .execute(&mut **tx)
    .await?;
    let row =
        query("select count(*) from calendars where gone is null").fetch_one(&mut **tx).await?;
    Ok(row.try_get::<i64, _>(0)?.cast_unsigned())
}
