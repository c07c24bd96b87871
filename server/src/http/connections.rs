//! Connections: taken while there is room, not waited for without end, and finished in order.
//!
//! Whoever holds one that serves nobody costs a place, and loses it: the head of a request has to come in time
//! (`--idle-timeout`), and what is sent has to be taken within [`TAKEN`].

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
use crate::metrics::{Metrics, OneMore};

/// How long something may be on its way to a client that takes nothing.
const TAKEN: Duration = Duration::from_secs(300);
/// Who is turned away has so long to read why; so many at once, and others are not told.
const TURNED_AWAY: (Duration, usize) = (Duration::from_secs(1), 64);

const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
    retry-after: 5\r\nconnection: close\r\n\r\nThe server has no room for another connection; try again in a moment.\n";

/// A place among the connections. Requests carry it, so that a WebSocket keeps the place of what it was before.
#[derive(Clone)]
pub(super) struct Place {
    _kept: Arc<(OwnedSemaphorePermit, OneMore)>,
}

/// Serves until `stopping`; then requests that run are finished.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    limits: Limits,
    metrics: Metrics,
    stopping: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(limits.max_connections));
    let told = Arc::new(Semaphore::new(TURNED_AWAY.1));
    let tasks = TaskTracker::new();
    let service = TowerToHyperService::new(router);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.idle_timeout);
    loop {
        let (stream, _) = tokio::select! {
            // (What the system refuses is logged, and tried again.)
            accepted = Listener::accept(&mut listener) => accepted,
            () = stopping.cancelled() => break,
        };
        let Ok(permit) = room.clone().try_acquire_owned() else {
            metrics.turned_away();
            if let Ok(permit) = told.clone().try_acquire_owned() {
                tasks.spawn(turn_away(stream, permit));
            }
            continue;
        };
        let place = Place { _kept: Arc::new((permit, metrics.connection())) };
        tasks.spawn(connection(stream, http.clone(), service.clone(), place, stopping.clone()));
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
}

async fn connection(
    stream: TcpStream,
    http: http1::Builder,
    service: TowerToHyperService<Router>,
    place: Place,
    stopping: CancellationToken,
) {
    prepare(&stream);
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(place.clone());
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
        tracing::debug!(%error, "a connection ended");
    }
}

/// Small messages go out at once, and a client that takes nothing is let go by the system.
fn prepare(stream: &TcpStream) {
    let milliseconds = TAKEN.as_millis().try_into().unwrap_or(u32::MAX);
    let prepared = stream
        .set_nodelay(true)
        .and_then(|()| Ok(rustix::net::sockopt::set_tcp_user_timeout(stream, milliseconds)?));
    if let Err(error) = prepared {
        tracing::debug!(%error, "a connection could not be prepared");
    }
}

/// Says so. Its request is read before the end, as the answer would be lost otherwise.
async fn turn_away(mut stream: TcpStream, _permit: OwnedSemaphorePermit) {
    let said = async {
        stream.write_all(NO_ROOM).await?;
        stream.shutdown().await?;
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    };
    // Who does not read it is not told.
    let _ = timeout(TURNED_AWAY.0, said).await;
}
