//! The reads of every database. Each result comes from one snapshot.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::Connection as _;
use tokio::time::timeout;
use uuid::Uuid;

use super::backend::Backend;
use super::rows::{self, Columns};
use super::sql::{Connection, Statements};
use super::{
    CalendarRow, ErasedWork, LOG_PAGE_BYTES, LOG_PAGE_ROWS, Log, LogPage, OnCommit, RangeRead,
    Result, Store, StoreError, StoreSize,
};
use crate::domain::{Appointment, AppointmentId, Calendar, CalendarId, Interval, Revision};

/// The time limit of a readiness check.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

#[async_trait]
impl<S: Backend> Log for S {
    async fn log_after(&self, calendar: CalendarId, after: Revision) -> Result<Option<LogPage>> {
        let sql = statements::<S>();
        let mut reader = self.reader().await?;
        let mut snapshot = reader.begin_with(sql.snapshot).await?;
        let Some(bounds) = snapshot.row(sql.log_bounds, &[calendar.0.into()]).await? else {
            return Ok(None);
        };
        let values = [
            calendar.0.into(),
            rows::revision_number(after).into(),
            to_signed(LOG_PAGE_ROWS).into(),
            to_signed(LOG_PAGE_BYTES).into(),
        ];
        let found = snapshot.rows(sql.log_page, &values).await?;
        snapshot.rollback().await?;
        Ok(Some(LogPage {
            head: rows::read_revision(bounds.number(0)?)?,
            pruned: rows::read_revision(bounds.number(1)?)?,
            deleted: bounds.flag(2)?,
            changes: found.iter().map(rows::read_change).collect::<Result<_>>()?,
        }))
    }

    fn on_commit(&self, callback: OnCommit) {
        Backend::on_commit(self, callback);
    }

    async fn heads(&self, calendars: &[CalendarId]) -> Result<Vec<(CalendarId, Revision)>> {
        let mut reader = self.reader().await?;
        let found = reader.rows(statements::<S>().heads, &[calendars.into()]).await?;
        let read_head = |row| {
            let id = Columns::id(row, 0)?;
            let head = Columns::number(row, 1)?;
            Ok((CalendarId(id), rows::read_revision(head)?))
        };
        found.iter().map(read_head).collect()
    }
}

#[async_trait]
impl<S: Backend> Store for S {
    async fn submit(&self, work: ErasedWork) -> Result<()> {
        Backend::submit(self, work).await
    }

    async fn calendars(&self, ids: &[CalendarId]) -> Result<Vec<CalendarRow>> {
        let mut reader = self.reader().await?;
        let found = reader.rows(statements::<S>().calendars, &[ids.into()]).await?;
        found.iter().map(rows::read_calendar).collect()
    }

    async fn calendars_by_name(
        &self,
        after: Option<(&str, CalendarId)>,
        limit: usize,
    ) -> Result<Vec<Calendar>> {
        // No name is empty, so an empty name comes before all of them.
        let (name, id) = after.map_or(("", Uuid::nil()), |(name, id)| (name, id.0));
        let mut reader = self.reader().await?;
        let values = [name.into(), id.into(), to_signed(limit).into()];
        let found = reader.rows(statements::<S>().calendars_by_name, &values).await?;
        found.iter().map(|row| Ok(rows::read_calendar(row)?.calendar)).collect()
    }

    async fn default_calendar(&self) -> Result<Option<CalendarId>> {
        default_calendar(&mut *self.reader().await?).await
    }

    async fn appointment(&self, id: AppointmentId) -> Result<Option<Appointment>> {
        let mut reader = self.reader().await?;
        let row = reader.row(statements::<S>().appointment, &[id.0.into()]).await?;
        row.as_ref().map(rows::read_appointment).transpose()
    }

    async fn range(
        &self,
        calendar: CalendarId,
        range: Interval,
        limit: usize,
    ) -> Result<Option<RangeRead>> {
        let sql = statements::<S>();
        let mut reader = self.reader().await?;
        let mut snapshot = reader.begin_with(sql.snapshot).await?;
        let Some(row) = snapshot.row(sql.calendar, &[calendar.0.into()]).await? else {
            return Ok(None);
        };
        let values = [
            calendar.0.into(),
            range.start.unix().into(),
            range.end.unix().into(),
            to_signed(limit).into(),
        ];
        let found = snapshot.rows(sql.range, &values).await?;
        snapshot.rollback().await?;
        let CalendarRow { calendar, head, .. } = rows::read_calendar(&row)?;
        let appointments = found.iter().map(rows::read_appointment).collect::<Result<_>>()?;
        Ok(Some(RangeRead { calendar, revision: head, appointments }))
    }

    async fn size(&self) -> Result<StoreSize> {
        let row = self.reader().await?.row(statements::<S>().size, &[]).await?;
        let Some(row) = row else { return Ok(StoreSize::default()) };
        let number = |at| row.number(at).map(i64::cast_unsigned);
        Ok(StoreSize { changes: number(0)?, bytes: number(1)? })
    }

    async fn close(&self) {
        Backend::close(self).await;
    }

    async fn ready(&self) -> Result<()> {
        let read = async {
            let mut reader = self.reader().await?;
            reader.row(statements::<S>().any_calendar, &[]).await.map(drop)
        };
        let late = |_| Err(StoreError::Unavailable("the database does not respond".into()));
        timeout(READY_TIMEOUT, read).await.unwrap_or_else(late)
    }
}

/// Returns the statements of a database.
fn statements<S: Backend>() -> &'static Statements {
    <<S::Db as sqlx::Database>::Connection as Connection>::SQL
}

pub(super) async fn default_calendar<C: Connection>(from: &mut C) -> Result<Option<CalendarId>> {
    let row = from.row(C::SQL.default_calendar, &[]).await?;
    row.map(|row| Ok(CalendarId(Columns::id(&row, 0)?))).transpose()
}

fn to_signed(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
