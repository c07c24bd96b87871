//! How many appointments one request may be answered with.
//!
//! Fields are counted before execution and say nothing of it: a list of calendars with a range in
//! each is a handful of them.

use std::sync::Arc;

use async_graphql::Result;
use tokio::sync::{Mutex, MutexGuard};

use super::error::refuse;
use crate::domain::MAX_RANGE_ROWS;

/// Two of the largest ranges.
const MOST: usize = 2 * MAX_RANGE_ROWS;

/// What a request has been answered with so far.
#[derive(Clone, Default)]
pub(super) struct Budget(Arc<Mutex<usize>>);

impl Budget {
    /// Waits for its turn, and fails if the budget is spent.
    pub(super) async fn open(&self) -> Result<Spent<'_>> {
        let spent = self.0.lock().await;
        check(*spent)?;
        Ok(Spent(spent))
    }

    /// Begins anew: each event of a subscription is answered by itself.
    pub(super) fn reset(&self) {
        if let Ok(mut spent) = self.0.try_lock() {
            *spent = 0;
        }
    }
}

/// One reader's turn.
pub(super) struct Spent<'b>(MutexGuard<'b, usize>);

impl Spent<'_> {
    /// Fails if that was too much.
    pub(super) fn add(&mut self, appointments: usize) -> Result<()> {
        *self.0 += appointments;
        check(*self.0)
    }
}

fn check(spent: usize) -> Result<()> {
    if spent <= MOST {
        return Ok(());
    }
    let message = format!("The request asks for more than {MOST} appointments; ask in several.");
    Err(refuse("TOO_COMPLEX", message))
}
