//! Calendars of appointments, loaded once for all appointments of an answer.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;

use super::error;
use crate::domain::{Calendar, CalendarId};
use crate::queries::Queries;
use crate::store::StoreError;

/// Finds the calendars that appointments are in. One that is gone is found too: an appointment may
/// be told of as a mutation left it long ago.
pub(super) struct CalendarLoader(pub(super) Queries);

impl Loader<CalendarId> for CalendarLoader {
    type Value = Calendar;
    type Error = Arc<StoreError>;

    async fn load(
        &self,
        ids: &[CalendarId],
    ) -> Result<HashMap<CalendarId, Calendar>, Arc<StoreError>> {
        let found = self.0.calendars_of(ids).await.inspect_err(error::log)?;
        Ok(found.into_iter().map(|it| (it.id, it)).collect())
    }
}
