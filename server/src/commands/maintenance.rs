//! Maintenance that is not part of the API: creating the first calendar, pruning old data, and
//! raising the revisions after a restore.

use std::time::Duration;

use async_trait::async_trait;

use super::Commands;
use super::idempotency::LoggedCommand;
use crate::domain::{Actor, CreateCalendar, CreateCalendarInput, Instant, OverlapPolicy};
use crate::store::{self, StoreError, Transaction, Work};

/// The number of rows that one pruning transaction deletes. It is small, so that writers in between
/// do not wait long.
const PRUNE_BATCH: u32 = 1_000;

/// The minimum by which a restore raises a revision. No calendar has this many changes between a
/// backup and its restore, so this is safe even if the clock is wrong.
const REVISION_STEP: u64 = 1_000_000_000;

/// A restore raises each revision to at least this number times the seconds since 1970. No calendar
/// has this many changes per second, so restoring the same backup again gives new revisions. They
/// stay below 2^53 until the year 2255.
const REVISIONS_PER_SECOND: u64 = 1_000_000;

/// How long past data is kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// How long changes stay in the log (S7).
    pub changes: Duration,
    /// How long decisions stay in the ledger (S10).
    pub ledger: Duration,
}

/// The defaults of the command line: 30 days for changes, 90 days for the ledger.
impl Default for Retention {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self { changes: Duration::from_secs(30 * DAY), ledger: Duration::from_secs(90 * DAY) }
    }
}

impl Retention {
    /// Returns the time since which the ledger contains every decision.
    pub fn ledger_start(&self, now: Instant) -> Instant {
        subtract(now, self.ledger)
    }
}

impl Commands {
    /// Creates a calendar if there never was one, so that a new server can be used at once. Of
    /// several servers that start at the same time, only one creates it.
    pub async fn create_first_calendar(&self) -> Result<(), StoreError> {
        let input = CreateCalendarInput {
            id: None,
            name: "Calendar".into(),
            color: None,
            time_zone: "UTC".into(),
            overlaps: OverlapPolicy::Allow,
        };
        let command = input.check().map_err(|it| StoreError::Failed(format!("{it:?}").into()))?;
        let now = self.clock.now();
        let ledger_start = self.retention.ledger_start(now);
        let command = LoggedCommand::new(command, Actor::Anonymous, now, ledger_start);
        store::write(&*self.store, CreateFirstCalendar(command)).await
    }

    /// Deletes everything that is older than its retention, in batches. Returns the number of
    /// deleted rows.
    pub async fn prune(&self) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let changes_before = subtract(now, self.retention.changes);
        let ledger_before = self.retention.ledger_start(now);
        let mut total = 0;
        loop {
            let work = Prune { changes_before, ledger_before };
            let deleted = store::write(&*self.store, work).await?;
            total += deleted;
            if deleted == 0 {
                return Ok(total);
            }
        }
    }

    /// Raises the revisions of all calendars after a restore from a backup (S8). Returns the number
    /// of calendars.
    pub async fn restore_bump(&self) -> Result<u64, StoreError> {
        let at_least = self.clock.now().unix().max(0).cast_unsigned() * REVISIONS_PER_SECOND;
        store::write(&*self.store, RestoreBump { at_least }).await
    }
}

struct CreateFirstCalendar(LoggedCommand<CreateCalendar>);

#[async_trait]
impl Work for CreateFirstCalendar {
    type Output = ();

    async fn run(&self, tx: &mut dyn Transaction) -> Result<(), StoreError> {
        if !tx.lock_first_calendar().await? {
            return Ok(());
        }
        match self.0.run(tx).await? {
            Ok(_) => Ok(()),
            Err(refusal) => Err(StoreError::Failed(refusal.to_string().into())),
        }
    }
}

struct Prune {
    changes_before: Instant,
    ledger_before: Instant,
}

#[async_trait]
impl Work for Prune {
    type Output = u64;

    async fn run(&self, tx: &mut dyn Transaction) -> Result<u64, StoreError> {
        tx.prune(self.changes_before, self.ledger_before, PRUNE_BATCH).await
    }
}

struct RestoreBump {
    at_least: u64,
}

#[async_trait]
impl Work for RestoreBump {
    type Output = u64;

    async fn run(&self, tx: &mut dyn Transaction) -> Result<u64, StoreError> {
        tx.restore_bump(REVISION_STEP, self.at_least).await
    }
}

fn subtract(now: Instant, duration: Duration) -> Instant {
    now.plus(-i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}
