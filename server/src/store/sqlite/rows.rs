//! Rows and the domain: how each type is written in a column, both ways, in one place.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::super::{CalendarRow, Place, StoreError};
use crate::domain::{
    Actor, Appointment, AppointmentId, Body, Calendar, CalendarContent, CalendarId, Change, Color,
    Content, Fingerprint, Instant, Interval, MutationId, Revision, Zone,
};

/// What an appointment's row is read from, in the order of [`appointment`].
macro_rules! appointment_columns {
    () => {
        "a.id, a.calendar_id, a.revision, a.created_at, a.updated_at, a.title, a.description, \
         a.location, a.starts_at, a.ends_at, a.all_day, a.time_zone, a.status, a.attendees"
    };
}

/// What a calendar's row is read from, in the order of [`calendar`].
macro_rules! calendar_columns {
    () => {
        "c.id, c.revision, c.is_default, c.name, c.color, c.time_zone, c.overlaps, c.head, c.gone"
    };
}

/// What a change's row is read from, in the order of [`change`].
macro_rules! change_columns {
    () => {
        "calendar_id, revision, kind, appointment_id, before_starts_at, before_ends_at, state, \
         mutation_id, actor, at"
    };
}

pub(super) use {appointment_columns, calendar_columns, change_columns};

type Read<T> = Result<T, StoreError>;

pub(super) fn appointment(row: &SqliteRow) -> Read<Appointment> {
    Ok(Appointment {
        id: AppointmentId(row.try_get(0)?),
        calendar_id: CalendarId(row.try_get(1)?),
        revision: revision(row.try_get(2)?)?,
        created_at: Instant::from_unix(row.try_get(3)?),
        updated_at: Instant::from_unix(row.try_get(4)?),
        content: Content {
            title: row.try_get(5)?,
            description: row.try_get(6)?,
            location: row.try_get(7)?,
            starts_at: Instant::from_unix(row.try_get(8)?),
            ends_at: Instant::from_unix(row.try_get(9)?),
            all_day: row.try_get(10)?,
            time_zone: zone(row.try_get(11)?)?,
            status: word(row.try_get(12)?)?,
            attendees: from_json(row.try_get(13)?)?,
        },
    })
}

pub(super) fn calendar(row: &SqliteRow) -> Read<CalendarRow> {
    let color: Option<&str> = row.try_get(4)?;
    Ok(CalendarRow {
        calendar: Calendar {
            id: CalendarId(row.try_get(0)?),
            revision: revision(row.try_get(1)?)?,
            is_default: row.try_get(2)?,
            content: CalendarContent {
                name: row.try_get(3)?,
                color: color.map(Color::parse).transpose().map_err(broken)?,
                time_zone: zone(row.try_get(5)?)?,
                overlaps: word(row.try_get(6)?)?,
            },
        },
        head: revision(row.try_get(7)?)?,
        gone: row.try_get::<Option<i64>, _>(8)?.map(revision).transpose()?,
    })
}

pub(super) fn change(row: &SqliteRow) -> Read<Change> {
    let state: Option<&str> = row.try_get(6)?;
    let state = || state.ok_or_else(|| broken("a change without its state"));
    let body = match row.try_get(2)? {
        "CREATED" => Body::Created(from_json(state()?)?),
        "UPDATED" => Body::Updated(from_json(state()?)?),
        "DELETED" => Body::Deleted(AppointmentId(row.try_get(3)?)),
        "CALENDAR_UPDATED" => Body::CalendarUpdated(from_json(state()?)?),
        "CALENDAR_GONE" => Body::CalendarGone,
        kind => return Err(broken(format!("a change of the kind {kind}"))),
    };
    let before: (Option<i64>, Option<i64>) = (row.try_get(4)?, row.try_get(5)?);
    Ok(Change {
        calendar_id: CalendarId(row.try_get(0)?),
        revision: revision(row.try_get(1)?)?,
        body,
        before: before.0.zip(before.1).map(|(start, end)| Interval {
            start: Instant::from_unix(start),
            end: Instant::from_unix(end),
        }),
        mutation_id: row.try_get::<Option<_>, _>(7)?.map(MutationId),
        actor: actor(row.try_get(8)?)?,
        at: Instant::from_unix(row.try_get(9)?),
    })
}

pub(super) fn place(row: &SqliteRow) -> Read<Place> {
    Ok(Place {
        calendar_id: CalendarId(row.try_get(0)?),
        created_as: fingerprint(row.try_get(1)?)?,
        deleted: row.try_get::<Option<i64>, _>(2)?.map(revision).transpose()?,
    })
}

/// A change's kind, as it is stored.
pub(super) fn kind(body: &Body) -> &'static str {
    match body {
        Body::Created(_) => "CREATED",
        Body::Updated(_) => "UPDATED",
        Body::Deleted(_) => "DELETED",
        Body::CalendarUpdated(_) => "CALENDAR_UPDATED",
        Body::CalendarGone => "CALENDAR_GONE",
    }
}

/// SQLite has signed numbers only; a revision fits.
pub(super) fn number(revision: Revision) -> i64 {
    revision.get().cast_signed()
}

pub(super) fn revision(number: i64) -> Read<Revision> {
    let number = u64::try_from(number).ok().and_then(Revision::new);
    number.ok_or_else(|| broken("a revision out of range"))
}

pub(super) fn fingerprint(bytes: &[u8]) -> Read<Fingerprint> {
    bytes.try_into().map(Fingerprint).map_err(broken)
}

pub(super) fn to_json(value: &impl Serialize) -> Read<String> {
    serde_json::to_string(value).map_err(broken)
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Read<T> {
    serde_json::from_str(text).map_err(broken)
}

/// An enum of plain words, without the quotes that JSON gives it.
pub(super) fn to_word(value: &impl Serialize) -> Read<String> {
    Ok(to_json(value)?.trim_matches('"').to_owned())
}

fn word<T: DeserializeOwned>(text: &str) -> Read<T> {
    let text = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text);
    T::deserialize(text).map_err(broken)
}

fn zone(name: &str) -> Read<Zone> {
    Zone::parse(name).map_err(broken)
}

fn actor(name: &str) -> Read<Actor> {
    match name {
        "anonymous" => Ok(Actor::Anonymous),
        _ => Err(broken("an unknown actor")),
    }
}

/// What is stored cannot be read: not the caller's fault, and no use in trying again.
fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Failed(error.into())
}
