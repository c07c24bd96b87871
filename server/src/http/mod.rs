//! The HTTP routes: GraphQL over HTTP, SSE and WebSocket, the calendar page, GraphiQL, and health.

mod assets;
mod connections;
mod content_type;
mod graphiql;
mod health;
mod origin;
pub mod page;
mod protocol;
mod request;
mod response;
mod session;
mod sse;
mod websocket;

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{RequestExt, Router, middleware};
use opentelemetry::context::FutureExt;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

use crate::config::Limits;
use crate::feed::Feed;
use crate::graphql::{self, GraphQl};
use crate::metrics::Metrics;
use crate::store::Store;
use crate::{auth, telemetry};
pub use connections::serve;
use content_type::MediaType;
pub use origin::Origins;
use request::GraphQlRequest;

/// The state that all handlers share.
#[derive(Clone)]
pub struct App {
    /// Executes GraphQL requests.
    pub graphql: GraphQl,
    /// The database, for readiness and its size.
    pub store: Arc<dyn Store>,
    /// The change feed, for its metrics.
    pub feed: Feed,
    /// The server's metrics.
    pub metrics: Metrics,
    /// The limits for one client.
    pub limits: Limits,
    /// Cancelled when the server stops, which ends sockets and event streams.
    pub stopping: CancellationToken,
    /// Tasks that a stop waits for, such as sockets that send their close frame.
    pub tasks: TaskTracker,
    /// Numbers the sockets.
    pub socket_numbers: SocketNumbers,
    /// The hosts and origins that may be used.
    pub origins: Origins,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

/// Gives each socket a number.
#[derive(Clone, Default, Debug)]
pub struct SocketNumbers(Arc<AtomicU64>);

impl SocketNumbers {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// Returns the router with all routes and middleware.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/assets/{name}", get(page::asset))
        .route("/graphql", get(query_or_upgrade).post(execute))
        .route("/graphiql", get(graphiql::index))
        .route("/graphiql/{name}", get(graphiql::asset))
        .route("/schema.graphql", get(schema))
        .route("/health/live", get("live\n"))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .layer(app.origins.cors())
        .layer(middleware::from_fn_with_state(app.origins.clone(), origin::check_host))
        .layer(compression())
        .layer(DefaultBodyLimit::max(app.limits.max_body))
        .layer(CatchPanicLayer::custom(handle_panic))
        .with_state(app)
}

/// Compresses responses over a kilobyte. Event streams are left alone: compression would delay
/// events.
fn compression() -> CompressionLayer<impl Predicate> {
    let predicate = SizeAbove::new(1_024).and(NotForContentType::SSE);
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(predicate)
}

/// Executes a GraphQL-over-HTTP request, and responds with JSON or with an event stream.
async fn execute(State(app): State<App>, request: Request) -> Response {
    let actor = auth::actor(request.headers());
    let Some(media_type) = MediaType::negotiate(request.headers()) else {
        return response::not_acceptable();
    };
    let trace_parent = telemetry::parent(request.headers());
    let read = GraphQlRequest::read(request.with_limited_body(), app.limits.max_body);
    let GraphQlRequest { request, is_get } = match timeout(app.limits.request_timeout, read).await {
        Ok(Ok(request)) => request,
        Ok(Err(malformed)) => return malformed.into_response(),
        Err(_) => return response::request_timeout(),
    };
    let prepared = app.graphql.prepare(request, actor);
    if is_get && prepared.is_mutation() {
        return response::needs_post();
    }
    if media_type == MediaType::EventStream {
        return sse::event_stream(app.graphql.subscribe(prepared), app.stopping);
    }
    let response = app.graphql.execute(prepared).with_context(trace_parent).await;
    response::json_response(response, media_type)
}

/// Handles `GET`: a query in the URL, or a WebSocket upgrade.
async fn query_or_upgrade(app: State<App>, request: Request) -> Response {
    let upgrade = request.headers().get(header::UPGRADE);
    if upgrade.is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        websocket::upgrade(app.0, request).await
    } else {
        execute(app, request).await
    }
}

/// Responds to a request whose handler panicked, which is always a bug.
fn handle_panic(_: Box<dyn Any + Send>) -> Response {
    response::internal_error()
}

async fn schema() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], graphql::sdl())
}
