//! [`Client`] and [`ClientBuilder`].

use std::fmt;
use std::sync::Arc;

use cynic_cache::{Cache, SnapshotError};
use futures_channel::mpsc;
use futures_util::Stream;

use super::appointment::AppointmentHandle;
use super::calendar::CalendarHandle;
use super::shared::Inner;
use crate::driver::drive;
use crate::engine::Engine;
use crate::model::connection::ConnectionStatus;
use crate::model::error::BuildError;
use crate::model::id::{AppointmentId, CalendarId, MutationId};
use crate::model::outbox::OutboxEntry;
use crate::runtime::{self, Clock};
use crate::transport::{Http, Transport};

/// A client of an appointments service.
///
/// A client is cheap to clone: all clones, handles and streams share one cache, one outbox and one
/// connection. It can be used from any thread. A task in the background sends requests and receives
/// changes; it stops when the last clone, handle and stream is dropped.
///
/// ```no_run
/// use appointments_client::Client;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder("http://localhost:8080/graphql").build()?;
/// for calendar in client.calendars().await? {
///     println!("{} {}", calendar.id, calendar.name);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

/// Builds a [`Client`]. Get one from [`Client::builder`].
#[must_use]
pub struct ClientBuilder {
    url: String,
    token: Arc<dyn Fn() -> Option<String> + Send + Sync>,
    transport: Option<Arc<dyn Transport>>,
}

impl ClientBuilder {
    /// Sets the source of the bearer token. It is called for each request and each connection, so
    /// the token may change; `None` sends no token.
    ///
    /// ```no_run
    /// # use appointments_client::Client;
    /// let builder = Client::builder("https://appointments.example/graphql")
    ///     .token(|| std::env::var("APPOINTMENTS_TOKEN").ok());
    /// ```
    pub fn token(mut self, token: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        self.token = Arc::new(token);
        self
    }

    /// Replaces HTTP and WebSocket by another transport. URL and token are then unused.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Builds the client and starts its background task.
    ///
    /// This does not connect: the client works offline until a server is reachable.
    ///
    /// # Errors
    ///
    /// * [`BuildError::Url`] if the URL does not begin with `http://` or `https://`.
    /// * [`BuildError::NoRuntime`] outside of a tokio runtime (not in browsers).
    /// * [`BuildError::Trust`] if the machine has no root certificates.
    pub fn build(self) -> Result<Client, BuildError> {
        if !runtime::can_spawn() {
            return Err(BuildError::NoRuntime);
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(Http::new(&self.url, self.token)?),
        };
        let (wakes, woken) = mpsc::unbounded();
        let inner = Inner::new(Engine::new(runtime::random_seed())?, Clock::new(), wakes);
        runtime::spawn(drive(Arc::downgrade(&inner), transport, woken));
        Ok(Client { inner })
    }
}

impl Client {
    /// Starts to build a client for the GraphQL endpoint at `url`, such as
    /// `http://localhost:8080/graphql`.
    ///
    /// ```no_run
    /// # fn example() -> Result<(), appointments_client::BuildError> {
    /// let client = appointments_client::Client::builder("http://localhost:8080/graphql").build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder { url: url.into(), token: Arc::new(|| None), transport: None }
    }

    /// Returns a handle to a calendar. This sends nothing; a calendar that does not exist shows up
    /// as an error when the handle is used.
    pub fn calendar(&self, id: impl Into<CalendarId>) -> CalendarHandle {
        CalendarHandle::new(self.inner.clone(), id.into())
    }

    /// Returns a handle to an appointment, for callers that do not know its calendar. This sends
    /// nothing.
    pub fn appointment(&self, id: impl Into<AppointmentId>) -> AppointmentHandle {
        AppointmentHandle::new(self.inner.clone(), id.into())
    }

    /// Returns whether changes reach this client at the moment.
    pub fn connection_status(&self) -> ConnectionStatus {
        self.inner.connection_status()
    }

    /// Returns a stream of connection statuses: one item per change, from now on.
    ///
    /// The stream ends when the client, including all clones and handles, is dropped.
    pub fn connection_statuses(&self) -> impl Stream<Item = ConnectionStatus> + Unpin + use<> {
        self.inner.connection_statuses()
    }

    /// Returns the outbox: the mutations that are not settled yet, the oldest first.
    pub fn pending(&self) -> Vec<OutboxEntry> {
        self.inner.pending()
    }

    /// Retries at once what waits for its next attempt: the connection and unsettled mutations.
    pub fn retry(&self) {
        self.inner.engine().retry_now();
        self.inner.wake();
    }

    /// Removes a mutation from the outbox and rolls its optimistic update back.
    ///
    /// The mutation resolves to [`Refusal::Aborted`] if it was never sent. Otherwise the server may
    /// have done it, and it resolves to [`Refusal::Discarded`]. Mutations that depend on a
    /// discarded creation resolve to [`Refusal::DependsOnRejected`].
    ///
    /// Returns whether the mutation was in the outbox.
    ///
    /// [`Refusal::Aborted`]: crate::Refusal::Aborted
    /// [`Refusal::Discarded`]: crate::Refusal::Discarded
    /// [`Refusal::DependsOnRejected`]: crate::Refusal::DependsOnRejected
    pub fn discard(&self, mutation: &MutationId) -> bool {
        let was_pending = self.inner.engine().discard(mutation);
        self.inner.wake();
        was_pending
    }

    /// Returns cache and outbox as bytes, to be stored until the program runs again.
    ///
    /// Only one process may go on from these bytes, because it sends the outbox. The bytes are not
    /// encrypted. The cost is proportional to the size of the cache.
    ///
    /// ```no_run
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = appointments_client::Client::builder("http://localhost/graphql").build()?;
    /// std::fs::write("appointments.snapshot", client.snapshot())?;
    ///
    /// // At the next start, before anything is watched:
    /// let unknown = client.restore(&std::fs::read("appointments.snapshot")?)?;
    /// for entry in unknown {
    ///     println!("outcome unknown: {entry:?}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn snapshot(&self) -> Vec<u8> {
        self.inner.engine().snapshot()
    }

    /// Restores a [`Client::snapshot`]: cached data is visible at once, and the mutations of the
    /// outbox are pending again and get sent. Call it before you watch anything.
    ///
    /// Returns the mutations that were sent so long ago that servers may have forgotten them (90
    /// days). Their outcome is unknown, and they are not sent again.
    ///
    /// # Errors
    ///
    /// If the bytes are damaged, or come from another version of the SDK or of the contract. The
    /// client is then unchanged.
    pub fn restore(&self, snapshot: &[u8]) -> Result<Vec<OutboxEntry>, SnapshotError> {
        let unknown = self.inner.engine().restore(runtime::wall_time(), snapshot);
        self.inner.wake();
        unknown
    }

    /// Returns the normalized cache below this client, for reads and watches of your own queries.
    pub fn cache(&self) -> Cache {
        self.inner.cache()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client").finish_non_exhaustive()
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ClientBuilder").field("url", &self.url).finish_non_exhaustive()
    }
}
