//! Calendars in a database. Only this module uses sqlx; one trait has two implementations, and one
//! conformance suite tests both.
//!
//! **Invariant:** [`Transaction::apply`] is the only way to change a calendar. It writes the state
//! and the log entry from the same [`Change`], so the log always agrees with the tables.

mod apply;
mod backend;
mod copy_to_postgres;
mod database;
mod duration_class;
mod error;
mod maintenance;
mod migrations;
mod pooled;
mod postgres;
mod read;
mod rows;
mod sql;
mod sqlite;
mod transaction;
mod work;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::task::TaskTracker;

use crate::domain::{
    Appointment, AppointmentId, Calendar, CalendarId, Change, EntityId, Fingerprint, Instant,
    Interval, MutationId, Revision,
};

pub use database::Database;
pub use error::{BackupError, CopyError, OpenError, StoreError};
pub use work::{ErasedWork, Work, write};

/// The result of an operation of a store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The maximum number of changes in one page of the log.
pub const LOG_PAGE_ROWS: usize = 128;

/// The maximum size of the states in one page of the log, in bytes. A page holds at least one
/// change, however large.
pub const LOG_PAGE_BYTES: usize = 128 * 1024;

/// Whether [`open`] creates a missing database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// Create the database.
    Create,
    /// Fail. Commands that repair an existing database use this.
    Fail,
}

/// Options for opening a database.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The database to open.
    pub database: Database,
    /// The maximum number of pooled connections to a PostgreSQL server. Notifications use two more.
    pub connections: u32,
    /// Whether to create a missing database.
    pub if_missing: IfMissing,
}

/// Opens a database and migrates it to the current version.
///
/// The store runs on `tasks` until it is closed or dropped. To wait for its last commit, wait for
/// `tasks`.
pub async fn open(
    options: &OpenOptions,
    tasks: &TaskTracker,
) -> std::result::Result<Arc<dyn Store>, OpenError> {
    let OpenOptions { database, connections, if_missing } = options;
    Ok(match database {
        Database::File(path) => {
            Arc::new(sqlite::SqliteStore::open(path, *if_missing, tasks).await?)
        }
        Database::Server(url) => {
            Arc::new(postgres::PostgresStore::open(url, *connections, *if_missing, tasks).await?)
        }
    })
}

/// Copies a database to a new file, even while it is in use.
pub async fn backup(database: &Database, to: &Path) -> std::result::Result<(), BackupError> {
    match database {
        Database::File(path) => sqlite::backup(path, to).await,
        Database::Server(_) => Err(BackupError::NotAFile),
    }
}

/// Copies a SQLite file to an empty PostgreSQL database, completely or not at all. Returns the
/// number of copied rows. `progress` is called with the number of finished steps and of all steps.
pub async fn copy(
    from: &Database,
    to: &Database,
    progress: impl Fn(u64, u64),
) -> std::result::Result<u64, CopyError> {
    match (from, to) {
        (Database::File(from), Database::Server(to)) => {
            copy_to_postgres::copy(from, to, progress).await
        }
        _ => Err(CopyError::UnsupportedPair),
    }
}

/// News about how far logs reach. A hint makes readers read the log sooner; it is never a source of
/// truth (S5).
#[derive(Clone, Copy, Debug)]
pub enum Hint<'h> {
    /// A commit of this server has moved these heads.
    Committed(&'h [(CalendarId, Revision)]),
    /// Another replica has moved these heads.
    Remote(&'h [(CalendarId, Revision)]),
    /// Hints may have been lost: check the log of every calendar that has subscribers.
    Lost,
}

/// A callback that a store calls after each commit.
pub type OnCommit = Box<dyn Fn(Hint<'_>) + Send + Sync>;

/// The change logs of all calendars, for subscribers.
#[async_trait]
pub trait Log: Send + Sync {
    /// Reads the changes after a position, oldest first, with the log's start and end, in one
    /// snapshot. A page has at most [`LOG_PAGE_ROWS`] changes and [`LOG_PAGE_BYTES`] bytes. `None`
    /// if the calendar never existed.
    async fn log_after(&self, calendar: CalendarId, after: Revision) -> Result<Option<LogPage>>;

    /// Sets the callback for hints. Call this at most once. A hint (S5) does not contain the
    /// change.
    fn on_commit(&self, callback: OnCommit);

    /// Reads the current ends of these calendars' logs.
    async fn heads(&self, calendars: &[CalendarId]) -> Result<Vec<(CalendarId, Revision)>>;
}

/// One page of a calendar's log.
#[derive(Clone, Debug)]
pub struct LogPage {
    /// The revision of the log's last change.
    pub head: Revision,
    /// The revision of the last change that was pruned from the log.
    pub pruned: Revision,
    /// Whether the calendar is deleted. If so, no change follows `head`.
    pub deleted: bool,
    /// Consecutive changes in ascending order.
    pub changes: Vec<Change>,
}

/// A database with all calendars.
#[async_trait]
pub trait Store: Log {
    /// Runs work in its own transaction, or in a savepoint of a shared one. Returns when the work
    /// is committed and flushed to disk (S16). Callers use [`write()`].
    async fn submit(&self, work: ErasedWork) -> Result<()>;

    /// Reads the calendars with these ids, in any order. Deleted ones are included.
    async fn calendars(&self, ids: &[CalendarId]) -> Result<Vec<CalendarRow>>;

    /// Reads existing calendars ordered by name and id, starting after the given pair.
    async fn calendars_by_name(
        &self,
        after: Option<(&str, CalendarId)>,
        limit: usize,
    ) -> Result<Vec<Calendar>>;

    /// Reads the id of the default calendar, if there is one.
    async fn default_calendar(&self) -> Result<Option<CalendarId>>;

    /// Reads an appointment of any calendar.
    async fn appointment(&self, id: AppointmentId) -> Result<Option<Appointment>>;

    /// Reads a calendar and the appointments that touch `range` (S13) in one snapshot (S4). They
    /// are ordered by start, then longer first, then id. If there are more than `limit`, the choice
    /// is arbitrary. `None` if the calendar does not exist.
    async fn range(
        &self,
        calendar: CalendarId,
        range: Interval,
        limit: usize,
    ) -> Result<Option<RangeRead>>;

    /// Finishes the queued work and refuses new work. The writer's task ends after that.
    async fn close(&self);

    /// Measures the store.
    async fn size(&self) -> Result<StoreSize>;

    /// Checks that the store can be read now.
    async fn ready(&self) -> Result<()>;
}

/// The size of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// The number of changes in all logs.
    pub changes: u64,
    /// The size of the database in bytes.
    pub bytes: u64,
}

/// A calendar with its position in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarRow {
    /// The calendar in its latest state.
    pub calendar: Calendar,
    /// The revision of the last change in its log.
    pub head: Revision,
    /// The revision of the calendar's deletion. `None` if it exists.
    pub deleted: Option<Revision>,
}

