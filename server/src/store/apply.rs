//! Writing a change: the state that it leaves, its row of the log, and the log's position.

use super::sql::Connection;
use super::transaction::Open;
use super::{Result, StoreError, duration_class, rows};
use crate::domain::{Appointment, AppointmentId, Calendar, Change, ChangeKind, EntityId, Revision};

impl<C: Connection> Open<'_, C> {
    /// Writes the change, whole.
    pub(super) async fn write_change(&mut self, change: &Change) -> Result<()> {
        self.advance(change).await?;
        match &change.kind {
            ChangeKind::Created(it) => self.write(C::SQL.insert_appointment, it).await?,
            ChangeKind::Updated(it) => self.write(C::SQL.update_appointment, it).await?,
            ChangeKind::Deleted(id) => self.delete(*id, change).await?,
            ChangeKind::CalendarUpdated(it) => self.update_calendar(it).await?,
            ChangeKind::CalendarGone => self.delete_calendar(change).await?,
        }
        self.append(change).await
    }

    /// Moves the log's position by exactly 1 (S1, S2).
    async fn advance(&mut self, change: &Change) -> Result<()> {
        let values = [change.calendar_id.0.into(), rows::number(change.revision).into()];
        match self.tx.execute(C::SQL.advance, &values).await? {
            1 => Ok(()),
            _ => Err(StoreError::Failed("a change that does not follow the log's head".into())),
        }
    }

    async fn append(&mut self, change: &Change) -> Result<()> {
        let (appointment, state) = match &change.kind {
            ChangeKind::Created(it) | ChangeKind::Updated(it) => {
                (Some(it.id.0), Some(rows::to_json(it)?))
            }
            ChangeKind::Deleted(id) => (Some(id.0), None),
            ChangeKind::CalendarUpdated(it) => (None, Some(rows::to_json(it)?)),
            ChangeKind::CalendarGone => (None, None),
        };
        let (after, actor) = (change.after(), change.actor.to_string());
        let values = [
            change.calendar_id.0.into(),
            rows::number(change.revision).into(),
            rows::kind(&change.kind).into(),
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
        self.tx.execute(C::SQL.append, &values).await?;
        Ok(())
    }

    /// Both statements take the same values in the same order.
    async fn write(&mut self, sql: &'static str, appointment: &Appointment) -> Result<()> {
        let content = &appointment.content;
        let status = rows::to_word(&content.status)?;
        let attendees = rows::to_json(&content.attendees)?;
        let values = [
            appointment.calendar_id.0.into(),
            appointment.id.0.into(),
            appointment.created_at.unix().into(),
            rows::number(appointment.revision).into(),
            appointment.updated_at.unix().into(),
            content.title.as_str().into(),
            content.description.as_deref().into(),
            content.location.as_deref().into(),
            content.starts_at.unix().into(),
            content.ends_at.unix().into(),
            duration_class::class(content.interval()).into(),
            content.all_day.into(),
            content.time_zone.name().into(),
            status.as_str().into(),
            attendees.as_str().into(),
        ];
        exactly_one(self.tx.execute(sql, &values).await?)
    }

    async fn delete(&mut self, id: AppointmentId, change: &Change) -> Result<()> {
        let values = [change.calendar_id.0.into(), id.0.into()];
        exactly_one(self.tx.execute(C::SQL.delete_appointment, &values).await?)?;
        self.mark_deleted(id.into(), change.revision).await
    }

    async fn update_calendar(&mut self, calendar: &Calendar) -> Result<()> {
        self.write_calendar(C::SQL.update_calendar, calendar).await?;
        if let Some(sql) = C::SQL.follow_policy {
            let policy = rows::to_word(&calendar.content.overlaps)?;
            self.tx.execute(sql, &[calendar.id.0.into(), policy.as_str().into()]).await?;
        }
        Ok(())
    }

    /// Both statements take the same values in the same order.
    pub(super) async fn write_calendar(
        &mut self,
        sql: &'static str,
        calendar: &Calendar,
    ) -> Result<()> {
        let content = &calendar.content;
        let color = content.color.map(String::from);
        let overlaps = rows::to_word(&content.overlaps)?;
        let values = [
            calendar.id.0.into(),
            calendar.is_default.into(),
            rows::number(calendar.revision).into(),
            content.name.as_str().into(),
            color.as_deref().into(),
            content.time_zone.name().into(),
            overlaps.as_str().into(),
        ];
        exactly_one(self.tx.execute(sql, &values).await?)
    }

    /// The calendar's row, its log and its ids stay; they tell those who come late.
    async fn delete_calendar(&mut self, change: &Change) -> Result<()> {
        let values = [change.calendar_id.0.into(), rows::number(change.revision).into()];
        self.tx.execute(C::SQL.mark_all_deleted, &values).await?;
        self.tx.execute(C::SQL.delete_all, &values[..1]).await?;
        self.tx.execute(C::SQL.end_calendar, &values).await?;
        self.mark_deleted(change.calendar_id.into(), change.revision).await
    }

    async fn mark_deleted(&mut self, id: EntityId, revision: Revision) -> Result<()> {
        let values = [id.0.into(), rows::number(revision).into()];
        exactly_one(self.tx.execute(C::SQL.mark_deleted, &values).await?)
    }
}

fn exactly_one(rows: u64) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Failed(format!("{rows} rows, not one").into())) }
}
