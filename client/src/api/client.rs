//! [`Client`]: what a program holds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cynic_cache::Cache;
use futures_channel::mpsc;

use crate::api::appointment::AppointmentHandle;
use crate::api::calendar::Calendar;
use crate::driver::drive;
use crate::engine::{ConnectionStatus, Engine, Entry};
use crate::model::error::BuildError;
use crate::model::scalars::DateTime;
use crate::runtime::{self, Clock};
use crate::transport::{Http, Transport};

/// A client of an appointments service. Cheap to clone; all clones are one client.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

/// What the clones share, and the driver as long as any is there.
pub(crate) struct Inner {
    engine: Mutex<Engine>,
    pub(crate) clock: Clock,
    wakes: mpsc::UnboundedSender<()>,
    statuses: Mutex<Vec<mpsc::UnboundedSender<Connection>>>,
    last: Mutex<Connection>,
}

/// How it stands with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Nothing is followed yet.
    Idle,
    /// A line is being opened.
    Connecting,
    /// Every change is heard.
    Live,
    /// No line gets through, so changes are asked for every few seconds.
    Polling,
    /// Nothing comes since then. What is changed meanwhile is sent later.
    Offline {
        /// When it was noticed.
        since: DateTime,
    },
}

impl Connection {
    fn of(status: ConnectionStatus, clock: Clock) -> Self {
        match status {
            ConnectionStatus::Idle => Self::Idle,
            ConnectionStatus::Connecting => Self::Connecting,
            ConnectionStatus::Live => Self::Live,
            ConnectionStatus::Polling => Self::Polling,
            ConnectionStatus::Offline { since } => Self::Offline { since: clock.day(since) },
        }
    }
}

/// How a client is to be.
pub struct Builder {
    url: String,
    tokens: Arc<dyn Fn() -> Option<String> + Send + Sync>,
    transport: Option<Arc<dyn Transport>>,
}

impl Builder {
    /// Gives a token for each request and each line: `Authorization: Bearer …`. It is asked every time,
    /// so it may change.
    #[must_use]
    pub fn token(mut self, token: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        self.tokens = Arc::new(token);
        self
    }

    /// Another way to the server than HTTP and WebSocket.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// The client. Nothing is awaited, and no server need be there: it works offline until one is.
    ///
    /// # Errors
    ///
    /// If the address is none, or there is no tokio runtime to live in.
    pub fn build(self) -> Result<Client, BuildError> {
        if !runtime::is_here() {
            return Err(BuildError::NoRuntime);
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(Http::new(&self.url, self.tokens)?),
        };
        let (wakes, woken) = mpsc::unbounded();
        let inner = Arc::new(Inner {
            engine: Mutex::new(Engine::new(runtime::entropy())?),
            clock: Clock::new(),
            wakes,
            statuses: Mutex::default(),
            last: Mutex::new(Connection::Idle),
        });
        runtime::spawn(drive(Arc::downgrade(&inner), transport, woken));
        Ok(Client { inner })
    }
}

impl Client {
    /// A client of the service at an address: `http://localhost:8080/graphql`.
    pub fn builder(url: impl Into<String>) -> Builder {
        Builder { url: url.into(), tokens: Arc::new(|| None), transport: None }
    }

    /// A calendar, by its id. Whether there is one is seen when it is watched.
    pub fn calendar(&self, id: impl Into<String>) -> Calendar {
        Calendar::new(self.clone(), cynic::Id::new(id.into()))
    }

    /// An appointment, by its id. Whether there is one is seen when it is watched.
    pub fn appointment(&self, id: impl Into<String>) -> AppointmentHandle {
        AppointmentHandle::new(self.clone(), cynic::Id::new(id.into()))
    }

    /// How it stands with the server.
    pub fn status(&self) -> Connection {
        let status = self.inner.engine().status();
        Connection::of(status, self.inner.clock)
    }

    /// The same, each time it changes.
    pub fn statuses(&self) -> mpsc::UnboundedReceiver<Connection> {
        let (tell, told) = mpsc::unbounded();
        lock(&self.inner.statuses).push(tell);
        told
    }

    /// The outbox: what is not decided yet, the oldest first.
    pub fn pending(&self) -> Vec<Entry> {
        self.inner.engine().pending()
    }

    /// Sends again at once what waits for its time.
    pub fn retry(&self) {
        self.inner.engine().retry_now();
        self.inner.wake();
    }

    /// Gives up a mutation of the outbox: nothing is shown of it any more. If it was sent, it may still be done,
    /// and is then shown as anybody's change. Whether it was there.
    pub fn discard(&self, mutation: &cynic::Id) -> bool {
        let is_known = self.inner.engine().discard(mutation);
        self.inner.wake();
        is_known
    }

    /// Everything that is known, and what is not decided yet, to be kept somewhere until the program runs again.
    /// One process owns it: two that went on from the same bytes would both send.
    pub fn keep(&self) -> Vec<u8> {
        self.inner.engine().keep()
    }

    /// Goes on from what [`Client::keep`] has made: what was known is shown at once, and what was not decided is
    /// shown as pending and sent. Call it before anything is watched.
    ///
    /// Returns what was sent longer ago than servers remember: whether it was done is unknown, and it is not sent again.
    ///
    /// # Errors
    ///
    /// If it is damaged, or of another version. Then nothing is taken of it.
    pub fn restore(&self, kept: &[u8]) -> Result<Vec<Entry>, cynic_cache::SnapshotError> {
        let unknown = self.inner.engine().restore(runtime::today(), kept);
        self.inner.wake();
        unknown
    }

    /// The cache, for whoever wants more than is offered here.
    pub fn cache(&self) -> Cache {
        self.inner.engine().cache().clone()
    }
}

impl Inner {
    /// The engine. Nothing is awaited while it is held.
    pub(crate) fn engine(&self) -> MutexGuard<'_, Engine> {
        lock(&self.engine)
    }

    /// Lets the driver look again.
    pub(crate) fn wake(&self) {
        // If nobody drives any more, nothing is to be done.
        let _ = self.wakes.unbounded_send(());
    }

    pub(crate) fn tell_status(&self) {
        let status = Connection::of(self.engine().status(), self.clock);
        let mut last = lock(&self.last);
        if *last != status {
            *last = status;
            lock(&self.statuses).retain(|it| it.unbounded_send(status).is_ok());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
