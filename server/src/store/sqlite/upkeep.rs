//! Forgetting what is old, and the step after a restore.

use sqlx::sqlite::SqliteTransaction;
use sqlx::{Row, query};

use super::super::{Result, StoreError};
use crate::domain::Instant;

/// Whatever is oldest goes first. A calendar's log only ever loses its beginning: with a change
/// goes every earlier one of its calendar, whatever the clock said when that was made.
pub(super) async fn prune(
    tx: &mut SqliteTransaction<'_>,
    changes: Instant,
    ledger: Instant,
    batch: u32,
) -> Result<u64> {
    let old = query(
        "select calendar_id, max(revision) from (
            select calendar_id, revision from changes where at < ?1 order by at limit ?2
        ) group by calendar_id",
    )
    .bind(changes.unix())
    .bind(batch)
    .fetch_all(&mut **tx)
    .await?;
    let mut gone = 0;
    for row in old {
        let (calendar, revision): (Vec<u8>, i64) = (row.try_get(0)?, row.try_get(1)?);
        let up_to = query(
            "select max(revision) from (
                select revision from changes where calendar_id = ?1 and revision <= ?2
                order by revision limit ?3)",
        );
        let up_to = up_to.bind(&calendar).bind(revision).bind(batch).fetch_one(&mut **tx).await?;
        let up_to: Option<i64> = up_to.try_get(0)?;
        query("update calendars set pruned = max(pruned, ?2) where id = ?1")
            .bind(&calendar)
            .bind(up_to.unwrap_or(0))
            .execute(&mut **tx)
            .await?;
        gone += query("delete from changes where calendar_id = ?1 and revision <= ?2")
            .bind(&calendar)
            .bind(up_to)
            .execute(&mut **tx)
            .await?
            .rows_affected();
    }
    query("update ledger set reaches = max(reaches, ?1)")
        .bind(ledger.unix())
        .execute(&mut **tx)
        .await?;
    gone += query(
        "delete from mutations where id in (
            select id from mutations where decided_at < ?1 order by decided_at limit ?2)",
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
    tx: &mut SqliteTransaction<'_>,
    step: u64,
    at_least: u64,
) -> Result<u64> {
    let signed = |it| i64::try_from(it).map_err(|error| StoreError::Failed(Box::new(error)));
    query("delete from changes").execute(&mut **tx).await?;
    query("update calendars set head = iif(head < ?2, ?2, head + ?1)")
        .bind(signed(step)?)
        .bind(signed(at_least)?)
        .execute(&mut **tx)
        .await?;
    query(
        "update calendars set pruned = head, revision = head,
            gone = iif(gone is null, null, head)",
    )
    .execute(&mut **tx)
    .await?;
    query(
        "update appointments set revision =
            (select head from calendars c where c.id = appointments.calendar_id)",
    )
    .execute(&mut **tx)
    .await?;
    let row =
        query("select count(*) from calendars where gone is null").fetch_one(&mut **tx).await?;
    Ok(row.try_get::<i64, _>(0)?.cast_unsigned())
}
