//! Loads the calendars of all appointments of a response together.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;

use super::error;
use crate::domain::{Calendar, CalendarId};
use crate::queries::Queries;
use crate::store::StoreError;

/// Loads calendars by id, including deleted ones: an old mutation's recorded result may name one.
pub(super) struct CalendarLoader(pub(super) Queries);

impl Loader<CalendarId> for CalendarLoader {
    type Value = Calendar;
    type Error = Arc<StoreError>;

    async fn load(
        &self,
        ids: &[CalendarId],
    ) -> Result<HashMap<CalendarId, Calendar>, Arc<StoreError>> {
        let calendars = self.0.calendars_by_id(ids).await.inspect_err(error::log)?;
        Ok(calendars.into_iter().map(|it| (it.id, it)).collect())
    }
}