/// The result of [`Store::range`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeRead {
    /// The calendar itself.
    pub calendar: Calendar,
    /// The revision at which the calendar had exactly these appointments.
    pub revision: Revision,
    /// The appointments that touch the range.
    pub appointments: Vec<Appointment>,
}

/// The entry of an id in the directory, which also remembers deleted calendars and appointments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdEntry {
    /// The calendar that contains the entity; for a calendar, its own id.
    pub calendar_id: CalendarId,
    /// The fingerprint of the mutation that created the entity.
    pub created_as: Fingerprint,
    /// The revision of the entity's deletion. `None` if it exists.
    pub deleted: Option<Revision>,
}

/// The appointments that conflict with a slot or with each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflicts {
    /// The earliest ten conflicting appointments.
    pub earliest: Vec<Appointment>,
    /// The number of all conflicting appointments.
    pub count: u64,
}

/// The reads and writes of work in a transaction.
#[async_trait]
pub trait Transaction: Send {
    /// Returns whether no calendar was ever created. If so, no other transaction can create the
    /// first calendar before this one ends.
    async fn lock_first_calendar(&mut self) -> Result<bool>;

    /// Reads the decision recorded under a mutation id, as a fingerprint and JSON.
    async fn find_decision(&mut self, id: MutationId) -> Result<Option<(Fingerprint, String)>>;

    /// Records a decision, as JSON, in the ledger.
    async fn record_decision(
        &mut self,
        id: MutationId,
        fingerprint: Fingerprint,
        decision: &str,
        at: Instant,
    ) -> Result<()>;

    /// Reads the time since which no decision has been removed from the ledger.
    async fn ledger_start(&mut self) -> Result<Instant>;

    /// Finds an id in the directory. `None` if it was never used.
    async fn locate(&mut self, id: EntityId) -> Result<Option<IdEntry>>;

    /// Reads a calendar, even a deleted one, and locks it: no other transaction changes it before
    /// this one ends (S2).
    async fn lock_calendar(&mut self, id: CalendarId) -> Result<Option<CalendarRow>>;

    /// Reads the id of the default calendar, if there is one.
    async fn default_calendar(&mut self) -> Result<Option<CalendarId>>;

    /// Reads an appointment of a calendar.
    async fn appointment(
        &mut self,
        calendar: CalendarId,
        id: AppointmentId,
    ) -> Result<Option<Appointment>>;

    /// Finds the busy appointments, other than `except`, that touch `slot` (S12).
    async fn find_conflicts(
        &mut self,
        calendar: CalendarId,
        slot: Interval,
        except: Option<AppointmentId>,
    ) -> Result<Conflicts>;

    /// Finds the busy appointments of a calendar that overlap another one.
    async fn find_overlaps(&mut self, calendar: CalendarId) -> Result<Conflicts>;

    /// Counts the appointments of a calendar.
    async fn count_appointments(&mut self, calendar: CalendarId) -> Result<u64>;

    /// Enters the id of a new entity in the directory. Returns `false` if the id is, or ever was,
    /// in use.
    async fn claim_id(
        &mut self,
        id: EntityId,
        calendar: CalendarId,
        created_as: Fingerprint,
    ) -> Result<bool>;

    /// Inserts a calendar with an empty log at revision 0. Its id must be claimed.
    async fn insert_calendar(&mut self, calendar: &Calendar) -> Result<()>;

    /// Applies a change: writes the new state, the log entry and the log's head. The change must be
    /// the next one of the log. The id of a new appointment must be claimed.
    async fn apply(&mut self, change: &Change) -> Result<()>;

    /// Deletes at most `batch` changes from before `changes`, and at most `batch` ledger entries
    /// from before `ledger` (S7, S10). Returns the number of deleted rows.
    async fn prune(&mut self, changes: Instant, ledger: Instant, batch: u32) -> Result<u64>;

    /// Raises the revisions after a restore (S8). Each calendar's revision becomes `at_least`, or
    /// grows by `step` if it is not lower. Everything gets the new revision, and the log before it
    /// counts as pruned. Returns the number of calendars.
    async fn restore_bump(&mut self, step: u64, at_least: u64) -> Result<u64>;
}
