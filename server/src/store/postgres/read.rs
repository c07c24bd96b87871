//! What readers ask, each answer from one snapshot.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgExecutor};
use sqlx::{Row, query};
use tokio::time::timeout;

use super::super::{
    CalendarRow, Job, LOG_PAGE, Log, LogPage, RangeRead, Result, Size, Store, StoreError, Wake,
    rows,
};
use super::PostgresStore;
use super::columns::{appointment_columns, calendar_columns, change_columns};
use crate::domain::{Appointment, AppointmentId, Calendar, CalendarId, Interval, Revision};

/// The appointments of calendar $1 that touch [$2, $3) (S13, S17): looked for once in each class of length that the calendar
/// has, which the recursion finds by one seek each. `offset 0` keeps the planner from making one join of all: its guesses
/// would end in reading the whole table.
macro_rules! with_touching {
    ($columns:literal, $and:literal) => {
        concat!(
            "with recursive spans (span) as (
                select min(span) from appointments where calendar_id = $1
                union all
                select (select min(b.span) from appointments b
                        where b.calendar_id = $1 and b.span > spans.span)
                from spans where spans.span is not null
            ), touching as (
                select b.* from spans cross join lateral (
                    select ",
            $columns,
            " from appointments b
                    where b.calendar_id = $1 and b.span = spans.span
                        and b.starts_at > to_timestamp($2 - (1::bigint << spans.span))
                        and b.starts_at < to_timestamp($3)
                        and (b.ends_at > to_timestamp($2) or b.starts_at >= to_timestamp($2)) ",
            $and,
            "
                    offset 0
                ) b
            )"
        )
    };
}
pub(super) use with_touching;

/// The limit stands inside of the sort: a range with too much in it is not read to its end.
const RANGE: &str = concat!(
    with_touching!("*", ""),
    "select ",
    appointment_columns!(),
    " from (select * from touching limit $4) a order by a.starts_at, a.ends_at desc, a.id"
);

const CALENDAR: &str =
    concat!("select ", calendar_columns!(), " from calendars c where c.id = $1 and c.gone is null");

/// A page of the log: the innermost select bounds the rows, the next adds up the bytes of their
/// states, so that a page of large ones is short. One is always let through.
const LOG: &str = concat!(
    "select ",
    change_columns!(),
    " from (
        select *, sum(size) over (order by revision) - size as bytes_before from (
            select *, coalesce(octet_length(state::text), 0) as size
            from changes where calendar_id = $1 and revision > $2 order by revision limit $3
        ) page
    ) bounded where bytes_before < $4 order by revision"
);

const CALENDARS: &str =
    concat!("select ", calendar_columns!(), " from calendars c where c.id = any($1)");

const CALENDARS_BY_NAME: &str = concat!(
    "select ",
    calendar_columns!(),
    " from calendars c where c.gone is null and (c.name, c.id) > ($1, $2)
    order by c.name, c.id limit $3"
);

const APPOINTMENT: &str = concat!(
    "select ",
    appointment_columns!(),
    " from directory d join appointments a on a.calendar_id = d.calendar_id and a.id = d.id
    where d.id = $1"
);

/// The log of a calendar has a row for each revision that was not pruned.
const SIZE: &str = "select coalesce((select sum(head - pruned) from calendars), 0)::bigint,
    pg_database_size(current_database())";

/// Whoever asks whether it is well wants to know soon.
const PATIENCE: Duration = Duration::from_secs(2);

/// Several statements that see the same.
const SNAPSHOT: &str = "begin isolation level repeatable read read only";

pub(super) async fn default_calendar(from: impl PgExecutor<'_>) -> Result<Option<CalendarId>> {
    let row = query("select id from calendars where is_default and gone is null")
        .fetch_optional(from)
        .await?;
    row.map(|row| Ok(CalendarId(row.try_get(0)?))).transpose()
}

