//! Prepares the SDK's own operations for the cache. [`check`] runs when a client is built, so
//! that [`prepare`] cannot fail afterwards.

use cynic::{MutationBuilder, QueryBuilder, SubscriptionBuilder};
use cynic_cache::{Cache, CynicOperation, OperationError, Prepared};

use super::calendar_operations::CalendarsQuery;
use super::operations::{
    AppointmentQuery, AppointmentVariables, ChangesSubscription, ChangesVariables,
    DeleteAppointmentInput, DeleteMutation, DeleteVariables, RangeQuery, RangeVariables, TimeRange,
};
use crate::model::id::{AppointmentId, CalendarId};
use crate::model::scalars::DateTime;

/// Prepares each kind of operation once.
///
/// # Errors
///
/// If an operation does not fit the contract: a bug in this library.
pub(crate) fn check(cache: &Cache) -> Result<(), OperationError> {
    let calendar = CalendarId::from("");
    let id = AppointmentId::from("");
    let range = TimeRange { start: DateTime::UNIX_EPOCH, end: DateTime::UNIX_EPOCH };
    let changes = ChangesVariables { calendar: calendar.clone(), after: None };
    let deletion =
        DeleteAppointmentInput { id: id.clone(), expected_revision: None, mutation_id: None };
    cache.prepare(&RangeQuery::build(RangeVariables { calendar, range }))?;
    cache.prepare(&AppointmentQuery::build(AppointmentVariables { id }))?;
    cache.prepare(&CalendarsQuery::build(()))?;
    cache.prepare(&ChangesSubscription::build(changes))?;
    cache.prepare(&DeleteMutation::build(DeleteVariables { input: deletion }))?;
    Ok(())
}

/// Prepares one of the operations that [`check`] has prepared before, with other variables.
///
/// # Panics
///
/// If [`check`] was not called, or failed.
pub(crate) fn prepare<O: CynicOperation>(cache: &Cache, operation: &O) -> Prepared<O::Fragment> {
    cache.prepare(operation).expect("the operation was checked when the client was built")
}

/// Prepares the query of a time range.
pub(crate) fn range_query(
    cache: &Cache,
    calendar: &CalendarId,
    range: TimeRange,
) -> Prepared<RangeQuery> {
    let variables = RangeVariables { calendar: calendar.clone(), range };
    prepare(cache, &RangeQuery::build(variables))
}
