//! Where calendars are kept. The only room with sqlx; two implementations stand behind one
//! trait, and one conformance suite runs on each.
//!
//! **Invariant:** [`Transaction::apply`] is the only way to change a calendar, and it writes the
//! state and its row of the log from the same [`Change`]: the log cannot tell another story than
//! the tables.

mod apply;
mod backend;
mod copy_to_postgres;
mod database;
mod duration_class;
mod error;
mod maintenance;
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

/// What a store answers.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The maximum number of changes in one page of the log.
pub const LOG_PAGE_ROWS: usize = 128;

/// The maximum size of the states in one page of the log, in bytes. A page holds at least one change.
pub const LOG_PAGE_BYTES: usize = 128 * 1024;

/// Whether a missing database is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfMissing {
    /// It is.
    Create,
    /// It is an error: a command that mends a database does not start a new one.
    Fail,
}

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Which one.
    pub database: Database,
    /// How many connections to a server there may be, two more for its wake-ups not counted.
    pub connections: u32,
    /// Whether it is made.
    pub if_missing: IfMissing,
}

/// Opens a database, and brings its tables up to date.
///
/// What the store does runs on `tasks` until the store is closed or dropped; waiting for them waits
/// for the last commit.
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

/// Copies a database to a new file, while it is in use.
pub async fn backup(database: &Database, to: &Path) -> std::result::Result<(), BackupError> {
    match database {
        Database::File(path) => sqlite::backup(path, to).await,
        Database::Server(_) => Err(BackupError::NotAFile),
    }
}

/// Copies a file's database to a server's, whole or not at all; answers how many rows that were. `progress` hears how many steps
/// of how many are done.
pub async fn copy(
    from: &Database,
    to: &Database,
    progress: impl Fn(u64, u64),
) -> std::result::Result<u64, CopyError> {
    match (from, to) {
        (Database::File(from), Database::Server(to)) => {
            copy_to_postgres::copy(from, to, progress).await
        }
        _ => Err(CopyError::Kinds),
    }
}

/// How far logs reach: a wake-up, never the truth (S5).
#[derive(Clone, Copy, Debug)]
pub enum Hint<'h> {
    /// A commit of this server has moved these.
    Committed(&'h [(CalendarId, Revision)]),
    /// Another server says so.
    Remote(&'h [(CalendarId, Revision)]),
    /// Some may have been lost: look at every log that somebody follows.
    Lost,
}

/// Told after each commit.
pub type OnCommit = Box<dyn Fn(Hint<'_>) + Send + Sync>;

/// The logs of all calendars, as a subscriber reads them.
#[async_trait]
pub trait Log: Send + Sync {
    /// The changes after a position, oldest first, with where the log begins and ends: one
    /// snapshot, of at most [`LOG_PAGE_ROWS`] and [`LOG_PAGE_BYTES`]. `None` for a calendar that never was.
    async fn log_after(&self, calendar: CalendarId, after: Revision) -> Result<Option<LogPage>>;

    /// Whom to tell after each commit, once for each calendar: a hint (S5), not the change itself.
    fn on_commit(&self, wake: OnCommit);

    /// Where the logs of these calendars end now.
    async fn heads(&self, calendars: &[CalendarId]) -> Result<Vec<(CalendarId, Revision)>>;
}

/// A stretch of a calendar's log.
#[derive(Clone, Debug)]
pub struct LogPage {
    /// Where the log ends.
    pub head: Revision,
    /// The highest revision that is no longer in the log.
    pub pruned: Revision,
    /// Whether the calendar is gone, so that nothing comes after `head`.
    pub deleted: bool,
    /// The changes that were asked for, revision by revision.
    pub changes: Vec<Change>,
}

/// Everything that is kept, and the one way to change it.
#[async_trait]
pub trait Store: Log {
    /// Runs one job in a transaction of its own, or in a savepoint of a shared one, and answers when
    /// it is committed and flushed to the disk (S16). Called through [`write()`].
    async fn submit(&self, job: Box<dyn ErasedWork>) -> Result<()>;

    /// The calendars with these ids, in any order; those that are gone too.
    async fn calendars(&self, ids: &[CalendarId]) -> Result<Vec<CalendarRow>>;

    /// Those that stand, by name and id, after a given one.
    async fn calendars_by_name(
        &self,
        after: Option<(&str, CalendarId)>,
        limit: usize,
    ) -> Result<Vec<Calendar>>;

    /// The one that is meant when none is named.
    async fn default_calendar(&self) -> Result<Option<CalendarId>>;

    /// An appointment, by its id alone.
    async fn appointment(&self, id: AppointmentId) -> Result<Option<Appointment>>;

    /// A calendar, and the appointments that touch `range` (S13), by start, the longer first, id:
    /// one snapshot (S4). At most `limit`; which ones, where there are more, is not said. `None`
    /// when the calendar is not there.
    async fn range(
        &self,
        calendar: CalendarId,
        range: Interval,
        limit: usize,
    ) -> Result<Option<RangeRead>>;

    /// Does what is queued, and takes nothing more. The writer's task ends when it is done.
    async fn close(&self);

    /// How large it is.
    async fn size(&self) -> Result<StoreSize>;

    /// Whether it can be read now.
    async fn ready(&self) -> Result<()>;
}

/// How large a store is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// Changes in all logs.
    pub changes: u64,
    /// Bytes, as far as the store knows.
    pub bytes: u64,
}

/// A calendar with what the store keeps about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarRow {
    /// The calendar as the last change left it.
    pub calendar: Calendar,
    /// Where its log ends.
    pub head: Revision,
    /// The revision of its removal.
    pub deleted: Option<Revision>,
}

