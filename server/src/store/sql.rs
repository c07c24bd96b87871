//! SQL statements by name, values for their parameters, and connections that run them.
//!
//! Each database has its own text for every statement. The code that runs the statements is the
//! same for both: see `read`, `transaction`, `apply` and `maintenance`.

use uuid::Uuid;

use super::rows::Columns;
use super::{Result, StoreError};
use crate::domain::CalendarId;

/// The SQL text of every statement. The comments list the parameters in order. Statements that read
/// entities return the columns that `rows` expects.
pub(super) struct Statements {
    // Reads for queries and subscribers.
    /// Begins a transaction that reads one snapshot.
    pub(super) snapshot: &'static str,
    /// Reads a log's head, its last pruned revision and whether the calendar is deleted: calendar.
    pub(super) log_bounds: &'static str,
    /// Reads a page of changes: calendar, after, maximum rows, maximum bytes.
    pub(super) log_page: &'static str,
    /// Reads ids and heads: calendars.
    pub(super) heads: &'static str,
    /// Reads calendars, including deleted ones: calendars.
    pub(super) calendars: &'static str,
    /// Reads existing calendars in order: after this name, after this id, limit.
    pub(super) calendars_by_name: &'static str,
    /// Reads an existing calendar: calendar.
    pub(super) calendar: &'static str,
    /// Reads the id of the default calendar.
    pub(super) default_calendar: &'static str,
    /// Reads an appointment of any calendar: appointment.
    pub(super) appointment: &'static str,
    /// Reads the appointments that touch a range: calendar, start, end, limit.
    pub(super) range: &'static str,
    /// Reads the number of changes in all logs and the size of the database in bytes.
    pub(super) size: &'static str,

    // Reads for commands.
    /// Locks the creation of the first calendar. `None` if transactions never run in parallel.
    pub(super) first_calendar_lock: Option<&'static str>,
    /// Returns a row if any calendar was ever created.
    pub(super) any_calendar: &'static str,
    /// Reads a fingerprint and a decision: mutation.
    pub(super) find_decision: &'static str,
    /// Reads the directory's entry of an id: id.
    pub(super) locate: &'static str,
    /// Reads and locks a calendar, even a deleted one: calendar.
    pub(super) lock_calendar: &'static str,
    /// Reads an appointment: calendar, appointment.
    pub(super) appointment_in_calendar: &'static str,
    /// Reads the earliest conflicting appointments, and the number of all of them in each row:
    /// calendar, start, end, excepted appointment, limit.
    pub(super) find_conflicts: &'static str,
    /// Reads the earliest overlapping appointments, and the number of all of them in each row:
    /// calendar, limit.
    pub(super) find_overlaps: &'static str,
    /// Counts appointments: calendar.
    pub(super) count_appointments: &'static str,
    /// Reads the time since which the ledger is complete.
    pub(super) ledger_start: &'static str,

    // Writes for commands.
    /// Inserts a decision: mutation, fingerprint, decision, time.
    pub(super) record_decision: &'static str,
    /// Inserts an id into the directory, or changes nothing if it is there: id, calendar,
    /// fingerprint of the creation.
    pub(super) claim_id: &'static str,
    /// Raises the head of a log by one: calendar, new head.
    pub(super) advance_head: &'static str,
    /// Inserts a change: calendar, revision, kind, appointment, start and end before, start and end
    /// after, state, mutation, actor, time.
    pub(super) append_change: &'static str,
    /// Inserts an appointment: calendar, id, and all other columns.
    pub(super) insert_appointment: &'static str,
    /// Updates an appointment. The parameters are those of `insert_appointment`.
    pub(super) update_appointment: &'static str,
    /// Deletes an appointment: calendar, appointment.
    pub(super) delete_appointment: &'static str,
    /// Inserts a calendar: id, and all other columns.
    pub(super) insert_calendar: &'static str,
    /// Updates a calendar. The parameters are those of `insert_calendar`.
    pub(super) update_calendar: &'static str,
    /// Updates the appointments that take part in the exclusion constraint, after a change of the
    /// policy: calendar, policy. `None` if there is no such constraint.
    pub(super) update_exclusive: Option<&'static str>,
    /// Deletes all appointments of a calendar: calendar.
    pub(super) delete_all_appointments: &'static str,
    /// Marks a calendar as deleted: calendar, revision.
    pub(super) mark_calendar_deleted: &'static str,
    /// Marks an id in the directory as deleted: id, revision.
    pub(super) mark_id_deleted: &'static str,
    /// Marks the ids of all appointments of a calendar as deleted: calendar, revision.
    pub(super) mark_appointment_ids_deleted: &'static str,

