//! Accepts connections up to a limit, drops idle ones, and finishes requests before a stop.
//!
//! An unused connection does not hold its slot for ever: a request's head must arrive within
//! `--idle-timeout`, and the client must acknowledge sent data within [`SEND_TIMEOUT`].

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Limits;
use crate::metrics::{GaugeGuard, Metrics};

/// The longest time that sent data may stay unacknowledged before the connection is closed.
const SEND_TIMEOUT: Duration = Duration::from_secs(300);
/// The time that a rejected client has to read the response.
const REJECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The number of rejected connections that get a response at once; others are closed silently.
const MAX_REJECT_RESPONSES: usize = 64;

const NO_CAPACITY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
    retry-after: 5\r\nconnection: close\r\n\r\n\
    The server has too many connections; try again in a few seconds.\n";

/// Counts one connection against the limit until the last clone is dropped.
///
/// It travels in the request's extensions, so that a WebSocket keeps the slot of its connection.
#[derive(Clone)]
pub(super) struct ConnectionSlot {
    _permit: Arc<(OwnedSemaphorePermit, GaugeGuard)>,
}

/// Serves connections until `stopping`, then waits for the requests in progress.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    limits: Limits,
    metrics: Metrics,
    stopping: CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(limits.max_connections));
    let reject_permits = Arc::new(Semaphore::new(MAX_REJECT_RESPONSES));
    let tasks = TaskTracker::new();
    let service = TowerToHyperService::new(router);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.idle_timeout);
    loop {
        let (stream, _) = tokio::select! {
            // `Listener::accept` logs errors and retries.
            accepted = Listener::accept(&mut listener) => accepted,
            () = stopping.cancelled() => break,
        };
        let Ok(permit) = slots.clone().try_acquire_owned() else {
            metrics.count_rejected_connection();
            if let Ok(permit) = reject_permits.clone().try_acquire_owned() {
                tasks.spawn(reject(stream, permit));
            }
            continue;
        };
        let slot = ConnectionSlot { _permit: Arc::new((permit, metrics.count_connection())) };
        tasks.spawn(serve_connection(
            stream,
            http.clone(),
            service.clone(),
            slot,
            stopping.clone(),
        ));
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
}

async fn serve_connection(
    stream: TcpStream,
    http: http1::Builder,
    service: TowerToHyperService<Router>,
    slot: ConnectionSlot,
    stopping: CancellationToken,
) {
    set_options(&stream);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(slot.clone());
        service.call(request)
    });
    let served = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stopping.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended with an error");
    }
}

/// Sends small messages immediately, and lets the kernel close a connection that acknowledges
/// nothing.
fn set_options(stream: &TcpStream) {
    let milliseconds = SEND_TIMEOUT.as_millis().try_into().unwrap_or(u32::MAX);
    let result = stream
        .set_nodelay(true)
        .and_then(|()| Ok(rustix::net::sockopt::set_tcp_user_timeout(stream, milliseconds)?));
    if let Err(error) = result {
        tracing::debug!(%error, "failed to set socket options");
    }
}

/// Responds that the server is at its limit.
///
/// It reads the request to its end: closing earlier could reset the connection before the client
/// has read the response.
async fn reject(mut stream: TcpStream, _permit: OwnedSemaphorePermit) {
    let respond = async {
        stream.write_all(NO_CAPACITY).await?;
        stream.shutdown().await?;
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    };
    // If the client does not read the response in time, it does not get one.
    let _ = timeout(REJECT_TIMEOUT, respond).await;
}
