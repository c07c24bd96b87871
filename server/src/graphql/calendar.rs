//! `Calendar`, its pages, and what is in a range of it.

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

/// A calendar as one change left it.
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

    /// #rrggbb; a colour chosen from the id when none was set.
    async fn color(&self) -> String {
        self.0.color().to_string()
    }

    async fn time_zone(&self) -> TimeZone {
        self.0.content.time_zone.into()
    }

    async fn overlaps(&self) -> OverlapPolicy {
        self.0.content.overlaps.into()
    }

    /// Whether it is the one that is meant when a calendarId is absent.
    async fn is_default(&self) -> bool {
        self.0.is_default
    }

    /// The revision of the change that last wrote the calendar itself; 0 until then.
    async fn revision(&self) -> Revision {
        Revision(self.0.revision)
    }

    /// As Query.appointmentsInRange, for this calendar: several calendars in one request.
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
    let range = range.read().map_err(|it| error::query(it.into()))?;
    let (queries, budget) = (ctx.data::<Queries>()?, ctx.data::<Budget>()?);
    // Held while reading: one request reads one range after the other, and none once it is enough.
    let mut spent = budget.open().await?;
    let found = queries.range(ctx.data::<Actor>()?, calendar, range).await;
    spent.add(match &found {
        Ok(found) => found.appointments.len(),
        Err(QueryError::TooManyRows) => MAX_RANGE_ROWS, // they were read all the same
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
        // Appointments of a range show their calendar as it was at that revision.
        let calendar = Arc::new(read.calendar);
        let of_it = |it| Appointment::of(it, calendar.clone());
        let appointments = read.appointments.into_iter().map(of_it).collect();
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

    /// The list is the calendar's state at exactly this revision. Pass it as `after` to miss nothing.
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
    /// A page of calendars, one more of which may have been read to see whether there are more.
    pub(super) fn new(mut found: Vec<domain::Calendar>, first: usize, is_first: bool) -> Self {
        let has_next_page = found.len() > first;
        found.truncate(first);
        let page_info = PageInfo {
            has_previous_page: !is_first,
            has_next_page,
            start_cursor: found.first().map(cursor),
            end_cursor: found.last().map(cursor),
        };
        let edges =
            found.iter().map(|it| CalendarEdge { cursor: cursor(it), node: it.clone().into() });
        let edges = edges.collect();
        Self { edges, nodes: found.into_iter().map(Into::into).collect(), page_info }
    }
}

/// A place in the list by name and id; it stays where it is when calendars come and go.
fn cursor(calendar: &domain::Calendar) -> String {
    format!("{}{}", calendar.id, calendar.content.name)
}

/// What [`cursor`] has made.
pub(super) fn read_cursor(cursor: &str) -> Option<(&str, CalendarId)> {
    let (id, name) = cursor.split_at_checked(36)?;
    Some((name, CalendarId::parse(id).ok()?))
}
