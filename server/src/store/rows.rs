//! Rows and the domain: how each type is written in a column, both ways, in one place for all stores.
//!
//! They agree on the columns that are read and on their order, and on how a value comes: an instant as whole seconds since
//! 1970, an enum as its word, a structure as JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{CalendarRow, IdEntry, StoreError};
use crate::domain::{
    Actor, Appointment, AppointmentContent, AppointmentId, Calendar, CalendarContent, CalendarId,
    Change, ChangeKind, Color, Fingerprint, Instant, Interval, MutationId, Revision, Zone,
};

type Read<T> = Result<T, StoreError>;

/// A row of any store, column by column.
pub(super) trait Columns {
    fn id(&self, at: usize) -> Read<Uuid>;
    fn maybe_id(&self, at: usize) -> Read<Option<Uuid>>;
    fn number(&self, at: usize) -> Read<i64>;
    fn maybe_number(&self, at: usize) -> Read<Option<i64>>;
    fn text(&self, at: usize) -> Read<&str>;
    fn maybe_text(&self, at: usize) -> Read<Option<&str>>;
    fn flag(&self, at: usize) -> Read<bool>;
    fn bytes(&self, at: usize) -> Read<&[u8]>;
}

/// Each store's rows read themselves.
macro_rules! reads_columns {
    ($row:ty) => {
        impl $crate::store::rows::Columns for $row {
            fn id(&self, at: usize) -> $crate::store::Result<uuid::Uuid> {
                Ok(self.try_get(at)?)
            }
            fn maybe_id(&self, at: usize) -> $crate::store::Result<Option<uuid::Uuid>> {
                Ok(self.try_get(at)?)
            }
            fn number(&self, at: usize) -> $crate::store::Result<i64> {
                Ok(self.try_get(at)?)
            }
            fn maybe_number(&self, at: usize) -> $crate::store::Result<Option<i64>> {
                Ok(self.try_get(at)?)
            }
            fn text(&self, at: usize) -> $crate::store::Result<&str> {
                Ok(self.try_get(at)?)
            }
            fn maybe_text(&self, at: usize) -> $crate::store::Result<Option<&str>> {
                Ok(self.try_get(at)?)
            }
            fn flag(&self, at: usize) -> $crate::store::Result<bool> {
                Ok(self.try_get(at)?)
            }
            fn bytes(&self, at: usize) -> $crate::store::Result<&[u8]> {
                Ok(self.try_get(at)?)
            }
        }
    };
}

pub(super) use reads_columns;

pub(super) fn appointment(row: &impl Columns) -> Read<Appointment> {
    Ok(Appointment {
        id: AppointmentId(row.id(0)?),
        calendar_id: CalendarId(row.id(1)?),
        revision: revision(row.number(2)?)?,
        created_at: Instant::from_unix(row.number(3)?),
        updated_at: Instant::from_unix(row.number(4)?),
        content: AppointmentContent {
            title: row.text(5)?.to_owned(),
            description: row.maybe_text(6)?.map(str::to_owned),
            location: row.maybe_text(7)?.map(str::to_owned),
            starts_at: Instant::from_unix(row.number(8)?),
            ends_at: Instant::from_unix(row.number(9)?),
            all_day: row.flag(10)?,
            time_zone: zone(row.text(11)?)?,
            status: word(row.text(12)?)?,
            attendees: from_json(row.text(13)?)?,
        },
    })
}

pub(super) fn calendar(row: &impl Columns) -> Read<CalendarRow> {
    let color = row.maybe_text(4)?;
    Ok(CalendarRow {
        calendar: Calendar {
            id: CalendarId(row.id(0)?),
            revision: revision(row.number(1)?)?,
            is_default: row.flag(2)?,
            content: CalendarContent {
                name: row.text(3)?.to_owned(),
                color: color.map(Color::parse).transpose().map_err(broken)?,
                time_zone: zone(row.text(5)?)?,
                overlaps: word(row.text(6)?)?,
            },
        },
        head: revision(row.number(7)?)?,
        deleted: row.maybe_number(8)?.map(revision).transpose()?,
    })
}

pub(super) fn change(row: &impl Columns) -> Read<Change> {
    let state = row.maybe_text(6)?;
    let state = || state.ok_or_else(|| broken("a change without its state"));
    let kind = match row.text(2)? {
        "CREATED" => ChangeKind::Created(from_json(state()?)?),
        "UPDATED" => ChangeKind::Updated(from_json(state()?)?),
        "DELETED" => ChangeKind::Deleted(AppointmentId(row.id(3)?)),
        "CALENDAR_UPDATED" => ChangeKind::CalendarUpdated(from_json(state()?)?),
        "CALENDAR_GONE" => ChangeKind::CalendarGone,
        other => return Err(broken(format!("unknown kind of change: {other}"))),
    };
    let before = (row.maybe_number(4)?, row.maybe_number(5)?);
    Ok(Change {
        calendar_id: CalendarId(row.id(0)?),
        revision: revision(row.number(1)?)?,
        kind,
        before: before.0.zip(before.1).map(|(start, end)| Interval {
            start: Instant::from_unix(start),
            end: Instant::from_unix(end),
        }),
        mutation_id: row.maybe_id(7)?.map(MutationId),
        actor: actor(row.text(8)?)?,
        at: Instant::from_unix(row.number(9)?),
    })
}

pub(super) fn place(row: &impl Columns) -> Read<IdEntry> {
    Ok(IdEntry {
        calendar_id: CalendarId(row.id(0)?),
        created_as: fingerprint(row.bytes(1)?)?,
        deleted: row.maybe_number(2)?.map(revision).transpose()?,
    })
}

/// A change's kind, as it is stored.
pub(super) fn kind(kind: &ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Created(_) => "CREATED",
        ChangeKind::Updated(_) => "UPDATED",
        ChangeKind::Deleted(_) => "DELETED",
        ChangeKind::CalendarUpdated(_) => "CALENDAR_UPDATED",
        ChangeKind::CalendarGone => "CALENDAR_GONE",
    }
}

/// Databases have signed numbers only; a revision fits.
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
