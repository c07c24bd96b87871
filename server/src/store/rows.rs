//! Conversions between rows and domain types, for all databases.
//!
//! All databases return the same columns in the same order, in the same form: an instant as whole
//! seconds since 1970, an enum as its name, a structure as JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{CalendarRow, IdEntry, Result, StoreError};
use crate::domain::{
    Actor, Appointment, AppointmentContent, AppointmentId, Calendar, CalendarContent, CalendarId,
    Change, ChangeKind, Color, Fingerprint, Instant, Interval, MutationId, Revision, Zone,
};

/// The number of columns of an appointment.
pub(super) const APPOINTMENT_COLUMNS: usize = 14;

/// A row of any database. Columns are counted from 0.
pub(super) trait Columns {
    fn id(&self, at: usize) -> Result<Uuid>;
    fn maybe_id(&self, at: usize) -> Result<Option<Uuid>>;
    fn number(&self, at: usize) -> Result<i64>;
    fn maybe_number(&self, at: usize) -> Result<Option<i64>>;
    fn text(&self, at: usize) -> Result<&str>;
    fn maybe_text(&self, at: usize) -> Result<Option<&str>>;
    fn flag(&self, at: usize) -> Result<bool>;
    fn bytes(&self, at: usize) -> Result<&[u8]>;
}

/// Implements [`Columns`] for a row of sqlx.
macro_rules! impl_columns {
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

pub(super) use impl_columns;

pub(super) fn read_appointment(row: &impl Columns) -> Result<Appointment> {
    Ok(Appointment {
        id: AppointmentId(row.id(0)?),
        calendar_id: CalendarId(row.id(1)?),
        revision: read_revision(row.number(2)?)?,
        created_at: Instant::from_unix(row.number(3)?),
        updated_at: Instant::from_unix(row.number(4)?),
        content: AppointmentContent {
            title: row.text(5)?.to_owned(),
            description: row.maybe_text(6)?.map(str::to_owned),
            location: row.maybe_text(7)?.map(str::to_owned),
            starts_at: Instant::from_unix(row.number(8)?),
            ends_at: Instant::from_unix(row.number(9)?),
            all_day: row.flag(10)?,
            time_zone: read_zone(row.text(11)?)?,
            status: read_variant(row.text(12)?)?,
            attendees: from_json(row.text(13)?)?,
        },
    })
}

pub(super) fn read_calendar(row: &impl Columns) -> Result<CalendarRow> {
    let color = row.maybe_text(4)?;
    Ok(CalendarRow {
        calendar: Calendar {
            id: CalendarId(row.id(0)?),
            revision: read_revision(row.number(1)?)?,
            is_default: row.flag(2)?,
            content: CalendarContent {
                name: row.text(3)?.to_owned(),
                color: color.map(Color::parse).transpose().map_err(corrupt)?,
                time_zone: read_zone(row.text(5)?)?,
                overlaps: read_variant(row.text(6)?)?,
            },
        },
        head: read_revision(row.number(7)?)?,
        deleted: row.maybe_number(8)?.map(read_revision).transpose()?,
    })
}

pub(super) fn read_change(row: &impl Columns) -> Result<Change> {
    let state = row.maybe_text(6)?;
    let state = || state.ok_or_else(|| corrupt("a change has no state"));
    let kind = match row.text(2)? {
        "CREATED" => ChangeKind::Created(from_json(state()?)?),
        "UPDATED" => ChangeKind::Updated(from_json(state()?)?),
        "DELETED" => ChangeKind::Deleted(AppointmentId(row.id(3)?)),
        "CALENDAR_UPDATED" => ChangeKind::CalendarUpdated(from_json(state()?)?),
        "CALENDAR_GONE" => ChangeKind::CalendarGone,
        other => return Err(corrupt(format!("unknown kind of change: {other}"))),
    };
    let before_start = row.maybe_number(4)?;
    let before_end = row.maybe_number(5)?;
    Ok(Change {
        calendar_id: CalendarId(row.id(0)?),
        revision: read_revision(row.number(1)?)?,
        kind,
        before: before_start.zip(before_end).map(|(start, end)| Interval {
            start: Instant::from_unix(start),
            end: Instant::from_unix(end),
        }),
        mutation_id: row.maybe_id(7)?.map(MutationId),
        actor: read_actor(row.text(8)?)?,
        at: Instant::from_unix(row.number(9)?),
    })
}

pub(super) fn read_id_entry(row: &impl Columns) -> Result<IdEntry> {
    Ok(IdEntry {
        calendar_id: CalendarId(row.id(0)?),
        created_as: read_fingerprint(row.bytes(1)?)?,
        deleted: row.maybe_number(2)?.map(read_revision).transpose()?,
    })
}

/// Returns the stored name of a change's kind.
pub(super) fn kind_name(kind: &ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Created(_) => "CREATED",
        ChangeKind::Updated(_) => "UPDATED",
        ChangeKind::Deleted(_) => "DELETED",
        ChangeKind::CalendarUpdated(_) => "CALENDAR_UPDATED",
        ChangeKind::CalendarGone => "CALENDAR_GONE",
    }
}

/// Converts a revision for the database, which only has signed numbers. Every revision fits.
pub(super) fn revision_number(revision: Revision) -> i64 {
    revision.get().cast_signed()
}

pub(super) fn read_revision(number: i64) -> Result<Revision> {
    let number = u64::try_from(number).ok().and_then(Revision::new);
    number.ok_or_else(|| corrupt("a revision is out of range"))
}

pub(super) fn read_fingerprint(bytes: &[u8]) -> Result<Fingerprint> {
    bytes.try_into().map(Fingerprint).map_err(corrupt)
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(corrupt)
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(corrupt)
}

/// Returns the name of a variant, as serde writes it but without quotes.
pub(super) fn variant_name(value: &impl Serialize) -> Result<String> {
    Ok(to_json(value)?.trim_matches('"').to_owned())
}

fn read_variant<T: DeserializeOwned>(text: &str) -> Result<T> {
    let text = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text);
    T::deserialize(text).map_err(corrupt)
}

fn read_zone(name: &str) -> Result<Zone> {
    Zone::parse(name).map_err(corrupt)
}

fn read_actor(name: &str) -> Result<Actor> {
    match name {
        "anonymous" => Ok(Actor::Anonymous),
        _ => Err(corrupt("unknown actor")),
    }
}

/// The error for stored data that cannot be read. A retry does not help.
fn corrupt(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Failed(error.into())
}
