//! The contract's type `Subscription`: streams the events of a feed subscriber.

use async_graphql::{Context, ID, Result, Subscription};
use futures_util::stream::{self, Stream};

use super::change::AppointmentChange;
use super::error;
use super::input::TimeRange;
use super::query::parse_calendar_id;
use super::scalar::Revision;
use crate::domain::Actor;
use crate::feed::Feed;
use crate::queries::{Queries, QueryError};

pub(super) struct SubscriptionRoot;

#[Subscription(name = "Subscription")]
impl SubscriptionRoot {
    /// All changes to one calendar and its appointments, in revision order. None is missing and
    /// none is repeated.
    ///
    /// Starts after the revision `after`, or at the current one if it is omitted. With `range`, an
    /// appointment's changes are delivered only if it touched the range before the change or
    /// touches it afterwards. Changes to the calendar itself are always delivered. The first event,
    /// or the one after the backlog, is a BOOKMARK. To resume after a lost connection, subscribe
    /// again with the last revision received.
    async fn appointment_changes(
        &self,
        ctx: &Context<'_>,
        calendar_id: Option<ID>,
        range: Option<TimeRange>,
        after: Option<Revision>,
    ) -> Result<impl Stream<Item = Result<AppointmentChange>>> {
        let (queries, actor) = (ctx.data::<Queries>()?, ctx.data::<Actor>()?);
        let range = range.map(|it| it.parse()).transpose().map_err(|it| error::query(it.into()))?;
        let id = match parse_calendar_id(calendar_id)? {
            Some(id) => id,
            None => match queries.calendar(actor, None).await.map_err(error::store)? {
                Some(calendar) => calendar.id,
                None => return Err(error::query(QueryError::NoDefaultCalendar)),
            },
        };
        let feed = ctx.data::<Feed>()?;
        let after = after.map(|it| it.0);
        let subscriber = feed.subscribe(actor, id, range, after).await.map_err(error::store)?;
        Ok(stream::unfold(subscriber, |mut subscriber| async {
            let event = subscriber.next().await?;
            let event = event.map(AppointmentChange::from).map_err(error::store);
            Some((event, subscriber))
        }))
    }
}
