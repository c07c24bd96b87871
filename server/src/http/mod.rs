//! What is served where: GraphQL over HTTP and WebSocket, the calendar page, GraphiQL, and whether the server is well.

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
use content_type::Media;
pub use origin::Origins;
use request::Question;

/// What the handlers need.
#[derive(Clone)]
pub struct App {
    /// The service.
    pub graphql: GraphQl,
    /// Asked whether it is ready.
    pub store: Arc<dyn Store>,
    /// Asked how it is.
    pub feed: Feed,
    /// What is counted.
    pub metrics: Metrics,
    /// What one client may ask.
    pub limits: Limits,
    /// The server is about to stop: what would never end by itself ends now.
    pub stopping: CancellationToken,
    /// What a stop waits for: sockets say goodbye.
    pub tasks: TaskTracker,
    /// The sockets that were opened.
    pub sockets: Sockets,
    /// Who may speak to the server from a browser.
    pub origins: Origins,
}

/// Gives each socket a number.
#[derive(Clone, Default)]
pub struct Sockets(Arc<AtomicU64>);

impl Sockets {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// All routes.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/assets/{name}", get(page::asset))
        .route("/graphql", get(ask_or_follow).post(execute))
        .route("/graphiql", get(graphiql::index))
        .route("/graphiql/{name}", get(graphiql::asset))
        .route("/schema.graphql", get(schema))
        .route("/health/live", get("live\n"))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .layer(app.origins.cors())
        .layer(middleware::from_fn_with_state(app.origins.clone(), origin::is_for_us))
        .layer(compression())
        .layer(DefaultBodyLimit::max(app.limits.max_body))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(app)
}

/// Answers over a kilobyte are compressed; events are not, as they would be held back.
fn compression() -> CompressionLayer<impl Predicate> {
    let predicate = SizeAbove::new(1_024).and(NotForContentType::SSE);
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(predicate)
}

/// A request by GraphQL over HTTP: what is asked, in which form it is to be answered, the answer.
async fn execute(State(app): State<App>, request: Request) -> Response {
    let actor = auth::actor(request.headers());
    let Some(media) = Media::accepted(request.headers()) else {
        return response::not_acceptable();
    };
    let parent = telemetry::parent(request.headers());
    let read = Question::read(request.with_limited_body(), app.limits.max_body);
    let question = match timeout(app.limits.request_timeout, read).await {
        Ok(Ok(question)) => question,
        Ok(Err(malformed)) => return malformed.into_response(),
        Err(_) => return response::not_in_time(),
    };
    let Question { request, is_get } = question;
    let prepared = app.graphql.prepare(request, actor);
    if is_get && prepared.changes() {
        return response::needs_post();
    }
    match media {
        Media::Stream => sse::answer(app.graphql.follow(prepared), app.stopping),
        media => {
            let answered = app.graphql.answer(prepared).with_context(parent).await;
            response::answer(answered, media)
        }
    }
}

/// `GET` asks a query, or opens a socket.
async fn ask_or_follow(app: State<App>, request: Request) -> Response {
    let upgrade = request.headers().get(header::UPGRADE);
    match upgrade.is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        true => websocket::follow(app.0, request).await,
        false => execute(app, request).await,
    }
}

/// The net under everything; a panic is a bug.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    response::failed()
}

async fn schema() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], graphql::sdl())
}
