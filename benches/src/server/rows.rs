//! Appointments as rows and as JSON, without GraphQL and without a domain model.

use std::path::Path;
use std::time::Duration;

use appointments_bench::Result;
use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Row, query};
use uuid::Uuid;

/// The columns of an appointment's row, in the order of [`read`].
macro_rules! columns {
    () => {
        "id, calendar_id, title, description, location, starts_at, ends_at, all_day, time_zone, \
         status, attendees, revision"
    };
}
pub(crate) use columns;

/// The twelve fields that every case selects, in the order of `cases::fields`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Appointment {
    pub(crate) id: Uuid,
    pub(crate) calendar_id: Uuid,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) starts_at: At,
    pub(crate) ends_at: At,
    pub(crate) all_day: bool,
    pub(crate) time_zone: String,
    pub(crate) status: String,
    pub(crate) attendees: Vec<Attendee>,
    pub(crate) revision: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Attendee {
    pub(crate) email: String,
    pub(crate) name: Option<String>,
    pub(crate) response: String,
}

/// An instant: seconds since 1970 in the database, RFC 3339 in JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At(pub(crate) i64);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let at = DateTime::from_timestamp(self.0, 0)
            .ok_or_else(|| S::Error::custom("the instant is out of range"))?;
        to.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let at = DateTime::parse_from_rfc3339(&text).map_err(D::Error::custom)?;
        Ok(Self(at.timestamp()))
    }
}

/// Returns the connection settings that the server uses. With other settings, the benchmark would
/// compare databases instead of servers.
pub(crate) fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .disable_statement_logging()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .row_buffer_size(512)
}

pub(crate) fn read(row: &SqliteRow) -> Result<Appointment> {
    let attendees: &str = row.try_get(10)?;
    Ok(Appointment {
        id: row.try_get(0)?,
        calendar_id: row.try_get(1)?,
        title: row.try_get(2)?,
        description: row.try_get(3)?,
        location: row.try_get(4)?,
        starts_at: At(row.try_get(5)?),
        ends_at: At(row.try_get(6)?),
        all_day: row.try_get(7)?,
        time_zone: row.try_get(8)?,
        status: row.try_get(9)?,
        attendees: serde_json::from_str(attendees)?,
        revision: row.try_get(11)?,
    })
}

/// Reserves the appointment's id in the directory, and inserts its row.
pub(crate) async fn insert(
    to: &mut SqliteConnection,
    it: &Appointment,
    created_as: [u8; 32],
    at: i64,
) -> Result<()> {
    query("insert into directory (id, calendar_id, created_as) values (?1, ?2, ?3)")
        .bind(it.id)
        .bind(it.calendar_id)
        .bind(&created_as[..])
        .execute(&mut *to)
        .await?;
    query(
        "insert into appointments (calendar_id, id, created_at, revision, updated_at, title,
            description, location, starts_at, ends_at, span, all_day, time_zone, status, attendees)
         values (?1, ?2, ?3, ?4, ?3, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )
    .bind(it.calendar_id)
    .bind(it.id)
    .bind(at)
    .bind(it.revision)
    .bind(&it.title)
    .bind(&it.description)
    .bind(&it.location)
    .bind(it.starts_at.0)
    .bind(it.ends_at.0)
    .bind(span(it.ends_at.0 - it.starts_at.0))
    .bind(it.all_day)
    .bind(&it.time_zone)
    .bind(&it.status)
    .bind(serde_json::to_string(&it.attendees)?)
    .execute(&mut *to)
    .await?;
    Ok(())
}

/// Returns ceil(log2(seconds)): the duration class by which the range query searches.
fn span(seconds: i64) -> i64 {
    match seconds {
        ..=1 => 0,
        seconds => i64::from(64 - (seconds - 1).leading_zeros()),
    }
}
