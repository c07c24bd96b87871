//! `Subscription`: a subscriber of the feed, as a stream.

use async_graphql::{Context, ID, Result, Subscription};
use futures_util::stream::{self, Stream};

use super::change::AppointmentChange;
use super::error;
use super::input::TimeRange;
use super::query::calendar;
use super::scalar::Revision;
use crate::domain::Actor;
use crate::feed::Feed;
use crate::queries::{Queries, QueryError};

pub(super) struct SubscriptionRoot;

#[Subscription(name = "Subscription")]
impl SubscriptionRoot {
    /// Every change to one calendar and its appointments, in revision order, none missing and none twice.
    ///
    /// Starts after the revision `after`; at the current one when it is absent. With `range`, only changes whose
    /// appointment touched the range before the change, or touches it after; changes of the calendar itself always.
    /// The first event without a backlog, or the one that ends it, is a BOOKMARK.
    /// To go on after a lost connection subscribe again with the last revision seen.
    async fn appointment_changes(
        &self,
        ctx: &Context<'_>,
        calendar_id: Option<ID>,
        range: Option<TimeRange>,
        after: Option<Revision>,
    ) -> Result<impl Stream<Item = Result<AppointmentChange>>> {
        let (queries, actor) = (ctx.data::<Queries>()?, ctx.data::<Actor>()?);
        let range = range.map(|it| it.read()).transpose().map_err(|it| error::query(it.into()))?;
        let id = match calendar(calendar_id)? {
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
