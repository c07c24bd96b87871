//! Operations of the caller's own, and the calendars.

use cynic::QueryBuilder;
use cynic_cache::{Operable, Prepared, Shared, View};
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::{LineError, QueryError};
use crate::model::CalendarInfo;
use crate::operations::CalendarsQuery;

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
    /// The calendars that may be seen, by name; as the server has them now.
    ///
    /// # Errors
    ///
    /// If the server was not reached.
    pub async fn calendars(&self) -> Result<Vec<Shared<CalendarInfo>>, QueryError> {
        let all = self.query(&CalendarsQuery::build(()), FetchPolicy::NetworkOnly).await?;
        Ok(all.calendars.nodes.clone())
    }

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
        O: Operable,
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
        O: Operable,
        O::Fragment: DeserializeOwned,
    {
        let mutation = self.cache().prepare(mutation)?;
        let answer = self.fetch(&mutation).await?;
        crate::answer::data(&answer).ok_or(QueryError::Unknown)
    }

    /// Sends an operation, and lets its answer into the cache.
    async fn fetch<F>(&self, operation: &Prepared<F>) -> Result<Vec<u8>, QueryError> {
        let cache = self.cache();
        let request = cache.ask(operation);
        let answer = self.inner.engine().fetch(operation.body());
        self.inner.wake();
        let gone = || LineError("the client is gone".to_owned());
        let answer = answer.await.map_err(|_| gone())??;
        let answered = cache.answer(&request, operation, &answer)?;
        match answered.errors.into_iter().next() {
            Some(error) => Err(QueryError::Server(error.message)),
            None => Ok(answer),
        }
    }
}
