//! What the stores have in common: the same statements in the words of each, values on their way into them, and rows on their
//! way out. What is done with them stands once, in `read`, `transaction`, `apply` and `upkeep`.

use uuid::Uuid;

use super::rows::Columns;
use super::{Result, StoreError};
use crate::domain::CalendarId;

/// The statements by name, each with its values in order. What is read comes in the order of `rows`.
pub(super) struct Statements {
    /// Begins what sees one moment.
    pub(super) snapshot: &'static str,
    // Reading.
    /// Where a log begins and ends, and whether it ends for good: calendar.
    pub(super) bounds: &'static str,
    /// A page of changes: calendar, after, most rows, most bytes.
    pub(super) log: &'static str,
    /// Ids and heads: calendars.
    pub(super) heads: &'static str,
    /// Calendars, gone ones too: calendars.
    pub(super) calendars: &'static str,
    /// Those that stand: after this name, and this id; most.
    pub(super) calendars_by_name: &'static str,
    /// One that stands: calendar.
    pub(super) calendar: &'static str,
    /// The id of the one that is meant when none is named.
    pub(super) default_calendar: &'static str,
    /// By its id alone: appointment.
    pub(super) appointment: &'static str,
    /// What touches a range: calendar, start, end, most.
    pub(super) range: &'static str,
    /// Changes in all logs, and bytes.
    pub(super) size: &'static str,
    // Deciding.
    /// What keeps others from making the first calendar until the end, if they can be under way at the same time.
    pub(super) first_calendar_lock: Option<&'static str>,
    /// One row if any calendar was ever made.
    pub(super) any_calendar: &'static str,
    /// Fingerprint and decision: mutation.
    pub(super) find_decision: &'static str,
    /// Mutation, fingerprint, decision, time.
    pub(super) record: &'static str,
    /// Where an id is, or was: id.
    pub(super) locate: &'static str,
    /// A calendar, gone or not, which nobody else changes until the end: calendar.
    pub(super) lock: &'static str,
    /// Calendar, appointment.
    pub(super) appointment_of: &'static str,
    /// The earliest, with the number of all: calendar, start, end, except, most.
    pub(super) conflicts_with: &'static str,
    /// The earliest, with the number of all: calendar, most.
    pub(super) overlapping: &'static str,
    /// Calendar.
    pub(super) count: &'static str,
    // Changing.
    /// Id, calendar, what it is created as; changes nothing if the id is taken.
    pub(super) claim: &'static str,
    /// From the one before: calendar, revision.
    pub(super) advance: &'static str,
    /// Calendar, revision, kind, appointment, interval before, interval after, state, mutation, actor, time.
    pub(super) append: &'static str,
    /// Calendar, id, and all that an appointment has.
    pub(super) insert_appointment: &'static str,
    /// The same values.
    pub(super) update_appointment: &'static str,
    /// Calendar, appointment.
    pub(super) delete_appointment: &'static str,
    /// Id, and all that a calendar has.
    pub(super) insert_calendar: &'static str,
    /// The same values.
    pub(super) update_calendar: &'static str,
    /// What a constraint behind the lock needs when the policy changes, if there is one: calendar, policy.
    pub(super) follow_policy: Option<&'static str>,
    /// All appointments of a calendar in the directory: calendar, revision.
    pub(super) mark_all_deleted: &'static str,
    /// Calendar.
    pub(super) delete_all: &'static str,
    /// Calendar, revision.
    pub(super) end_calendar: &'static str,
    /// Id, revision.
    pub(super) mark_deleted: &'static str,
    // Upkeep.
    /// From when on the ledger is whole.
    pub(super) ledger_reaches: &'static str,
    /// Calendars with the last of their oldest changes: time, most.
    pub(super) oldest: &'static str,
    /// The last revision of a batch from a log's beginning: calendar, revision, most.
    pub(super) batch_end: &'static str,
    /// Calendar, revision.
    pub(super) mark_pruned: &'static str,
    /// Calendar, revision.
    pub(super) forget_changes: &'static str,
    /// Time.
    pub(super) raise_ledger: &'static str,
    /// Time, most.
    pub(super) forget_mutations: &'static str,
    pub(super) forget_all_changes: &'static str,
    /// By so much, or to at least this.
    pub(super) raise_heads: &'static str,
    pub(super) stamp_calendars: &'static str,
    pub(super) stamp_appointments: &'static str,
    pub(super) count_calendars: &'static str,
}

