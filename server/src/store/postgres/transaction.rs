//! One piece of work's view of the database: what it may ask, and the one way to change it.

use async_trait::async_trait;
use sqlx::postgres::{PgRow, PgTransaction};
use sqlx::{Row, query};

use super::super::rows::{self, Columns};
use super::super::{CalendarRow, Conflicts, Place, Result, Transaction};
use super::columns::{appointment_columns, calendar_columns};
use super::read::with_touching;
use super::upkeep;
use crate::domain::{
    Appointment, AppointmentId, Calendar, CalendarId, Change, EntityId, Fingerprint, Instant,
    Interval, MutationId, Revision,
};

/// How many conflicts a refusal names.
const NAMED: i64 = 10;

/// All are counted by their keys; the earliest are read whole.
macro_rules! earliest {
    ($from:literal, $most:literal) => {
        concat!(
            "select ",
            appointment_columns!(),
            ", (select count(*) from ",
            $from,
            ") from (select id from ",
            $from,
            " order by starts_at, ends_at desc, id limit ",
            $most,
            ") t cross join lateral (
                select * from appointments where calendar_id = $1 and id = t.id offset 0
            ) a order by a.starts_at, a.ends_at desc, a.id"
        )
    };
}

const IN_THE_WAY: &str = concat!(
    with_touching!(
        "starts_at, ends_at, id",
        "and b.status <> 'CANCELLED' and b.id is distinct from $4"
    ),
    earliest!("touching", "$5")
);

/// One pass by start: an appointment overlaps an earlier one if some earlier one has not ended, and
/// a later one if the next has begun. It looks at the whole calendar, which is done once, when its
/// policy becomes REJECT.
const OVERLAPPING: &str = concat!(
    "with ordered (starts_at, ends_at, id, ended, follows) as (
        select starts_at, ends_at, id,
            max(ends_at) over (order by starts_at, ends_at desc, id
                rows between unbounded preceding and 1 preceding),
            lead(starts_at) over (order by starts_at, ends_at desc, id)
        from appointments where calendar_id = $1 and status <> 'CANCELLED'
    ), overlapping (starts_at, ends_at, id) as materialized (
        select starts_at, ends_at, id from ordered where ended > starts_at or follows < ends_at
    )",
    earliest!("overlapping", "$2")
);

/// An open transaction.
pub(super) struct Open<'t, 'c> {
    pub(super) tx: &'t mut PgTransaction<'c>,
    /// Where the logs that were written to end now: whom to wake after the commit.
    pub(super) heads: Vec<(CalendarId, Revision)>,
}

impl<'t, 'c> Open<'t, 'c> {
    pub(super) fn new(tx: &'t mut PgTransaction<'c>) -> Self {
        Self { tx, heads: Vec::new() }
    }
}

#[async_trait]
impl Transaction for Open<'_, '_> {
    async fn is_new(&mut self) -> Result<bool> {
        let row = query("select 1 from calendars limit 1").fetch_optional(&mut **self.tx).await?;
        Ok(row.is_none())
    }

    async fn decided(&mut self, id: MutationId) -> Result<Option<(Fingerprint, String)>> {
        let row = query("select fingerprint, decision::text from mutations where id = $1")
            .bind(id.0)
            .fetch_optional(&mut **self.tx)
            .await?;
        row.map(|row| Ok((rows::fingerprint(row.bytes(0)?)?, row.text(1)?.to_owned()))).transpose()
    }

    async fn record(
        &mut self,
        id: MutationId,
        fingerprint: Fingerprint,
        decision: &str,
        at: Instant,
    ) -> Result<()> {
        query(
            "insert into mutations (id, fingerprint, decision, decided_at)
             values ($1, $2, $3::json, to_timestamp($4))",
        )
        .bind(id.0)
        .bind(&fingerprint.0[..])
        .bind(decision)
        .bind(at.unix())
        .execute(&mut **self.tx)
        .await?;
        Ok(())
    }

