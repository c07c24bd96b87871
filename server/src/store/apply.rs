//! Writes a change: the new state, the log entry and the log's head.

use super::duration_class::duration_class;
use super::sql::Connection;
use super::transaction::OpenTransaction;
use super::{Result, StoreError, rows};
use crate::domain::{Appointment, AppointmentId, Calendar, Change, ChangeKind, EntityId, Revision};

impl<C: Connection> OpenTransaction<'_, C> {
    /// Writes a change completely.
    pub(super) async fn write_change(&mut self, change: &Change) -> Result<()> {
        self.advance_head(change).await?;
        match &change.kind {
            ChangeKind::Created(it) => {
                self.write_appointment(C::SQL.insert_appointment, it).await?;
            }
            ChangeKind::Updated(it) => {
                self.write_appointment(C::SQL.update_appointment, it).await?;
            }
            ChangeKind::Deleted(id) => self.delete_appointment(*id, change).await?,
            ChangeKind::CalendarUpdated(it) => self.update_calendar(it).await?,
            ChangeKind::CalendarGone => self.delete_calendar(change).await?,
        }
        self.append_change(change).await
    }

    /// Raises the log's head by exactly 1 (S1, S2).
    async fn advance_head(&mut self, change: &Change) -> Result<()> {
        let values = [change.calendar_id.0.into(), rows::revision_number(change.revision).into()];
        match self.tx.execute(C::SQL.advance_head, &values).await? {
            1 => Ok(()),
            _ => Err(StoreError::Failed("the change is not the next one of the log".into())),
        }
    }

    /// Appends the log entry.
    async fn append_change(&mut self, change: &Change) -> Result<()> {
        let (appointment, state) = match &change.kind {
            ChangeKind::Created(it) | ChangeKind::Updated(it) => {
                (Some(it.id.0), Some(rows::to_json(it)?))
            }
            ChangeKind::Deleted(id) => (Some(id.0), None),
            ChangeKind::CalendarUpdated(it) => (None, Some(rows::to_json(it)?)),
            ChangeKind::CalendarGone => (None, None),
        };
        let after = change.after();
        let actor = change.actor.to_string();
        let values = [
            change.calendar_id.0.into(),
            rows::revision_number(change.revision).into(),
            rows::kind_name(&change.kind).into(),
            appointment.into(),
            change.before.map(|it| it.start.unix()).into(),
            change.before.map(|it| it.end.unix()).into(),
            after.map(|it| it.start.unix()).into(),
            after.map(|it| it.end.unix()).into(),
            state.as_deref().into(),
            change.mutation_id.map(|it| it.0).into(),
            actor.as_str().into(),
            change.at.unix().into(),
        ];
        self.tx.execute(C::SQL.append_change, &values).await?;
        Ok(())
    }

    /// Inserts or updates an appointment; both statements have the same parameters.
    async fn write_appointment(
        &mut self,
        sql: &'static str,
        appointment: &Appointment,
    ) -> Result<()> {
        let content = &appointment.content;
        let status = rows::variant_name(&content.status)?;
        let attendees = rows::to_json(&content.attendees)?;
        let values = [
            appointment.calendar_id.0.into(),
            appointment.id.0.into(),
            appointment.created_at.unix().into(),
            rows::revision_number(appointment.revision).into(),
            appointment.updated_at.unix().into(),
            content.title.as_str().into(),
            content.description.as_deref().into(),
            content.location.as_deref().into(),
            content.starts_at.unix().into(),
            content.ends_at.unix().into(),
            duration_class(content.interval()).into(),
            content.all_day.into(),
            content.time_zone.name().into(),
            status.as_str().into(),
            attendees.as_str().into(),
        ];
        expect_one_row(self.tx.execute(sql, &values).await?)
    }

    async fn delete_appointment(&mut self, id: AppointmentId, change: &Change) -> Result<()> {
        let values = [change.calendar_id.0.into(), id.0.into()];
        expect_one_row(self.tx.execute(C::SQL.delete_appointment, &values).await?)?;
        self.mark_id_deleted(id.into(), change.revision).await
    }

    async fn update_calendar(&mut self, calendar: &Calendar) -> Result<()> {
        self.write_calendar(C::SQL.update_calendar, calendar).await?;
        if let Some(sql) = C::SQL.update_exclusive {
            let policy = rows::variant_name(&calendar.content.overlaps)?;
            self.tx.execute(sql, &[calendar.id.0.into(), policy.as_str().into()]).await?;
        }
        Ok(())
    }

    /// Inserts or updates a calendar; both statements have the same parameters.
    pub(super) async fn write_calendar(
        &mut self,
        sql: &'static str,
        calendar: &Calendar,
    ) -> Result<()> {
        let content = &calendar.content;
        let color = content.color.map(String::from);
        let overlaps = rows::variant_name(&content.overlaps)?;
        let values = [
            calendar.id.0.into(),
            calendar.is_default.into(),
            rows::revision_number(calendar.revision).into(),
            content.name.as_str().into(),
            color.as_deref().into(),
            content.time_zone.name().into(),
            overlaps.as_str().into(),
        ];
        expect_one_row(self.tx.execute(sql, &values).await?)
    }

    /// Deletes a calendar's appointments. Its row, its log and its ids stay, so that late requests
    /// and subscribers learn about the deletion.
    async fn delete_calendar(&mut self, change: &Change) -> Result<()> {
        let values = [change.calendar_id.0.into(), rows::revision_number(change.revision).into()];
        self.tx.execute(C::SQL.mark_appointment_ids_deleted, &values).await?;
        self.tx.execute(C::SQL.delete_all_appointments, &values[..1]).await?;
        self.tx.execute(C::SQL.mark_calendar_deleted, &values).await?;
        self.mark_id_deleted(change.calendar_id.into(), change.revision).await
    }

    async fn mark_id_deleted(&mut self, id: EntityId, revision: Revision) -> Result<()> {
        let values = [id.0.into(), rows::revision_number(revision).into()];
        expect_one_row(self.tx.execute(C::SQL.mark_id_deleted, &values).await?)
    }
}

fn expect_one_row(affected: u64) -> Result<()> {
    if affected == 1 {
        Ok(())
    } else {
        Err(StoreError::Failed(format!("a statement affected {affected} rows, not 1").into()))
    }
}
