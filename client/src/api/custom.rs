//! Operations of the caller: any query, mutation or subscription of the contract.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use cynic_cache::{CynicOperation, Prepared, Shared, View};
use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;

use super::client::Client;
use super::shared::Inner;
use crate::engine::EventReceiver;
use crate::model::error::{QueryError, TransportError};
use crate::transport::SubscriptionId;
use crate::wire::response::data_or_error;

/// Where [`Client::query`] gets its data from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchPolicy {
    /// Use the cache if it has all the data, otherwise the server.
    #[default]
    CacheFirst,
    /// Always ask the server.
    NetworkOnly,
    /// Use the cache only; never send a request.
    CacheOnly,
}

impl Client {
    /// Runs a query of your own, and writes its result to the cache.
    ///
    /// A [`cynic_cache::Cache::watch`] of the same query then stays up to date.
    ///
    /// ```no_run
    /// use appointments_client::{Client, FetchPolicy, schema};
    /// use cynic::QueryBuilder;
    ///
    /// #[derive(cynic::QueryFragment)]
    /// #[cynic(schema = "appointments", graphql_type = "Query")]
    /// struct DefaultCalendar {
    ///     calendar: Option<Name>,
    /// }
    ///
    /// #[derive(cynic::QueryFragment)]
    /// #[cynic(schema = "appointments", graphql_type = "Calendar")]
    /// struct Name {
    ///     name: String,
    /// }
    ///
    /// # async fn example(client: Client) -> Result<(), appointments_client::QueryError> {
    /// let found = client.query(&DefaultCalendar::build(()), FetchPolicy::CacheFirst).await?;
    /// println!("{:?}", found.calendar.as_ref().map(|it| &it.name));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Every variant of [`QueryError`]. A response with errors is an error even if it has data.
    pub async fn query<O>(
        &self,
        query: &O,
        policy: FetchPolicy,
    ) -> Result<Shared<O::Fragment>, QueryError>
    where
        O: CynicOperation,
        O::Fragment: DeserializeOwned,
    {
        let cache = self.cache();
        let query = cache.prepare(query)?;
        if policy != FetchPolicy::NetworkOnly
            && let View::Complete(data) = cache.read(&query)
        {
            return Ok(data);
        }
        if policy == FetchPolicy::CacheOnly {
            return Err(QueryError::NotCached);
        }
        self.fetch(&query).await?;
        match cache.read(&query) {
            View::Complete(data) | View::Partial(data, _) => Ok(data),
            View::Missing(_) => Err(QueryError::NotCached),
        }
    }

    /// Sends a mutation of your own, once, and writes its result to the cache.
    ///
    /// Nothing is predicted or retried. For appointments use [`crate::CalendarHandle`], which does
    /// both.
    ///
    /// ```no_run
    /// use appointments_client::{Client, schema};
    /// use cynic::MutationBuilder;
    ///
    /// #[derive(cynic::QueryVariables)]
    /// struct Variables {
    ///     id: cynic::Id,
    /// }
    ///
    /// #[derive(cynic::QueryFragment)]
    /// #[cynic(schema = "appointments", graphql_type = "Mutation", variables = "Variables")]
    /// struct Delete {
    ///     #[arguments(input: { id: $id })]
    ///     delete_appointment: Payload,
    /// }
    ///
    /// #[derive(cynic::QueryFragment)]
    /// #[cynic(schema = "appointments", graphql_type = "DeleteAppointmentPayload")]
    /// struct Payload {
    ///     deleted_appointment_id: Option<cynic::Id>,
    /// }
    ///
    /// # async fn example(client: Client) -> Result<(), appointments_client::QueryError> {
    /// let id = cynic::Id::new("0199aa00-0000-7000-8000-000000000001");
    /// let mutation = Delete::build(Variables { id });
    /// let payload = client.mutate(&mutation).await?.delete_appointment;
    /// println!("{}", payload.deleted_appointment_id.is_some());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Every variant of [`QueryError`] except [`QueryError::NotCached`]. After
    /// [`QueryError::Transport`] the mutation may have been done all the same.
    pub async fn mutate<O>(&self, mutation: &O) -> Result<O::Fragment, QueryError>
    where
        O: CynicOperation,
        O::Fragment: DeserializeOwned,
    {
        let mutation = self.cache().prepare(mutation)?;
        let response = self.fetch(&mutation).await?;
        data_or_error(&response)
    }