    async fn locate(&mut self, id: EntityId) -> Result<Option<Place>> {
        let row = query("select calendar_id, created_as, deleted_at from directory where id = $1")
            .bind(id.0)
            .fetch_optional(&mut **self.tx)
            .await?;
        row.as_ref().map(rows::place).transpose()
    }

    async fn lock(&mut self, id: CalendarId) -> Result<Option<CalendarRow>> {
        let row = query(concat!(
            "select ",
            calendar_columns!(),
            " from calendars c where c.id = $1 for no key update"
        ))
        .bind(id.0)
        .fetch_optional(&mut **self.tx)
        .await?;
        row.as_ref().map(rows::calendar).transpose()
    }

    async fn default_calendar(&mut self) -> Result<Option<CalendarId>> {
        super::read::default_calendar(&mut **self.tx).await
    }

    async fn appointment(
        &mut self,
        calendar: CalendarId,
        id: AppointmentId,
    ) -> Result<Option<Appointment>> {
        let row = query(concat!(
            "select ",
            appointment_columns!(),
            " from appointments a where a.calendar_id = $1 and a.id = $2"
        ))
        .bind(calendar.0)
        .bind(id.0)
        .fetch_optional(&mut **self.tx)
        .await?;
        row.as_ref().map(rows::appointment).transpose()
    }

    async fn in_the_way(
        &mut self,
        calendar: CalendarId,
        slot: Interval,
        except: Option<AppointmentId>,
    ) -> Result<Conflicts> {
        let found = query(IN_THE_WAY)
            .bind(calendar.0)
            .bind(slot.start.unix())
            .bind(slot.end.unix())
            .bind(except.map(|it| it.0))
            .bind(NAMED)
            .fetch_all(&mut **self.tx)
            .await?;
        conflicts(&found)
    }

    async fn overlapping(&mut self, calendar: CalendarId) -> Result<Conflicts> {
        let found =
            query(OVERLAPPING).bind(calendar.0).bind(NAMED).fetch_all(&mut **self.tx).await?;
        conflicts(&found)
    }

    async fn count(&mut self, calendar: CalendarId) -> Result<u64> {
        let row = query("select count(*) from appointments where calendar_id = $1")
            .bind(calendar.0)
            .fetch_one(&mut **self.tx)
            .await?;
        Ok(row.try_get::<i64, _>(0)?.cast_unsigned())
    }

    async fn claim(
        &mut self,
        id: EntityId,
        calendar: CalendarId,
        created_as: Fingerprint,
    ) -> Result<bool> {
        let done = query(
            "insert into directory (id, calendar_id, created_as) values ($1, $2, $3)
             on conflict do nothing",
        )
        .bind(id.0)
        .bind(calendar.0)
        .bind(&created_as.0[..])
        .execute(&mut **self.tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn insert_calendar(&mut self, calendar: &Calendar) -> Result<()> {
        self.write_new_calendar(calendar).await
    }

    async fn apply(&mut self, change: &Change) -> Result<()> {
        self.write_change(change).await?;
        self.heads.push((change.calendar_id, change.revision));
        Ok(())
    }

    async fn ledger_reaches(&mut self) -> Result<Instant> {
        let row = query("select extract(epoch from reaches)::bigint from ledger")
            .fetch_one(&mut **self.tx)
            .await?;
        Ok(Instant::from_unix(row.try_get(0)?))
    }

    async fn prune(&mut self, changes: Instant, ledger: Instant, batch: u32) -> Result<u64> {
        upkeep::prune(self.tx, changes, ledger, batch).await
    }

    async fn restore_bump(&mut self, step: u64, at_least: u64) -> Result<u64> {
        upkeep::restore_bump(self.tx, step, at_least).await
    }
}

fn conflicts(found: &[PgRow]) -> Result<Conflicts> {
    // The count stands behind the appointment's 14 columns, the same in every row.
    let count: i64 = found.first().map(|row| row.try_get(14)).transpose()?.unwrap_or(0);
    let earliest = found.iter().map(rows::appointment).collect::<Result<_>>()?;
    Ok(Conflicts { earliest, count: count.cast_unsigned() })
}