    // Maintenance.
    /// Finds the oldest changes of all logs, and returns each calendar with the latest revision
    /// among them: before this time, limit.
    pub(super) oldest_changes: &'static str,
    /// Reads the last revision of the first changes in a log: calendar, up to this revision, limit.
    pub(super) batch_end: &'static str,
    /// Marks the beginning of a log as pruned: calendar, revision.
    pub(super) mark_pruned: &'static str,
    /// Deletes the beginning of a log: calendar, up to this revision.
    pub(super) delete_changes: &'static str,
    /// Raises the time since which the ledger is complete: time.
    pub(super) raise_ledger_start: &'static str,
    /// Deletes the oldest decisions: before this time, limit.
    pub(super) delete_decisions: &'static str,
    /// Deletes all changes of all logs.
    pub(super) delete_all_changes: &'static str,
    /// Raises the heads of all logs: step, minimum.
    pub(super) raise_heads: &'static str,
    /// Gives every calendar the revision of its head.
    pub(super) stamp_calendars: &'static str,
    /// Gives every appointment the revision of its calendar's head.
    pub(super) stamp_appointments: &'static str,
    /// Counts existing calendars.
    pub(super) count_calendars: &'static str,
}

/// A value for a parameter of a statement.
#[derive(Clone, Copy)]
pub(super) enum Value<'v> {
    Id(Option<Uuid>),
    Ids(&'v [CalendarId]),
    Number(Option<i64>),
    Text(Option<&'v str>),
    Flag(bool),
    Bytes(&'v [u8]),
}

/// Implements `From` for [`Value`].
macro_rules! impl_value_from {
    ($v:lifetime $($type:ty: |$it:ident| $value:expr;)*) => {
        $(impl<$v> From<$type> for Value<$v> {
            fn from($it: $type) -> Self {
                $value
            }
        })*
    };
}

impl_value_from! { 'v
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

/// A connection to a database. It may have an open transaction.
pub(super) trait Connection: Send {
    /// A row of a result.
    type Row: Columns + Send + Sync;

    /// The statements for this database.
    const SQL: &'static Statements;

    /// Runs a statement. Returns the number of affected rows.
    fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<u64>> + Send;

    /// Runs a statement. Returns all rows.
    fn rows(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<Self::Row>>> + Send;

    /// Runs a statement. Returns the first row, if there is one.
    fn row(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Option<Self::Row>>> + Send;
}

/// Runs a statement that returns one number.
pub(super) async fn read_number<C: Connection>(
    from: &mut C,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<u64> {
    let row = from.row(sql, values).await?;
    let row = row.ok_or_else(|| StoreError::Failed("a statement returned no row".into()))?;
    Ok(row.number(0)?.cast_unsigned())
}

/// Implements [`Connection`] for a connection of sqlx. `$bind_ids` converts a list of ids to a
/// value that the database accepts as one parameter.
macro_rules! impl_connection {
    ($db:ty, $connection:ty, $statements:expr, $bind_ids:expr) => {
        impl $crate::store::sql::Connection for $connection {
            type Row = <$db as sqlx::Database>::Row;

            const SQL: &'static $crate::store::sql::Statements = &$statements;

            async fn execute(
                &mut self,
                sql: &'static str,
                values: &[$crate::store::sql::Value<'_>],
            ) -> $crate::store::Result<u64> {
                Ok(bind(sql, values).execute(self).await?.rows_affected())
            }

            async fn rows(
                &mut self,
                sql: &'static str,
                values: &[$crate::store::sql::Value<'_>],
            ) -> $crate::store::Result<Vec<Self::Row>> {
                Ok(bind(sql, values).fetch_all(self).await?)
            }

            async fn row(
                &mut self,
                sql: &'static str,
                values: &[$crate::store::sql::Value<'_>],
            ) -> $crate::store::Result<Option<Self::Row>> {
                Ok(bind(sql, values).fetch_optional(self).await?)
            }
        }

        fn bind<'q>(
            sql: &'static str,
            values: &[$crate::store::sql::Value<'_>],
        ) -> sqlx::query::Query<'q, $db, <$db as sqlx::Database>::Arguments> {
            use $crate::store::sql::Value;
            let query = sqlx::query::<$db>(sql);
            values.iter().fold(query, |query, value| match *value {
                Value::Id(it) => query.bind(it),
                Value::Ids(it) => query.bind($bind_ids(it)),
                Value::Number(it) => query.bind(it),
                Value::Text(it) => query.bind(it.map(str::to_owned)),
                Value::Flag(it) => query.bind(it),
                Value::Bytes(it) => query.bind(it.to_vec()),
            })
        }
    };
}

pub(super) use impl_connection;
