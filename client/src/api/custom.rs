//! Operations of the caller's own.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use cynic_cache::{CynicOperation, Prepared, Shared, View};
use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;

use crate::api::client::Client;
use crate::engine::{Events, SubscriptionNumber};
use crate::model::error::{LineError, QueryError};

/// Whom to ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FetchPolicy {
    /// The cache if it knows everything, else the server.
    #[default]
    CacheFirst,
    /// The server, always.
    NetworkOnly,
    /// The cache, and nobody else.
    CacheOnly,
}

impl Client {
    /// Asks any query that cynic can make. What it brings is in the cache from then on, and what a
    /// [`cynic_cache::Cache::watch`] shows of it stays true.
    ///
    /// # Errors
    ///
    /// If it brings nothing, or not all.
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
            && let View::Complete(known) = cache.read(&query)
        {
            return Ok(known);
        }
        if policy == FetchPolicy::CacheOnly {
            return Err(QueryError::Unknown);
        }
        self.fetch(&query).await?;
        match cache.read(&query) {
            View::Complete(known) | View::Partial(known, _) => Ok(known),
            View::Missing(_) => Err(QueryError::Unknown),
        }
    }

    /// Sends any mutation that cynic can make, once, and returns what it answers. What that tells of enters the cache.
    /// Those of appointments have verbs of their own, which are sent again if need be.
    ///
    /// # Errors
    ///
    /// If nothing came back, or an error did.
    pub async fn mutate<O>(&self, mutation: &O) -> Result<O::Fragment, QueryError>
    where
        O: CynicOperation,
        O::Fragment: DeserializeOwned,
    {
        let mutation = self.cache().prepare(mutation)?;
        let answer = self.fetch(&mutation).await?;
        crate::wire::response::data(&answer).ok_or(QueryError::Unknown)
    }

    /// Begins any subscription that cynic can make, as soon as there is a line, and gives what comes as it comes; the
    /// cache is not told of it. It ends with the line, since only you know from where to go on: subscribe again,
    /// after the last revision that you have seen. The changes of calendars are heard by themselves.
    ///
    /// # Errors
    ///
    /// If the operation does not fit the contract.
    pub fn subscribe<O>(&self, subscription: &O) -> Result<Subscription<O::Fragment>, QueryError>
    where
        O: CynicOperation,
        O::Fragment: DeserializeOwned,
    {
        let body = self.cache().prepare(subscription)?.body();
        let (number, events) = self.inner.engine().subscribe(body);
        self.inner.wake();
        Ok(Subscription { client: self.clone(), number, events, of: PhantomData })
    }

    /// Sends an operation, and lets its answer into the cache.
    async fn fetch<F>(&self, operation: &Prepared<F>) -> Result<Vec<u8>, QueryError> {
        let cache = self.cache();
        let request = cache.begin(operation);
        let answer = self.inner.engine().fetch(operation.body());
        self.inner.wake();
        let gone = || LineError("the client is gone".to_owned());
        let answer = answer.await.map_err(|_| gone())??;
        let answered = cache.apply_response(&request, operation, &answer)?;
        match answered.errors.into_iter().next() {
            Some(error) => Err(QueryError::Server(error.message)),
            None => Ok(answer),
        }
    }
}

/// A subscription of the caller's own: a stream of what comes, until it ends. Dropping it ends it.
pub struct Subscription<F> {
    client: Client,
    number: SubscriptionNumber,
    events: Events,
    of: PhantomData<fn() -> F>,
}

impl<F: DeserializeOwned> Stream for Subscription<F> {
    type Item = Result<F, QueryError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = self.events.poll_next_unpin(context);
        event.map(|it| it.map(|it| crate::wire::response::whole(&it?)))
    }
}

impl<F> Drop for Subscription<F> {
    fn drop(&mut self) {
        self.client.inner.engine().unsubscribe(self.number);
        self.client.inner.wake();
    }
}

#[cfg(test)]
mod tests;