#[async_trait]
impl Log for PostgresStore {
    async fn log_after(&self, calendar: CalendarId, after: Revision) -> Result<Option<LogPage>> {
        let mut snapshot = self.pool.begin_with(SNAPSHOT).await?;
        let row = query("select head, pruned, gone is not null from calendars where id = $1")
            .bind(calendar.0)
            .fetch_optional(&mut *snapshot)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let found = query(LOG)
            .bind(calendar.0)
            .bind(rows::number(after))
            .bind(LOG_PAGE.0 as i64)
            .bind(LOG_PAGE.1 as i64)
            .fetch_all(&mut *snapshot)
            .await?;
        snapshot.rollback().await?;
        Ok(Some(LogPage {
            head: rows::revision(row.try_get(0)?)?,
            pruned: rows::revision(row.try_get(1)?)?,
            gone: row.try_get(2)?,
            changes: found.iter().map(rows::change).collect::<Result<_>>()?,
        }))
    }

    fn on_commit(&self, wake: Wake) {
        self.wakeups.on_commit(wake);
    }

    async fn heads(&self, calendars: &[CalendarId]) -> Result<Vec<(CalendarId, Revision)>> {
        let found = query("select id, head from calendars where id = any($1)")
            .bind(ids(calendars))
            .fetch_all(&self.pool)
            .await?;
        found
            .iter()
            .map(|row| Ok((CalendarId(row.try_get(0)?), rows::revision(row.try_get(1)?)?)))
            .collect()
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn submit(&self, job: Box<dyn Job>) -> Result<()> {
        self.do_job(job).await
    }

    async fn calendars(&self, wanted: &[CalendarId]) -> Result<Vec<CalendarRow>> {
        let found = query(CALENDARS).bind(ids(wanted)).fetch_all(&self.pool).await?;
        found.iter().map(rows::calendar).collect()
    }

    async fn calendars_by_name(
        &self,
        after: Option<(&str, CalendarId)>,
        limit: usize,
    ) -> Result<Vec<Calendar>> {
        // No name is empty, so the empty one comes before all.
        let (name, id) = after.map_or(("", uuid::Uuid::nil()), |(name, id)| (name, id.0));
        let found = query(CALENDARS_BY_NAME)
            .bind(name)
            .bind(id)
            .bind(count(limit))
            .fetch_all(&self.pool)
            .await?;
        found.iter().map(|row| Ok(rows::calendar(row)?.calendar)).collect()
    }

    async fn default_calendar(&self) -> Result<Option<CalendarId>> {
        default_calendar(&self.pool).await
    }

    async fn appointment(&self, id: AppointmentId) -> Result<Option<Appointment>> {
        let row = query(APPOINTMENT).bind(id.0).fetch_optional(&self.pool).await?;
        row.as_ref().map(rows::appointment).transpose()
    }

    async fn range(
        &self,
        calendar: CalendarId,
        range: Interval,
        limit: usize,
    ) -> Result<Option<RangeRead>> {
        let mut snapshot = self.pool.begin_with(SNAPSHOT).await?;
        let row = query(CALENDAR).bind(calendar.0).fetch_optional(&mut *snapshot).await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let found = touching(&mut snapshot, calendar, range, limit).await?;
        snapshot.rollback().await?;
        let CalendarRow { calendar, head, .. } = rows::calendar(&row)?;
        Ok(Some(RangeRead { calendar, revision: head, appointments: found }))
    }

    async fn size(&self) -> Result<Size> {
        let row = query(SIZE).fetch_one(&self.pool).await?;
        let number = |at: usize| row.get::<i64, _>(at).try_into().unwrap_or(0);
        Ok(Size { changes: number(0), bytes: number(1) })
    }

    async fn close(&self) {
        self.closing.cancel();
        self.pool.close().await;
        self.closed.cancel();
    }

    async fn ready(&self) -> Result<()> {
        let look = query("select 1 from calendars limit 1").fetch_optional(&self.pool);
        match timeout(PATIENCE, look).await {
            Ok(looked) => looked.map(drop).map_err(Into::into),
            Err(_) => Err(StoreError::Unavailable("the database does not answer".into())),
        }
    }
}

async fn touching(
    from: &mut PgConnection,
    calendar: CalendarId,
    range: Interval,
    limit: usize,
) -> Result<Vec<Appointment>> {
    let found = query(RANGE)
        .bind(calendar.0)
        .bind(range.start.unix())
        .bind(range.end.unix())
        .bind(count(limit))
        .fetch_all(from)
        .await?;
    found.iter().map(rows::appointment).collect()
}

fn ids(calendars: &[CalendarId]) -> Vec<uuid::Uuid> {
    calendars.iter().map(|it| it.0).collect()
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
