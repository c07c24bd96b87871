//! A cache with a year of appointments in it, and what is asked of it.

use cynic::{QueryBuilder, SubscriptionBuilder};
use cynic_cache::{Cache, Prepared, Scope};

use crate::Result;
use crate::data::{self, WEEKS};
use crate::fragments::{
    Appointments, Changes, ChangesVariables, DateTime, Range, RangeVariables, TimeRange,
};

/// Minutes of a week.
pub(crate) const WEEK: i64 = 7 * 24 * 60;

pub(crate) struct World {
    pub(crate) cache: Cache,
    pub(crate) all: Prepared<Range>,
    pub(crate) changes: Prepared<Changes>,
    pub(crate) scope: Scope,
}

impl World {
    /// Nothing is in it.
    pub(crate) fn empty() -> Result<Self> {
        let cache = Cache::new(Appointments)?;
        let all = range(&cache, 0, WEEKS * WEEK)?;
        let changes = Changes::build(ChangesVariables { calendar_id: "team".into() });
        let changes = cache.prepare(&changes)?;
        Ok(Self { cache, all, changes, scope: Scope::new("Appointment", "team") })
    }

    /// All that `answer` has, as of revision 1, and followed from there.
    pub(crate) fn told(answer: &str) -> Result<Self> {
        let world = Self::empty()?;
        world.tell(answer)?;
        world.cache.update(|it| it.follow(&world.scope));
        Ok(world)
    }

    pub(crate) fn tell(&self, answer: &str) -> Result<()> {
        let request = self.cache.begin(&self.all);
        self.cache.apply_response(&request, &self.all, answer.as_bytes())?;
        Ok(())
    }
}

/// The appointments between two minutes.
pub(crate) fn range(cache: &Cache, from: i64, until: i64) -> Result<Prepared<Range>> {
    let (start, end) = (DateTime(data::instant(from)), DateTime(data::instant(until)));
    let range = TimeRange { start, end };
    Ok(cache.prepare(&Range::build(RangeVariables { calendar_id: "team".into(), range }))?)
}
