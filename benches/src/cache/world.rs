//! A cache with a year of appointments, and the operations on it.

use appointments_bench::Result;
use cynic::{QueryBuilder, SubscriptionBuilder};
use cynic_cache::{Cache, Prepared, Scope};

use crate::data::{self, WEEKS};
use crate::fragments::{
    AppointmentChanges, Appointments, ChangesVariables, DateTime, Range, RangeVariables, TimeRange,
};

/// The minutes of a week.
pub(crate) const WEEK: i64 = 7 * 24 * 60;

/// A cache, and its prepared operations.
pub(crate) struct World {
    pub(crate) cache: Cache,
    pub(crate) all: Prepared<Range>,
    pub(crate) changes: Prepared<AppointmentChanges>,
    pub(crate) scope: Scope,
}

impl World {
    /// Returns a world with an empty cache.
    pub(crate) fn empty() -> Result<Self> {
        let cache = Cache::new(Appointments)?;
        let all = range(&cache, 0, WEEKS * WEEK)?;
        let changes = AppointmentChanges::build(ChangesVariables { calendar_id: "team".into() });
        let changes = cache.prepare(&changes)?;
        Ok(Self { cache, all, changes, scope: Scope::new("Appointment", "team") })
    }

    /// Returns a world with the data of a response at revision 1, which follows its scope.
    pub(crate) fn with(response: &str) -> Result<Self> {
        let world = Self::empty()?;
        world.write(response)?;
        world.cache.update(|it| it.follow(&world.scope));
        Ok(world)
    }

    /// Applies a response to the query of all appointments.
    pub(crate) fn write(&self, response: &str) -> Result<()> {
        let request = self.cache.begin(&self.all);
        self.cache.apply_response(&request, &self.all, response.as_bytes())?;
        Ok(())
    }
}

/// Prepares the query of the appointments between two minutes.
pub(crate) fn range(cache: &Cache, from: i64, until: i64) -> Result<Prepared<Range>> {
    let range =
        TimeRange { start: DateTime(data::instant(from)), end: DateTime(data::instant(until)) };
    Ok(cache.prepare(&Range::build(RangeVariables { calendar_id: "team".into(), range }))?)
}
