//! Builds a server from its settings, and starts and stops its parts in order.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::commands::Commands;
use crate::config::Serve;
use crate::feed::Feed;
use crate::metrics::Metrics;
use crate::queries::Queries;
use crate::store::{self, IfMissing, OpenError, Store, StoreError};
use crate::{graphql, http};

/// The interval at which data past its retention is deleted.
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);

/// The reason why a server does not start. Each message is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address can be reached from other machines, and there is no access control.
    #[error(
        "Listening on {0} lets everybody who can reach it read and change everything; add \
         --allow-anonymous to permit this."
    )]
    NotLoopback(IpAddr),
    /// The ledger would forget a mutation before the log does, so that a retry could repeat it.
    #[error("--mutation-retention must not be shorter than --change-retention.")]
    ShortLedger,
    /// The address is in use, or does not belong to this machine.
    #[error("Could not listen on {address}: {source}; choose another address with --listen.")]
    Listen {
        /// The address and port of `--listen`.
        address: SocketAddr,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The database could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database was opened, but failed during the start.
    #[error("The database failed while the server started: {0}.")]
    Store(#[from] StoreError),
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    store: Arc<dyn Store>,
    feed: Feed,
    tasks: TaskTracker,
    stopping: CancellationToken,
    shutdown_timeout: Duration,
    serving: tokio::task::JoinHandle<()>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    /// Starts a server.
    ///
    /// It binds the address before it opens the database, so that a failed start creates no file.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(settings: &Serve, clock: Clock) -> Result<Self, StartError> {
        let address = settings.listen;
        if !address.ip().is_loopback() && !settings.allow_anonymous {
            return Err(StartError::NotLoopback(address.ip()));
        }
        if settings.mutation_retention < settings.change_retention {
            return Err(StartError::ShortLedger);
        }
        let failed = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;

        let tasks = TaskTracker::new();
        let stopping = CancellationToken::new();
        let store = store::open(&settings.common.open_options(IfMissing::Create), &tasks).await?;
        let commands = Commands::new(store.clone(), clock, settings.retention());
        commands.create_first_calendar().await?;
        let feed = Feed::start(store.clone());
        let metrics = Metrics::default();
        let service = graphql::service(
            Queries::new(store.clone()),
            commands.clone(),
            feed.clone(),
            settings.limits.per_request(),
            metrics.clone(),
        );
        let app = http::App {
            graphql: service,
            store: store.clone(),
            feed: feed.clone(),
            metrics: metrics.clone(),
            limits: settings.limits.clone(),
            stopping: stopping.clone(),
            tasks: tasks.clone(),
            socket_numbers: http::SocketNumbers::default(),
            origins: http::Origins::new(address, &settings.public_url, &settings.allow_origin),
        };

        tasks.spawn(stopping.clone().run_until_cancelled_owned(feed.clone().poll_forever()));
        tasks.spawn(stopping.clone().run_until_cancelled_owned(prune_forever(commands)));
        let limits = settings.limits.clone();
        let serve = http::serve(listener, http::router(app), limits, metrics, stopping.clone());
        let serving = tasks.spawn(serve);
        let shutdown_timeout = settings.shutdown_timeout;
        Ok(Self { address, store, feed, tasks, stopping, shutdown_timeout, serving })
    }

    /// Returns the address on which the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the change feed.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Stops the server: finishes running requests, commits queued writes and closes the database.
    ///
    /// Sockets are closed. Their clients reconnect and resume from their last revision. The request
    /// phase and the database phase each take at most the shutdown timeout.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        if tokio::time::timeout(self.shutdown_timeout, &mut self.serving).await.is_err() {
            tracing::warn!("some requests did not finish in time");
            self.serving.abort();
        }
        self.tasks.close();
        let rest = async {
            self.store.close().await;
            self.tasks.wait().await;
        };
        if tokio::time::timeout(self.shutdown_timeout, rest).await.is_err() {
            tracing::warn!("the database did not close in time");
        }
    }
}

async fn prune_forever(commands: Commands) {
    loop {
        match commands.prune().await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "deleted data past its retention"),
            Err(error) => tracing::warn!(%error, "failed to delete data past its retention"),
        }
        tokio::time::sleep(PRUNE_INTERVAL).await;
    }
}
