//! The [`Transaction`] of every database.

use async_trait::async_trait;

use super::rows::{self, Columns};
use super::sql::{Connection, Value, read_number};
use super::{CalendarRow, Conflicts, IdEntry, Result, Transaction, maintenance, read};
use crate::domain::{
    Appointment, AppointmentId, Calendar, CalendarId, Change, EntityId, Fingerprint, Instant,
    Interval, MutationId, Revision,
};

/// The maximum number of conflicting appointments in a refusal.
const MAX_CONFLICTS: i64 = 10;

/// The column with the number of all conflicts; it follows the columns of an appointment.
const CONFLICT_COUNT: usize = rows::APPOINTMENT_COLUMNS;

/// An open transaction, or an open savepoint.
pub(super) struct OpenTransaction<'t, C> {
    pub(super) tx: &'t mut C,
    /// The new heads of the changed logs, for the hint after the commit.
    pub(super) heads: Vec<(CalendarId, Revision)>,
}

impl<'t, C: Connection> OpenTransaction<'t, C> {
    pub(super) fn new(tx: &'t mut C) -> Self {
        Self { tx, heads: Vec::new() }
    }

    async fn read_conflicts(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Conflicts> {
        let found = self.tx.rows(sql, values).await?;
        // Every row has the same count.
        let count = found.first().map_or(Ok(0), |row| row.number(CONFLICT_COUNT))?;
        let earliest = found.iter().map(rows::read_appointment).collect::<Result<_>>()?;
        Ok(Conflicts { earliest, count: count.cast_unsigned() })
    }
}

#[async_trait]
impl<C: Connection> Transaction for OpenTransaction<'_, C> {
    async fn lock_first_calendar(&mut self) -> Result<bool> {
        if let Some(lock) = C::SQL.first_calendar_lock {
            self.tx.execute(lock, &[]).await?;
        }
        Ok(self.tx.row(C::SQL.any_calendar, &[]).await?.is_none())
    }

    async fn find_decision(&mut self, id: MutationId) -> Result<Option<(Fingerprint, String)>> {
        let row = self.tx.row(C::SQL.find_decision, &[id.0.into()]).await?;
        row.map(|row| Ok((rows::read_fingerprint(row.bytes(0)?)?, row.text(1)?.to_owned())))
            .transpose()
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
        self.tx.execute(C::SQL.record_decision, &values).await?;
        Ok(())
    }

    async fn ledger_start(&mut self) -> Result<Instant> {
        let start = read_number(self.tx, C::SQL.ledger_start, &[]).await?;
        Ok(Instant::from_unix(start.cast_signed()))
    }

    async fn locate(&mut self, id: EntityId) -> Result<Option<IdEntry>> {
        let row = self.tx.row(C::SQL.locate, &[id.0.into()]).await?;
        row.as_ref().map(rows::read_id_entry).transpose()
    }

    async fn lock_calendar(&mut self, id: CalendarId) -> Result<Option<CalendarRow>> {
        let row = self.tx.row(C::SQL.lock_calendar, &[id.0.into()]).await?;
        row.as_ref().map(rows::read_calendar).transpose()
    }

    async fn default_calendar(&mut self) -> Result<Option<CalendarId>> {
        read::default_calendar(self.tx).await
    }

    async fn appointment(
        &mut self,
        calendar: CalendarId,
        id: AppointmentId,
    ) -> Result<Option<Appointment>> {
        let values = [calendar.0.into(), id.0.into()];
        let row = self.tx.row(C::SQL.appointment_in_calendar, &values).await?;
        row.as_ref().map(rows::read_appointment).transpose()
    }

    async fn find_conflicts(
        &mut self,
        calendar: CalendarId,
        slot: Interval,
        except: Option<AppointmentId>,
    ) -> Result<Conflicts> {
        let values = [
            calendar.0.into(),
            slot.start.unix().into(),
            slot.end.unix().into(),
            except.map(|it| it.0).into(),
            MAX_CONFLICTS.into(),
        ];
        self.read_conflicts(C::SQL.find_conflicts, &values).await
    }

    async fn find_overlaps(&mut self, calendar: CalendarId) -> Result<Conflicts> {
        let values = [calendar.0.into(), MAX_CONFLICTS.into()];
        self.read_conflicts(C::SQL.find_overlaps, &values).await
    }

    async fn count_appointments(&mut self, calendar: CalendarId) -> Result<u64> {
        read_number(self.tx, C::SQL.count_appointments, &[calendar.0.into()]).await
    }

    async fn claim_id(
        &mut self,
        id: EntityId,
        calendar: CalendarId,
        created_as: Fingerprint,
    ) -> Result<bool> {
        let values = [id.0.into(), calendar.0.into(), created_as.0.as_slice().into()];
        Ok(self.tx.execute(C::SQL.claim_id, &values).await? == 1)
    }

    async fn insert_calendar(&mut self, calendar: &Calendar) -> Result<()> {
        self.write_calendar(C::SQL.insert_calendar, calendar).await
    }

    async fn apply(&mut self, change: &Change) -> Result<()> {
        self.write_change(change).await?;
        self.heads.push((change.calendar_id, change.revision));
        Ok(())
    }

    async fn prune(&mut self, changes: Instant, ledger: Instant, batch: u32) -> Result<u64> {
        maintenance::prune(self.tx, changes, ledger, batch).await
    }

    async fn restore_bump(&mut self, step: u64, at_least: u64) -> Result<u64> {
        maintenance::restore_bump(self.tx, step, at_least).await
    }
}
