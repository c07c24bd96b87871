//! One piece of work's view of the database: what it may ask, and the one way to change it.

use async_trait::async_trait;

use super::rows::{self, Columns};
use super::sql::{Connection, Value, number};
use super::{CalendarRow, Conflicts, IdEntry, Result, Transaction, maintenance, read};
use crate::domain::{
    Appointment, AppointmentId, Calendar, CalendarId, Change, EntityId, Fingerprint, Instant,
    Interval, MutationId, Revision,
};

/// How many conflicts a refusal names.
const NAMED: i64 = 10;

/// An open transaction, or a savepoint of one.
pub(super) struct Open<'t, C> {
    pub(super) tx: &'t mut C,
    /// Where the logs that were written to end now: whom to wake after the commit.
    pub(super) heads: Vec<(CalendarId, Revision)>,
}

impl<'t, C: Connection> Open<'t, C> {
    pub(super) fn new(tx: &'t mut C) -> Self {
        Self { tx, heads: Vec::new() }
    }

    async fn conflicts(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Conflicts> {
        let found = self.tx.rows(sql, values).await?;
        // The count stands behind the appointment's 14 columns, the same in every row.
        let count = found.first().map_or(Ok(0), |row| row.number(14))?;
        let earliest = found.iter().map(rows::appointment).collect::<Result<_>>()?;
        Ok(Conflicts { earliest, count: count.cast_unsigned() })
    }
}

#[async_trait]
impl<C: Connection> Transaction for Open<'_, C> {
    async fn lock_first_calendar(&mut self) -> Result<bool> {
        if let Some(first_calendar_lock) = C::SQL.first_calendar_lock {
            self.tx.execute(first_calendar_lock, &[]).await?;
        }
        Ok(self.tx.row(C::SQL.any_calendar, &[]).await?.is_none())
    }

    async fn find_decision(&mut self, id: MutationId) -> Result<Option<(Fingerprint, String)>> {
        let row = self.tx.row(C::SQL.find_decision, &[id.0.into()]).await?;
        row.map(|row| Ok((rows::fingerprint(row.bytes(0)?)?, row.text(1)?.to_owned()))).transpose()
    }

    async fn record_decision(
        &mut self,
        id: MutationId,
        fingerprint: Fingerprint,
        decision: &str,
        at: Instant,
    ) -> Result<()> {
        let values =
            [id.0.into(), fingerprint.0.as_slice().into(), decision.into(), at.unix().into()];
        self.tx.execute(C::SQL.record, &values).await?;
        Ok(())
    }

    async fn locate(&mut self, id: EntityId) -> Result<Option<IdEntry>> {
        let row = self.tx.row(C::SQL.locate, &[id.0.into()]).await?;
        row.as_ref().map(rows::place).transpose()
    }

    async fn lock_calendar(&mut self, id: CalendarId) -> Result<Option<CalendarRow>> {
        let row = self.tx.row(C::SQL.lock, &[id.0.into()]).await?;
        row.as_ref().map(rows::calendar).transpose()
    }

    async fn default_calendar(&mut self) -> Result<Option<CalendarId>> {
        read::default_calendar(self.tx).await
    }

    async fn appointment(
        &mut self,
        calendar: CalendarId,
        id: AppointmentId,
    ) -> Result<Option<Appointment>> {
        let row = self.tx.row(C::SQL.appointment_of, &[calendar.0.into(), id.0.into()]).await?;
        row.as_ref().map(rows::appointment).transpose()
    }

    async fn find_conflicts(
        &mut self,
        calendar: CalendarId,
        slot: Interval,
        except: Option<AppointmentId>,
    ) -> Result<Conflicts> {
        let (start, end) = (slot.start.unix(), slot.end.unix());
        let except = except.map(|it| it.0);
        let values = [calendar.0.into(), start.into(), end.into(), except.into(), NAMED.into()];
        self.conflicts(C::SQL.conflicts_with, &values).await
    }

    async fn find_overlaps(&mut self, calendar: CalendarId) -> Result<Conflicts> {
        self.conflicts(C::SQL.overlapping, &[calendar.0.into(), NAMED.into()]).await
    }

    async fn count_appointments(&mut self, calendar: CalendarId) -> Result<u64> {
        number(self.tx, C::SQL.count, &[calendar.0.into()]).await
    }

    async fn claim_id(
        &mut self,
        id: EntityId,
        calendar: CalendarId,
        created_as: Fingerprint,
    ) -> Result<bool> {
        let values = [id.0.into(), calendar.0.into(), created_as.0.as_slice().into()];
        Ok(self.tx.execute(C::SQL.claim, &values).await? == 1)
    }

    async fn insert_calendar(&mut self, calendar: &Calendar) -> Result<()> {
        self.write_calendar(C::SQL.insert_calendar, calendar).await
    }

    async fn apply(&mut self, change: &Change) -> Result<()> {
        self.write_change(change).await?;
        self.heads.push((change.calendar_id, change.revision));
        Ok(())
    }

    async fn ledger_start(&mut self) -> Result<Instant> {
        let reaches = number(self.tx, C::SQL.ledger_reaches, &[]).await?;
        Ok(Instant::from_unix(reaches.cast_signed()))
    }

    async fn prune(&mut self, changes: Instant, ledger: Instant, batch: u32) -> Result<u64> {
        maintenance::prune(self.tx, changes, ledger, batch).await
    }

    async fn restore_bump(&mut self, step: u64, at_least: u64) -> Result<u64> {
        maintenance::restore_bump(self.tx, step, at_least).await
    }
}