/// A value on its way into a statement.
#[derive(Clone, Copy)]
pub(super) enum Value<'v> {
    Id(Option<Uuid>),
    Ids(&'v [CalendarId]),
    Number(Option<i64>),
    Text(Option<&'v str>),
    Flag(bool),
    Bytes(&'v [u8]),
}

macro_rules! values {
    ($v:lifetime $($type:ty: |$it:ident| $value:expr;)*) => {
        $(impl<$v> From<$type> for Value<$v> {
            fn from($it: $type) -> Self {
                $value
            }
        })*
    };
}

values! { 'v
    Uuid: |it| Self::Id(Some(it));
    Option<Uuid>: |it| Self::Id(it);
    &'v [CalendarId]: |it| Self::Ids(it);
    i64: |it| Self::Number(Some(it));
    Option<i64>: |it| Self::Number(it);
    &'v str: |it| Self::Text(Some(it));
    Option<&'v str>: |it| Self::Text(it);
    bool: |it| Self::Flag(it);
    &'v [u8]: |it| Self::Bytes(it);
}

/// A connection of a store, or a transaction that is open on it.
pub(super) trait Connection: Send {
    /// What is read.
    type Row: Columns + Send + Sync;

    /// In the words of this store.
    const SQL: &'static Statements;

    /// Does something, and answers to how many rows.
    fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<u64>> + Send;

    /// All rows.
    fn rows(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<Self::Row>>> + Send;

    /// The row, if there is one.
    fn row(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Option<Self::Row>>> + Send;
}

/// The number that a statement answers with.
pub(super) async fn number<C: Connection>(
    from: &mut C,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<u64> {
    let row = from.row(sql, values).await?;
    let row = row.ok_or_else(|| StoreError::Failed("no row where there is always one".into()))?;
    Ok(row.number(0)?.cast_unsigned())
}

/// Makes a connection of sqlx's one of ours; how it takes a list of ids is its own.
macro_rules! connects {
    ($db:ty, $connection:ty, $statements:expr, $ids:expr) => {
        impl $crate::store::sql::Connection for $connection {
            type Row = <$db as sqlx::Database>::Row;

            const SQL: &'static $crate::store::sql::Statements = &$statements;

            async fn execute(
                &mut self,
                sql: &'static str,
                values: &[$crate::store::sql::Value<'_>],
            ) -> $crate::store::Result<u64> {
                Ok(bound(sql, values).execute(self).await?.rows_affected())
            }

            async fn rows(
                &mut self,
                sql: &'static str,
                values: &[$crate::store::sql::Value<'_>],
            ) -> $crate::store::Result<Vec<Self::Row>> {
                Ok(bound(sql, values).fetch_all(self).await?)
            }

            async fn row(
                &mut self,
                sql: &'static str,
                values: &[$crate::store::sql::Value<'_>],
            ) -> $crate::store::Result<Option<Self::Row>> {
                Ok(bound(sql, values).fetch_optional(self).await?)
            }
        }

        fn bound<'q>(
            sql: &'static str,
            values: &[$crate::store::sql::Value<'_>],
        ) -> sqlx::query::Query<'q, $db, <$db as sqlx::Database>::Arguments> {
            use $crate::store::sql::Value;
            let query = sqlx::query::<$db>(sql);
            values.iter().fold(query, |query, value| match *value {
                Value::Id(it) => query.bind(it),
                Value::Ids(it) => query.bind($ids(it)),
                Value::Number(it) => query.bind(it),
                Value::Text(it) => query.bind(it.map(str::to_owned)),
                Value::Flag(it) => query.bind(it),
                Value::Bytes(it) => query.bind(it.to_vec()),
            })
        }
    };
}

pub(super) use connects;