/// An answer to [`Store::range`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeRead {
    /// The calendar itself.
    pub calendar: Calendar,
    /// The list is the calendar's state at exactly this revision.
    pub revision: Revision,
    /// What touches the range.
    pub appointments: Vec<Appointment>,
}

/// Where an id is, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdEntry {
    /// The calendar it is in; a calendar is in itself.
    pub calendar_id: CalendarId,
    /// What it was created with.
    pub created_as: Fingerprint,
    /// The revision of its deletion.
    pub deleted: Option<Revision>,
}

/// Appointments that stand in the way: the earliest ten, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflicts {
    /// The earliest ten.
    pub earliest: Vec<Appointment>,
    /// How many there are.
    pub count: u64,
}

/// What a command may ask and do inside of its transaction.
#[async_trait]
pub trait Transaction: Send {
    /// Whether no calendar was ever made. Who asks while another's answer may still change waits for that.
    async fn lock_first_calendar(&mut self) -> Result<bool>;

    /// What was decided under this mutation id, as it was recorded.
    async fn find_decision(&mut self, id: MutationId) -> Result<Option<(Fingerprint, String)>>;

    /// Enters a decision in the ledger, as JSON.
    async fn record_decision(
        &mut self,
        id: MutationId,
        fingerprint: Fingerprint,
        decision: &str,
        at: Instant,
    ) -> Result<()>;

    /// From when on no decision has been forgotten.
    async fn ledger_start(&mut self) -> Result<Instant>;

    /// Where an id is, or was.
    async fn locate(&mut self, id: EntityId) -> Result<Option<IdEntry>>;

    /// The calendar, and its lock until the transaction ends (S2): no other transaction changes it
    /// meanwhile. Gone ones too.
    async fn lock_calendar(&mut self, id: CalendarId) -> Result<Option<CalendarRow>>;

    /// The calendar that is meant when none is named.
    async fn default_calendar(&mut self) -> Result<Option<CalendarId>>;

    /// An appointment of a calendar.
    async fn appointment(
        &mut self,
        calendar: CalendarId,
        id: AppointmentId,
    ) -> Result<Option<Appointment>>;

    /// The busy appointments that touch `slot`, but for `except` (S12).
    async fn find_conflicts(
        &mut self,
        calendar: CalendarId,
        slot: Interval,
        except: Option<AppointmentId>,
    ) -> Result<Conflicts>;

    /// The busy appointments of a calendar that overlap another one.
    async fn find_overlaps(&mut self, calendar: CalendarId) -> Result<Conflicts>;

    /// How many appointments a calendar has.
    async fn count_appointments(&mut self, calendar: CalendarId) -> Result<u64>;

    /// Takes an id for something new; `false` if it is, or ever was, in use.
    async fn claim_id(
        &mut self,
        id: EntityId,
        calendar: CalendarId,
        created_as: Fingerprint,
    ) -> Result<bool>;

    /// Makes a calendar: its log is empty, its revision 0. Its id must have been claimed.
    async fn insert_calendar(&mut self, calendar: &Calendar) -> Result<()>;

    /// Writes one change: the state it leaves, its row of the log, and the log's position, which
    /// must be the one before it. What is created must have been claimed.
    async fn apply(&mut self, change: &Change) -> Result<()>;

    /// Forgets at most `batch` changes decided before `changes`, and as many ledger entries decided
    /// before `ledger` (S7, S10). Answers how many went.
    async fn prune(&mut self, changes: Instant, ledger: Instant, batch: u32) -> Result<u64>;

    /// S8, after a restore: raises every calendar's revision to `at_least`, or by `step` where it is
    /// there already, stamps everything with the new one and marks the log before it as pruned. Answers how many
    /// calendars there are.
    async fn restore_bump(&mut self, step: u64, at_least: u64) -> Result<u64>;
}
