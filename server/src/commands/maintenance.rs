//! What nobody asks for over the wire: the first calendar, forgetting what is old, and the step
//! after a restore.

use std::time::Duration;

use async_trait::async_trait;

use super::Commands;
use super::idempotency::LoggedCommand;
use crate::domain::{Actor, CreateCalendar, CreateCalendarInput, Instant, OverlapPolicy};
use crate::store::{self, StoreError, Transaction, Work};

/// Small, so that those who write in between do not wait long.
const BATCH: u32 = 1_000;

/// More changes than anybody makes between a backup and its restore, should the clock be wrong.
const STEP: u64 = 1_000_000_000;

/// More changes than anybody makes in a second. A revision that follows the clock by it differs for
/// each time that the same backup is restored, and stays below 2^53 until the year 2255.
const REVISIONS_A_SECOND: u64 = 1_000_000;

/// How long what is past is kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Changes in the log (S7).
    pub changes: Duration,
    /// Decisions in the ledger (S10).
    pub ledger: Duration,
}

/// As the flags have it when nothing is set.
impl Default for Retention {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self { changes: Duration::from_secs(30 * DAY), ledger: Duration::from_secs(90 * DAY) }
    }
}

impl Retention {
    /// The ledger answers for mutations decided from here on.
    pub fn ledger_from(&self, now: Instant) -> Instant {
        before(now, self.ledger)
    }
}

impl Commands {
    /// On the first start there is nothing; a new server should be of use at once. Of several that start at once, one makes it.
    pub async fn create_first_calendar(&self) -> Result<(), StoreError> {
        let input = CreateCalendarInput {
            id: None,
            name: "Calendar".into(),
            color: None,
            time_zone: "UTC".into(),
            overlaps: OverlapPolicy::Allow,
        };
        let first = input.check().map_err(|it| StoreError::Failed(format!("{it:?}").into()))?;
        let now = self.clock.now();
        let attempt =
            LoggedCommand::new(first, Actor::Anonymous, now, self.retention.ledger_from(now));
        store::write(&*self.store, FirstCalendar(attempt)).await
    }

    /// Forgets everything that is past its retention, batch by batch; answers how many rows went.
    pub async fn prune(&self) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let (changes, ledger) =
            (before(now, self.retention.changes), self.retention.ledger_from(now));
        let mut sum = 0;
        loop {
            let gone = store::write(&*self.store, Prune { changes, ledger }).await?;
            sum += gone;
            if gone == 0 {
                return Ok(sum);
            }
        }
    }

    /// S8, after a restore from a backup; answers how many calendars were raised.
    pub async fn restore_bump(&self) -> Result<u64, StoreError> {
        let at_least = self.clock.now().unix().max(0).cast_unsigned() * REVISIONS_A_SECOND;
        store::write(&*self.store, RestoreBump { at_least }).await
    }
}

struct FirstCalendar(LoggedCommand<CreateCalendar>);

#[async_trait]
impl Work for FirstCalendar {
    type Done = ();

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
    changes: Instant,
    ledger: Instant,
}

#[async_trait]
impl Work for Prune {
    type Done = u64;

    async fn run(&self, tx: &mut dyn Transaction) -> Result<u64, StoreError> {
        tx.prune(self.changes, self.ledger, BATCH).await
    }
}

struct RestoreBump {
    at_least: u64,
}

#[async_trait]
impl Work for RestoreBump {
    type Done = u64;

    async fn run(&self, tx: &mut dyn Transaction) -> Result<u64, StoreError> {
        tx.restore_bump(STEP, self.at_least).await
    }
}

fn before(now: Instant, ago: Duration) -> Instant {
    now.plus(-i64::try_from(ago.as_secs()).unwrap_or(i64::MAX))
}
