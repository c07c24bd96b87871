//! `Query`.

use async_graphql::{Context, ID, Interface, Object, Result};

use super::appointment::Appointment;
use super::calendar::{
    AppointmentsInRange, Calendar, CalendarConnection, appointments_in_range, read_cursor,
};
use super::error::{self, refuse};
use super::input::TimeRange;
use crate::domain::{Actor, AppointmentId, CalendarId, Entity, EntityId};
use crate::queries::Queries;

/// The most calendars that one page holds.
const MAX_PAGE: usize = 1_000;

/// Everything with an id of its own. Ids of calendars and appointments share one space.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID"))]
pub(super) enum Node {
    Appointment(Appointment),
    Calendar(Calendar),
}

impl From<Entity> for Node {
    fn from(it: Entity) -> Self {
        match it {
            Entity::Appointment(it) => Self::Appointment(it.into()),
            Entity::Calendar(it) => Self::Calendar(it.into()),
        }
    }
}

pub(super) struct QueryRoot;

#[Object(name = "Query")]
impl QueryRoot {
    async fn node(&self, ctx: &Context<'_>, id: ID) -> Option<Result<Node>> {
        // What is no UUID names nothing.
        let id = EntityId::parse(&id).ok()?;
        optional(async {
            let found = ctx.data::<Queries>()?.entity(ctx.data::<Actor>()?, id).await;
            Ok(found.map_err(error::store)?.map(Into::into))
        })
        .await
    }

    /// The calendars the caller may see, by name; at most 1,000 at once.
    async fn calendars(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 100)] first: i32,
        after: Option<String>,
    ) -> Result<CalendarConnection> {
        let first = usize::try_from(first).ok().filter(|&it| it <= MAX_PAGE);
        let first = first.ok_or_else(|| {
            refuse("BAD_INPUT", format!("The argument first must be from 0 to {MAX_PAGE}."))
        })?;
        let bad = || refuse("BAD_INPUT", "The argument after must be a cursor of an earlier page.");
        let place = after.as_deref().map(|it| read_cursor(it).ok_or_else(bad)).transpose()?;
        let (queries, actor) = (ctx.data::<Queries>()?, ctx.data::<Actor>()?);
        let found = queries.calendars(actor, place, first + 1).await.map_err(error::store)?;
        Ok(CalendarConnection::new(found, first, after.is_none()))
    }

    /// One calendar; the caller's default calendar when `id` is absent. Null when there is none, or the caller may not see it.
    async fn calendar(&self, ctx: &Context<'_>, id: Option<ID>) -> Option<Result<Calendar>> {
        let id = match id {
            Some(id) => Some(CalendarId::parse(&id).ok()?),
            None => None,
        };
        optional(async {
            let found = ctx.data::<Queries>()?.calendar(ctx.data::<Actor>()?, id).await;
            Ok(found.map_err(error::store)?.map(Into::into))
        })
        .await
    }

    /// One appointment by id. Null when there is none, or the caller may not see it.
    async fn appointment(&self, ctx: &Context<'_>, id: ID) -> Option<Result<Appointment>> {
        let id = AppointmentId::parse(&id).ok()?;
        optional(async {
            let found = ctx.data::<Queries>()?.appointment(ctx.data::<Actor>()?, id).await;
            Ok(found.map_err(error::store)?.map(Into::into))
        })
        .await
    }

    /// The appointments of one calendar that touch `range`, all of them, and the revision they were read at.
    ///
    /// The range is half-open. An appointment touches it if it starts before `range.end` and either ends after
    /// `range.start` or starts at or after it. Order: start, then the longer first, then id.
    /// The answer is complete or refused: a range over 400 days, or one with more than 10,000 appointments, is an error
    /// with the code RANGE_TOO_LARGE, never a shortened list.
    async fn appointments_in_range(
        &self,
        ctx: &Context<'_>,
        calendar_id: Option<ID>,
        range: TimeRange,
    ) -> Result<AppointmentsInRange> {
        appointments_in_range(ctx, calendar(calendar_id)?, &range).await
    }
}

/// The calendar that a question is about.
pub(super) fn calendar(id: Option<ID>) -> Result<Option<CalendarId>> {
    let read = |id: ID| {
        CalendarId::parse(&id).map_err(|message| {
            refuse("BAD_INPUT", format!("The argument calendarId is invalid. {message}"))
        })
    };
    id.map(read).transpose()
}

/// A field that may be null. The library leaves out what fails unless the error is inside.
async fn optional<T>(found: impl Future<Output = Result<Option<T>>>) -> Option<Result<T>> {
    found.await.transpose()
}
