//! The contract's type `Query`.

use async_graphql::{Context, ID, Interface, Object, Result};

use super::appointment::Appointment;
use super::calendar::{
    AppointmentsInRange, Calendar, CalendarConnection, appointments_in_range, parse_cursor,
};
use super::error::{self, error_with_code};
use super::input::TimeRange;
use crate::domain::{Actor, AppointmentId, CalendarId, Entity, EntityId};
use crate::queries::Queries;

/// The maximum number of calendars on a page.
const MAX_PAGE: usize = 1_000;

/// An object with a globally unique id. A calendar and an appointment never have the same id.
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
        // Nothing has an id that is not a UUID.
        let id = EntityId::parse(&id).ok()?;
        optional(async {
            let found = ctx.data::<Queries>()?.entity(ctx.data::<Actor>()?, id).await;
            Ok(found.map_err(error::store)?.map(Into::into))
        })
        .await
    }

    /// The calendars that the caller may see, sorted by name. `first` can be at most 1,000.
    async fn calendars(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 100)] first: i32,
        after: Option<String>,
    ) -> Result<CalendarConnection> {
        let first = usize::try_from(first).ok().filter(|&it| it <= MAX_PAGE);
        let first = first.ok_or_else(|| {
            error_with_code(
                "BAD_INPUT",
                format!("The argument first must be from 0 to {MAX_PAGE}."),
            )
        })?;
        let invalid = || {
            error_with_code("BAD_INPUT", "The argument after must be a cursor of an earlier page.")
        };
        let position =
            after.as_deref().map(|it| parse_cursor(it).ok_or_else(invalid)).transpose()?;
        let (queries, actor) = (ctx.data::<Queries>()?, ctx.data::<Actor>()?);
        let found = queries.calendars(actor, position, first + 1).await.map_err(error::store)?;
        Ok(CalendarConnection::new(found, first, after.is_none()))
    }

    /// A calendar by id, or the caller's default calendar if `id` is omitted. Null if it does not
    /// exist, or the caller may not see it.
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

    /// An appointment by id. Null if it does not exist, or the caller may not see it.
    async fn appointment(&self, ctx: &Context<'_>, id: ID) -> Option<Result<Appointment>> {
        let id = AppointmentId::parse(&id).ok()?;
        optional(async {
            let found = ctx.data::<Queries>()?.appointment(ctx.data::<Actor>()?, id).await;
            Ok(found.map_err(error::store)?.map(Into::into))
        })
        .await
    }

    /// All appointments of one calendar that touch `range`, and the revision of the list.
    ///
    /// The range is half-open. An appointment touches it if it starts before `range.end` and either
    /// ends after `range.start` or starts at or after it. Appointments are sorted by start, then
    /// the longer first, then by id. The list is never truncated: a range over 400 days, or with
    /// more than 10,000 appointments, is an error with the code RANGE_TOO_LARGE.
    async fn appointments_in_range(
        &self,
        ctx: &Context<'_>,
        calendar_id: Option<ID>,
        range: TimeRange,
    ) -> Result<AppointmentsInRange> {
        appointments_in_range(ctx, parse_calendar_id(calendar_id)?, &range).await
    }
}

/// Parses the argument `calendarId`.
pub(super) fn parse_calendar_id(id: Option<ID>) -> Result<Option<CalendarId>> {
    let parse = |id: ID| {
        CalendarId::parse(&id).map_err(|message| {
            let message = format!("The argument calendarId is invalid. {message}");
            error_with_code("BAD_INPUT", message)
        })
    };
    id.map(parse).transpose()
}

/// Moves the error inside the option. Otherwise the library leaves out the field if it fails.
async fn optional<T>(found: impl Future<Output = Result<Option<T>>>) -> Option<Result<T>> {
    found.await.transpose()
}
