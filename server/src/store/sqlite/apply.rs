//! Writing a change: the state that it leaves, its row of the log, and the log's position.

use sqlx::query;

use super::super::{Result, StoreError, rows, span};
use super::transaction::Open;
use crate::domain::{Appointment, AppointmentId, Body, Calendar, Change, EntityId, Revision};

impl Open<'_, '_> {
    /// Writes the change, whole.
    pub(super) async fn write_change(&mut self, change: &Change) -> Result<()> {
        self.advance(change).await?;
        match &change.body {
            Body::Created(it) => self.insert(it).await?,
            Body::Updated(it) => self.update(it).await?,
            Body::Deleted(id) => self.delete(*id, change).await?,
            Body::CalendarUpdated(it) => self.update_calendar(it).await?,
            Body::CalendarGone => self.delete_calendar(change).await?,
        }
        self.append(change).await
    }

    /// Moves the log's position by exactly 1 (S1, S2).
    async fn advance(&mut self, change: &Change) -> Result<()> {
        let moved = query(
            "update calendars set head = ?2 where id = ?1 and head = ?2 - 1 and gone is null",
        )
        .bind(change.calendar_id.0)
        .bind(rows::number(change.revision))
        .execute(&mut **self.tx)
        .await?;
        if moved.rows_affected() == 1 {
            return Ok(());
        }
        Err(StoreError::Failed("a change that does not follow the log's head".into()))
    }

    async fn append(&mut self, change: &Change) -> Result<()> {
        let (appointment, state) = match &change.body {
            Body::Created(it) | Body::Updated(it) => (Some(it.id.0), Some(rows::to_json(it)?)),
            Body::Deleted(id) => (Some(id.0), None),
            Body::CalendarUpdated(it) => (None, Some(rows::to_json(it)?)),
            Body::CalendarGone => (None, None),
        };
        let after = change.after();
        query(
            "insert into changes (calendar_id, revision, kind, appointment_id, before_starts_at,
                before_ends_at, after_starts_at, after_ends_at, state, mutation_id, actor, at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )
        .bind(change.calendar_id.0)
        .bind(rows::number(change.revision))
        .bind(rows::kind(&change.body))
        .bind(appointment)
        .bind(change.before.map(|it| it.start.unix()))
        .bind(change.before.map(|it| it.end.unix()))
        .bind(after.map(|it| it.start.unix()))
        .bind(after.map(|it| it.end.unix()))
        .bind(state)
        .bind(change.mutation_id.map(|it| it.0))
        .bind(change.actor.to_string())
        .bind(change.at.unix())
        .execute(&mut **self.tx)
        .await?;
        Ok(())
    }

    async fn insert(&mut self, appointment: &Appointment) -> Result<()> {
        const SQL: &str =
            "insert into appointments (calendar_id, id, created_at, revision, updated_at, title,
                description, location, starts_at, ends_at, span, all_day, time_zone, status,
                attendees)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
        self.write(SQL, appointment).await
    }

    async fn update(&mut self, appointment: &Appointment) -> Result<()> {
        const SQL: &str =
            "update appointments set created_at = ?3, revision = ?4, updated_at = ?5, title = ?6,
                description = ?7, location = ?8, starts_at = ?9, ends_at = ?10, span = ?11,
                all_day = ?12, time_zone = ?13, status = ?14, attendees = ?15
             where calendar_id = ?1 and id = ?2";
        self.write(SQL, appointment).await
    }

    /// Both statements take the same values in the same order.
    async fn write(&mut self, sql: &'static str, appointment: &Appointment) -> Result<()> {
        let content = &appointment.content;
        let done = query(sql)
            .bind(appointment.calendar_id.0)
            .bind(appointment.id.0)
            .bind(appointment.created_at.unix())
            .bind(rows::number(appointment.revision))
            .bind(appointment.updated_at.unix())
            .bind(&content.title)
            .bind(&content.description)
            .bind(&content.location)
            .bind(content.starts_at.unix())
            .bind(content.ends_at.unix())
            .bind(span::class(content.interval()))
            .bind(content.all_day)
            .bind(content.time_zone.name())
            .bind(rows::to_word(&content.status)?)
            .bind(rows::to_json(&content.attendees)?)
            .execute(&mut **self.tx)
            .await?;
        exactly_one(done.rows_affected())
    }

    async fn delete(&mut self, id: AppointmentId, change: &Change) -> Result<()> {
        let done = query("delete from appointments where calendar_id = ?1 and id = ?2")
            .bind(change.calendar_id.0)
            .bind(id.0)
            .execute(&mut **self.tx)
            .await?;
        exactly_one(done.rows_affected())?;
        self.mark_deleted(id.into(), change.revision).await
    }

    pub(super) async fn write_new_calendar(&mut self, calendar: &Calendar) -> Result<()> {
        const SQL: &str =
            "insert into calendars (id, is_default, revision, name, color, time_zone, overlaps)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        self.write_calendar(SQL, calendar).await
    }

    async fn update_calendar(&mut self, calendar: &Calendar) -> Result<()> {
        const SQL: &str =
            "update calendars set is_default = ?2, revision = ?3, name = ?4, color = ?5,
                time_zone = ?6, overlaps = ?7
             where id = ?1";
        self.write_calendar(SQL, calendar).await
    }

    /// Both statements take the same values in the same order.
    async fn write_calendar(&mut self, sql: &'static str, calendar: &Calendar) -> Result<()> {
        let content = &calendar.content;
        let done = query(sql)
            .bind(calendar.id.0)
            .bind(calendar.is_default)
            .bind(rows::number(calendar.revision))
            .bind(&content.name)
            .bind(content.color.map(String::from))
            .bind(content.time_zone.name())
            .bind(rows::to_word(&content.overlaps)?)
            .execute(&mut **self.tx)
            .await?;
        exactly_one(done.rows_affected())
    }

    /// The calendar's row, its log and its ids stay; they tell those who come late.
    async fn delete_calendar(&mut self, change: &Change) -> Result<()> {
        let (id, revision) = (change.calendar_id.0, rows::number(change.revision));
        query(
            "update directory set deleted_at = ?2
             where id in (select id from appointments where calendar_id = ?1)",
        )
        .bind(id)
        .bind(revision)
        .execute(&mut **self.tx)
        .await?;
        query("delete from appointments where calendar_id = ?1")
            .bind(id)
            .execute(&mut **self.tx)
            .await?;
        query("update calendars set gone = ?2 where id = ?1")
            .bind(id)
            .bind(revision)
            .execute(&mut **self.tx)
            .await?;
        self.mark_deleted(change.calendar_id.into(), change.revision).await
    }

    async fn mark_deleted(&mut self, id: EntityId, revision: Revision) -> Result<()> {
        let done = query("update directory set deleted_at = ?2 where id = ?1")
            .bind(id.0)
            .bind(rows::number(revision))
            .execute(&mut **self.tx)
            .await?;
        exactly_one(done.rows_affected())
    }
}

fn exactly_one(rows: u64) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Failed(format!("{rows} rows, not one").into())) }
}
