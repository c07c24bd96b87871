//! The contract's types `Calendar`, `CalendarConnection` and `AppointmentsInRange`.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};

use super::appointment::Appointment;
use super::budget::Budget;
use super::enums::OverlapPolicy;
use super::error;
use super::input::TimeRange;
use super::scalar::{Revision, TimeZone};
use crate::domain::{self, Actor, CalendarId, MAX_RANGE_ROWS};
use crate::queries::{Queries, QueryError};
use crate::store::RangeRead;

/// A calendar as of one revision.
#[derive(Clone)]
pub(super) struct Calendar(pub(super) Arc<domain::Calendar>);

impl From<domain::Calendar> for Calendar {
    fn from(it: domain::Calendar) -> Self {
        Self(Arc::new(it))
    }
}

#[Object(serial)]
impl Calendar {
    pub(super) async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    async fn name(&self) -> &str {
        &self.0.content.name
    }

    /// The colour as #rrggbb. If none was set, it is derived from the id.
    async fn color(&self) -> String {
        self.0.color().to_string()
    }

    async fn time_zone(&self) -> TimeZone {
        self.0.content.time_zone.into()
    }

    async fn overlaps(&self) -> OverlapPolicy {
        self.0.content.overlaps.into()
    }

    /// True for the calendar that is used when `calendarId` is omitted.
    async fn is_default(&self) -> bool {
        self.0.is_default
    }

    /// The revision of the last change to the calendar itself, or 0 if there was none.
    async fn revision(&self) -> Revision {
        Revision(self.0.revision)
    }

    /// Like `Query.appointmentsInRange`, for this calendar. With it, one request can read several
    /// calendars.
    async fn appointments_in_range(
        &self,
        ctx: &Context<'_>,
        range: TimeRange,
    ) -> async_graphql::Result<AppointmentsInRange> {
        appointments_in_range(ctx, Some(self.0.id), &range).await
    }
}

pub(super) async fn appointments_in_range(
    ctx: &Context<'_>,
    calendar: Option<CalendarId>,
    range: &TimeRange,
) -> async_graphql::Result<AppointmentsInRange> {
    let range = range.parse().map_err(|it| error::query(it.into()))?;
    let (queries, budget) = (ctx.data::<Queries>()?, ctx.data::<Budget>()?);
    // Holding the guard makes the fields of a request read one range after the other.
    let mut guard = budget.acquire().await?;
    let found = queries.range(ctx.data::<Actor>()?, calendar, range).await;
    guard.add(match &found {
        Ok(found) => found.appointments.len(),
        // The rows were read, although they are not returned.
        Err(QueryError::TooManyRows) => MAX_RANGE_ROWS,
        Err(_) => 0,
    })?;
    Ok(found.map_err(error::query)?.into())
}

pub(super) struct AppointmentsInRange {
    calendar: Calendar,
    revision: domain::Revision,
    appointments: Vec<Appointment>,
}

impl From<RangeRead> for AppointmentsInRange {
    fn from(read: RangeRead) -> Self {
        // The calendar of each appointment is that of the same revision.
        let calendar = Arc::new(read.calendar);
        let convert = |it| Appointment::with_calendar(it, calendar.clone());
        let appointments = read.appointments.into_iter().map(convert).collect();
        Self { calendar: Calendar(calendar), revision: read.revision, appointments }
    }
}

#[Object(serial)]
impl AppointmentsInRange {
    async fn calendar_id(&self) -> ID {
        self.calendar.0.id.to_string().into()
    }

    async fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The revision at which the list was read. Pass it as `after` to `appointmentChanges` to miss
    /// no change.
    async fn revision(&self) -> Revision {
        Revision(self.revision)
    }

    async fn appointments(&self) -> &[Appointment] {
        &self.appointments
    }
}

#[derive(SimpleObject)]
#[graphql(serial)]
pub(super) struct CalendarConnection {
    edges: Vec<CalendarEdge>,
    nodes: Vec<Calendar>,
    page_info: PageInfo,
}

#[derive(SimpleObject)]
#[graphql(serial)]
struct CalendarEdge {
    cursor: String,
    node: Calendar,
}

#[derive(SimpleObject)]
#[graphql(serial)]
struct PageInfo {
    has_previous_page: bool,
    has_next_page: bool,
    start_cursor: Option<String>,
    end_cursor: Option<String>,
}

impl CalendarConnection {
    /// Creates a page of at most `first` calendars. `found` has one more if there is a next page.
    pub(super) fn new(mut found: Vec<domain::Calendar>, first: usize, is_first: bool) -> Self {
        let has_next_page = found.len() > first;
        found.truncate(first);
        let page_info = PageInfo {
            has_previous_page: !is_first,
            has_next_page,
            start_cursor: found.first().map(cursor),
            end_cursor: found.last().map(cursor),
        };
        let edge =
            |it: &domain::Calendar| CalendarEdge { cursor: cursor(it), node: it.clone().into() };
        let edges = found.iter().map(edge).collect();
        Self { edges, nodes: found.into_iter().map(Into::into).collect(), page_info }
    }
}

/// Returns the cursor of a calendar: its position by name and id.
///
/// It stays valid when calendars are created or deleted.
fn cursor(calendar: &domain::Calendar) -> String {
    format!("{}{}", calendar.id, calendar.content.name)
}

/// Parses a [`cursor`]. `None` if it is invalid.
pub(super) fn parse_cursor(cursor: &str) -> Option<(&str, CalendarId)> {
    let (id, name) = cursor.split_at_checked(36)?;
    Some((name, CalendarId::parse(id).ok()?))
}
