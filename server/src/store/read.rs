//! What readers ask, each answer from one snapshot.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::Connection as _;
use tokio::time::timeout;
use uuid::Uuid;

use super::backend::Backend;
use super::rows::{self, Columns};
use super::sql::Connection;
use super::{
    CalendarRow, ErasedWork, LOG_PAGE_BYTES, LOG_PAGE_ROWS, Log, LogPage, OnCommit, RangeRead,
    Result, Store, StoreError, StoreSize,
};
use crate::domain::{Appointment, AppointmentId, Calendar, CalendarId, Interval, Revision};

/// Whoever asks whether a store is well wants to know soon.
const PATIENCE: Duration = Duration::from_secs(2);

#[async_trait]
impl<S: Backend> Log for S {
    async fn log_after(&self, calendar: CalendarId, after: Revision) -> Result<Option<LogPage>> {
        let sql = sql::<S>();
        let mut reader = self.reader().await?;
        let mut snapshot = reader.begin_with(sql.snapshot).await?;
        let Some(bounds) = snapshot.row(sql.bounds, &[calendar.0.into()]).await? else {
            return Ok(None);
        };
        let most = [LOG_PAGE_ROWS as i64, LOG_PAGE_BYTES as i64];
        let values =
            [calendar.0.into(), rows::number(after).into(), most[0].into(), most[1].into()];
        let found = snapshot.rows(sql.log, &values).await?;
        snapshot.rollback().await?;
        Ok(Some(LogPage {
            head: rows::revision(bounds.number(0)?)?,
            pruned: rows::revision(bounds.number(1)?)?,
            deleted: bounds.flag(2)?,
            changes: found.iter().map(rows::change).collect::<Result<_>>()?,
        }))
    }

    fn on_commit(&self, wake: OnCommit) {
        Backend::on_commit(self, wake);
    }

    async fn heads(&self, calendars: &[CalendarId]) -> Result<Vec<(CalendarId, Revision)>> {
        let mut reader = self.reader().await?;
        let found = reader.rows(sql::<S>().heads, &[calendars.into()]).await?;
        let head =
            |row| Ok((CalendarId(Columns::id(row, 0)?), rows::revision(Columns::number(row, 1)?)?));
        found.iter().map(head).collect()
    }
}

#[async_trait]
impl<S: Backend> Store for S {
    async fn submit(&self, job: Box<dyn ErasedWork>) -> Result<()> {
        Backend::submit(self, job).await
    }

    async fn calendars(&self, ids: &[CalendarId]) -> Result<Vec<CalendarRow>> {
        let mut reader = self.reader().await?;
        let found = reader.rows(sql::<S>().calendars, &[ids.into()]).await?;
        found.iter().map(rows::calendar).collect()
    }

    async fn calendars_by_name(
        &self,
        after: Option<(&str, CalendarId)>,
        limit: usize,
    ) -> Result<Vec<Calendar>> {
        // No name is empty, so the empty one comes before all.
        let (name, id) = after.map_or(("", Uuid::nil()), |(name, id)| (name, id.0));
        let mut reader = self.reader().await?;
        let values = [name.into(), id.into(), count(limit).into()];
        let found = reader.rows(sql::<S>().calendars_by_name, &values).await?;
        found.iter().map(|row| Ok(rows::calendar(row)?.calendar)).collect()
    }

    async fn default_calendar(&self) -> Result<Option<CalendarId>> {
        default_calendar(&mut *self.reader().await?).await
    }

    async fn appointment(&self, id: AppointmentId) -> Result<Option<Appointment>> {
        let mut reader = self.reader().await?;
        let row = reader.row(sql::<S>().appointment, &[id.0.into()]).await?;
        row.as_ref().map(rows::appointment).transpose()
    }

    async fn range(
        &self,
        calendar: CalendarId,
        range: Interval,
        limit: usize,
    ) -> Result<Option<RangeRead>> {
        let sql = sql::<S>();
        let mut reader = self.reader().await?;
        let mut snapshot = reader.begin_with(sql.snapshot).await?;
        let Some(row) = snapshot.row(sql.calendar, &[calendar.0.into()]).await? else {
            return Ok(None);
        };
        let (start, end) = (range.start.unix(), range.end.unix());
        let values = [calendar.0.into(), start.into(), end.into(), count(limit).into()];
        let found = snapshot.rows(sql.range, &values).await?;
        snapshot.rollback().await?;
        let CalendarRow { calendar, head, .. } = rows::calendar(&row)?;
        let appointments = found.iter().map(rows::appointment).collect::<Result<_>>()?;
        Ok(Some(RangeRead { calendar, revision: head, appointments }))
    }

    async fn size(&self) -> Result<StoreSize> {
        let row = self.reader().await?.row(sql::<S>().size, &[]).await?;
        let Some(row) = row else { return Ok(StoreSize::default()) };
        let number = |at| row.number(at).map(i64::cast_unsigned);
        Ok(StoreSize { changes: number(0)?, bytes: number(1)? })
    }

    async fn close(&self) {
        Backend::close(self).await;
    }

    async fn ready(&self) -> Result<()> {
        let look = async {
            let mut reader = self.reader().await?;
            reader.row(sql::<S>().any_calendar, &[]).await.map(drop)
        };
        let late = |_| Err(StoreError::Unavailable("the database does not answer".into()));
        timeout(PATIENCE, look).await.unwrap_or_else(late)
    }
}

/// The statements of a store.
fn sql<S: Backend>() -> &'static super::sql::Statements {
    <<S::Db as sqlx::Database>::Connection as Connection>::SQL
}

pub(super) async fn default_calendar<C: Connection>(from: &mut C) -> Result<Option<CalendarId>> {
    let row = from.row(C::SQL.default_calendar, &[]).await?;
    row.map(|row| Ok(CalendarId(Columns::id(&row, 0)?))).transpose()
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
