//! Limits the number of appointments in one response.
//!
//! The limit on fields cannot do this: it counts them before execution, and a list of calendars
//! with a range in each is only a handful of fields.

use std::sync::Arc;

use async_graphql::Result;
use tokio::sync::{Mutex, MutexGuard};

use super::error::error_with_code;
use crate::domain::MAX_RANGE_ROWS;

/// The limit: two ranges of the largest size.
const MAX_APPOINTMENTS: usize = 2 * MAX_RANGE_ROWS;

/// Counts the appointments that one request has read. Clones share the count.
#[derive(Clone, Default)]
pub(super) struct Budget(Arc<Mutex<usize>>);

impl Budget {
    /// Waits until no other field reads a range, so that ranges are read one after the other.
    ///
    /// # Errors
    /// Fails if the budget is spent.
    pub(super) async fn acquire(&self) -> Result<BudgetGuard<'_>> {
        let count = self.0.lock().await;
        check(*count)?;
        Ok(BudgetGuard(count))
    }

    /// Sets the count to zero, because each event of a subscription has its own budget.
    pub(super) fn reset(&self) {
        if let Ok(mut count) = self.0.try_lock() {
            *count = 0;
        }
    }
}

/// Exclusive access to the budget while a range is read.
pub(super) struct BudgetGuard<'b>(MutexGuard<'b, usize>);

impl BudgetGuard<'_> {
    /// Adds appointments to the count.
    ///
    /// # Errors
    /// Fails if the count is now above the limit.
    pub(super) fn add(&mut self, appointments: usize) -> Result<()> {
        *self.0 += appointments;
        check(*self.0)
    }
}

fn check(count: usize) -> Result<()> {
    if count <= MAX_APPOINTMENTS {
        return Ok(());
    }
    let message = format!(
        "The request reads more than {MAX_APPOINTMENTS} appointments; split it into several."
    );
    Err(error_with_code("TOO_COMPLEX", message))
}
