//! A server from its settings: the rooms put together, started, and stopped in order.

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

/// How often what is past its retention is forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(600);

/// Why a server does not start: each is one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Anybody could reach it.
    #[error(
        "Listening on {0} lets everybody who reaches it read and change everything; add --allow-anonymous if that is meant."
    )]
    NotLoopback(IpAddr),
    /// A mutation could be told in the log and done a second time.
    #[error("--mutation-retention must not be shorter than --change-retention.")]
    ShortLedger,
    /// The address is taken, or not ours.
    #[error("{address} cannot be listened on: {source}; choose another with --listen.")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database was opened and then failed.
    #[error("The database failed while the server started: {0}.")]
    Store(#[from] StoreError),
}

/// A server that takes requests.
pub struct Server {
    address: SocketAddr,
    store: Arc<dyn Store>,
    feed: Feed,
    tasks: TaskTracker,
    stopping: CancellationToken,
    shutdown_timeout: Duration,
    serving: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Starts one. The address is taken before the database is touched, so that a server that
    /// cannot run leaves nothing behind.
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

        let (tasks, stopping) = (TaskTracker::new(), CancellationToken::new());
        let store = store::open(&settings.common.open_options(IfMissing::Create), &tasks).await?;
        let commands = Commands::new(store.clone(), clock, settings.retention());
        commands.create_first_calendar().await?;
        let feed = Feed::start(store.clone());
        let metrics = Metrics::default();
        let service = graphql::service(
            Queries::new(store.clone()),
            commands.clone(),
            feed.clone(),
            settings.limits.of_requests(),
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
            sockets: http::Sockets::default(),
            origins: http::Origins::new(address, &settings.public_url, &settings.allow_origin),
        };

        tasks.spawn(stopping.clone().run_until_cancelled_owned(feed.clone().poll_forever()));
        tasks.spawn(stopping.clone().run_until_cancelled_owned(keep_pruning(commands)));
        let limits = settings.limits.clone();
        let serve = http::serve(listener, http::router(app), limits, metrics, stopping.clone());
        let serving = tasks.spawn(serve);
        let shutdown_timeout = settings.shutdown_timeout;
        Ok(Self { address, store, feed, tasks, stopping, shutdown_timeout, serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Who follows what, for tests and counters.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Finishes the requests that run, commits what is queued, and closes the database. Sockets
    /// are cut; their clients go on from their revision.
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

async fn keep_pruning(commands: Commands) {
    loop {
        match commands.prune().await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "forgot what is past its retention"),
            Err(error) => tracing::warn!(%error, "could not forget what is past its retention"),
        }
        tokio::time::sleep(PRUNE_EVERY).await;
    }
}
