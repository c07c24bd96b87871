//! What readers ask, each answer from one snapshot.

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteExecutor};
use sqlx::{Row, query};

use super::super::{
    CalendarRow, Job, LOG_PAGE, Log, LogPage, RangeRead, Result, Size, Store, StoreError, Wake,
    rows,
};
use super::SqliteStore;
use super::columns::{appointment_columns, calendar_columns, change_columns};
use crate::domain::{Appointment, AppointmentId, Calendar, CalendarId, Interval, Revision};

/// The rows of calendar ?1 that touch [?2, ?3) (S13, S17), with their keys alone: looked for once
/// in each class of length that the calendar has, which the recursion finds by one seek each. The
/// cross join keeps that order, and the index holds all that is asked for.
macro_rules! with_touching {
    ($and:literal) => {
        concat!(
            "with recursive spans (span) as (
                select min(span) from appointments where calendar_id = ?1
                union all
                select (select min(b.span) from appointments b
                        where b.calendar_id = ?1 and b.span > spans.span)
                from spans where spans.span is not null
            ), touching (row, starts_at, ends_at, id) as (
                select b.rowid, b.starts_at, b.ends_at, b.id
                from spans cross join appointments b
                where b.calendar_id = ?1 and b.span = spans.span
                    and b.starts_at > ?2 - (1 << spans.span) and b.starts_at < ?3
                    and (b.ends_at > ?2 or b.starts_at >= ?2) ",
            $and,
            ")"
        )
    };
}
pub(super) use with_touching;

/// The limit stands inside of the sort: a range with too much in it is not read to its end.
pub(super) const RANGE: &str = concat!(
    with_touching!("limit ?4"),
    "select ",
    appointment_columns!(),
    " from touching t cross join appointments a on a.rowid = t.row
    order by a.starts_at, a.ends_at desc, a.id"
);

const CALENDAR: &str =
    concat!("select ", calendar_columns!(), " from calendars c where c.id = ?1 and c.gone is null");

/// A page of the log: the innermost select bounds the rows, the next adds up the bytes of their
/// states without reading them, so that a page of large ones is short. One is always let through.
pub(super) const LOG: &str = concat!(
    "select ",
    change_columns!(),
    " from (
        select position, sum(size) over (order by position) - size as bytes_before from (
            select revision as position, coalesce(octet_length(state), 0) as size
            from changes where calendar_id = ?1 and revision > ?2 order by revision limit ?3
        )
    ) cross join changes on calendar_id = ?1 and revision = position
    where bytes_before < ?4 order by revision"
);

pub(super) const HEADS: &str = "select c.id, c.head from json_each(?1) wanted cross join calendars c on c.id = unhex(wanted.value)";

/// The log of a calendar has a row for each revision that was not pruned.
const SIZE: &str = "select coalesce((select sum(head - pruned) from calendars), 0),
    (select page_count * page_size from pragma_page_count(), pragma_page_size())";

pub(super) const CALENDARS: &str = concat!(
    "select ",
    calendar_columns!(),
    " from json_each(?1) wanted cross join calendars c on c.id = unhex(wanted.value)"
);

pub(super) const CALENDARS_BY_NAME: &str = concat!(
    "select ",
    calendar_columns!(),
    " from calendars c where c.gone is null and (c.name, c.id) > (?1, ?2)
    order by c.name, c.id limit ?3"
);

pub(super) const APPOINTMENT: &str = concat!(
    "select ",
    appointment_columns!(),
    " from directory d cross join appointments a
    on a.calendar_id = d.calendar_id and a.id = d.id where d.id = ?1"
);

pub(super) async fn default_calendar(from: impl SqliteExecutor<'_>) -> Result<Option<CalendarId>> {
    let row = query("select id from calendars where is_default = 1 and gone is null")
        .fetch_optional(from)
        .await?;
    row.map(|row| Ok(CalendarId(row.try_get(0)?))).transpose()
}

#[async_trait]
impl Log for SqliteStore {
    async fn log_after(&self, calendar: CalendarId, after: Revision) -> Result<Option<LogPage>> {
        let mut snapshot = self.readers.begin().await?;
        let row = query("select head, pruned, gone is not null from calendars where id = ?1")
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
        self.writer.on_commit(wake);
    }

    async fn heads(&self, calendars: &[CalendarId]) -> Result<Vec<(CalendarId, Revision)>> {
        let found = query(HEADS).bind(hex_list(calendars)?).fetch_all(&self.readers).await?;
        found
            .iter()
            .map(|row| Ok((CalendarId(row.try_get(0)?), rows::revision(row.try_get(1)?)?)))
            .collect()
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn submit(&self, job: Box<dyn Job>) -> Result<()> {
        self.writer.submit(job).await
    }

    async fn calendars(&self, ids: &[CalendarId]) -> Result<Vec<CalendarRow>> {
        let found = query(CALENDARS).bind(hex_list(ids)?).fetch_all(&self.readers).await?;
        found.iter().map(rows::calendar).collect()
    }

    async fn calendars_by_name(
        &self,
        after: Option<(&str, CalendarId)>,
        limit: usize,
    ) -> Result<Vec<Calendar>> {
        // No name is empty, so the empty one comes before all.
        let (name, id) = after.map_or(("", Vec::new()), |(name, id)| (name, id.0.into()));
        let found = query(CALENDARS_BY_NAME)
            .bind(name)
            .bind(id)
            .bind(count(limit))
            .fetch_all(&self.readers)
            .await?;
        found.iter().map(|row| Ok(rows::calendar(row)?.calendar)).collect()
    }

    async fn default_calendar(&self) -> Result<Option<CalendarId>> {
        default_calendar(&self.readers).await
    }

    async fn appointment(&self, id: AppointmentId) -> Result<Option<Appointment>> {
        let row = query(APPOINTMENT).bind(id.0).fetch_optional(&self.readers).await?;
        row.as_ref().map(rows::appointment).transpose()
    }

    async fn range(
        &self,
        calendar: CalendarId,
        range: Interval,
        limit: usize,
    ) -> Result<Option<RangeRead>> {
        let mut snapshot = self.readers.begin().await?;
        let row = query(CALENDAR).bind(calendar.0).fetch_optional(&mut *snapshot).await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let found = touching(&mut snapshot, calendar, range, limit).await?;
        snapshot.rollback().await?;
        let CalendarRow { calendar, head, .. } = rows::calendar(&row)?;
        Ok(Some(RangeRead { calendar, revision: head, appointments: found }))
    }

    async fn close(&self) {
        self.writer.close();
        self.readers.close().await;
    }

    async fn size(&self) -> Result<Size> {
        let row = query(SIZE).fetch_one(&self.readers).await?;
        let number = |at: usize| row.get::<i64, _>(at).try_into().unwrap_or(0);
        Ok(Size { changes: number(0), bytes: number(1) })
    }

    async fn ready(&self) -> Result<()> {
        query("select 1 from calendars limit 1").fetch_optional(&self.readers).await?;
        Ok(())
    }
}

async fn touching(
    from: &mut SqliteConnection,
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

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// SQLite takes no list as an argument; JSON is one.
fn hex_list(ids: &[CalendarId]) -> Result<String> {
    let ids: Vec<_> = ids.iter().map(|it| it.0.simple().to_string()).collect();
    serde_json::to_string(&ids).map_err(|error| StoreError::Failed(error.into()))
}