    /// Starts a subscription of your own as soon as a connection is open. Its events do not change
    /// the cache.
    ///
    /// You do not need this for changes of watched calendars: watches receive them anyway.
    ///
    /// ```no_run
    /// use appointments_client::{Client, Revision, schema};
    /// use cynic::SubscriptionBuilder;
    /// use futures_util::StreamExt;
    ///
    /// #[derive(cynic::QueryVariables)]
    /// struct Variables {
    ///     calendar: cynic::Id,
    ///     after: Option<Revision>,
    /// }
    ///
    /// #[derive(cynic::QueryFragment)]
    /// #[cynic(schema = "appointments", graphql_type = "Subscription", variables = "Variables")]
    /// struct Changes {
    ///     #[arguments(calendarId: $calendar, after: $after)]
    ///     appointment_changes: Change,
    /// }
    ///
    /// #[derive(cynic::QueryFragment)]
    /// #[cynic(schema = "appointments", graphql_type = "AppointmentChange")]
    /// struct Change {
    ///     revision: Revision,
    /// }
    ///
    /// # async fn example(client: Client) -> Result<(), appointments_client::QueryError> {
    /// let variables = Variables { calendar: "team".into(), after: None };
    /// let mut changes = client.subscribe(&Changes::build(variables))?;
    /// while let Some(change) = changes.next().await {
    ///     println!("revision {}", change?.appointment_changes.revision);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`QueryError::InvalidOperation`] if the operation does not fit the contract. Other errors
    /// are items of the stream.
    pub fn subscribe<O>(&self, subscription: &O) -> Result<Subscription<O::Fragment>, QueryError>
    where
        O: CynicOperation,
        O::Fragment: DeserializeOwned,
    {
        let body = self.cache().prepare(subscription)?.body();
        let (id, events) = self.inner.engine().subscribe(body);
        self.inner.wake();
        Ok(Subscription { inner: self.inner.clone(), id, events, fragment: PhantomData })
    }

    /// Sends an operation and writes its response to the cache. Returns the response.
    async fn fetch<F>(&self, operation: &Prepared<F>) -> Result<Vec<u8>, QueryError> {
        let cache = self.cache();
        let request = cache.begin(operation);
        let response = self.inner.engine().fetch(operation.body());
        self.inner.wake();
        let stopped = |_| TransportError::new("the client has stopped");
        let response = response.await.map_err(stopped)??;
        let applied = cache.apply_response(&request, operation, &response)?;
        match applied.errors.into_iter().next() {
            Some(error) => Err(QueryError::Server(error.message)),
            None => Ok(response),
        }
    }
}

/// A stream of the events of [`Client::subscribe`].
///
/// The stream ends when the server ends the subscription or the connection is lost. If that was not
/// planned, the last item is an error: subscribe again, after the last revision that you received.
/// Dropping the stream ends the subscription.
pub struct Subscription<F> {
    inner: Arc<Inner>,
    id: SubscriptionId,
    events: EventReceiver,
    fragment: PhantomData<fn() -> F>,
}

impl<F: DeserializeOwned> Stream for Subscription<F> {
    type Item = Result<F, QueryError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = self.events.poll_next_unpin(context);
        event.map(|event| event.map(|payload| data_or_error(&payload?)))
    }
}

impl<F> Drop for Subscription<F> {
    fn drop(&mut self) {
        self.inner.engine().unsubscribe(self.id);
        self.inner.wake();
    }
}

impl<F> fmt::Debug for Subscription<F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Subscription").field("id", &self.id).finish_non_exhaustive()
    }
}
