//! What is served where: GraphQL over HTTP and WebSocket, the calendar page, GraphiQL, and whether the server is well.

use std::any::Any;
use std::sync::Arc;

use async_graphql::{Data, Executor, ParseRequestError, http::GraphiQLSource};
use async_graphql_axum::{GraphQLProtocol, GraphQLRequest, GraphQLResponse, GraphQLWebSocket};
use axum::extract::{
    DefaultBodyLimit, FromRequest, FromRequestParts, Request, State, WebSocketUpgrade,
};
use axum::http::{Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, RequestExt, Router};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;

use crate::auth;
use crate::domain::Actor;
use crate::graphql::{self, AsksOnly, GraphQl};
use crate::page;
use crate::store::Store;

/// The largest body, and the largest message of a socket: 200 attendees and a long description
/// take a tenth of it.
const MAX_BODY: usize = 1024 * 1024;

/// Where a socket's reads begin; the library's own 128 KiB would be most of an idle socket.
const SOCKET_BUFFER: usize = 4 * 1024;

/// What the handlers need.
#[derive(Clone)]
pub struct App {
    /// The service.
    pub graphql: GraphQl,
    /// Asked whether it is ready.
    pub store: Arc<dyn Store>,
}

/// All routes.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/assets/{name}", get(page::asset))
        .route("/graphql", get(ask_or_follow).post(execute))
        .route("/graphiql", get(graphiql))
        .route("/schema.graphql", get(schema))
        .route("/health/live", get("live\n"))
        .route("/health/ready", get(ready))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(app)
}

/// A request of either kind; the body is limited here, as the library reads it raw.
async fn execute(State(app): State<App>, request: Request) -> Result<GraphQLResponse, Malformed> {
    let actor = auth::actor(request.headers());
    let is_get = request.method() == Method::GET;
    let request =
        GraphQLRequest::<Malformed>::from_request(request.with_limited_body(), &()).await?;
    let request = request.into_inner().data(actor);
    let request = if is_get { request.data(AsksOnly) } else { request };
    Ok(app.graphql.execute(request).await.into())
}

/// `GET` asks a query, or opens a socket.
async fn ask_or_follow(app: State<App>, request: Request) -> Response {
    let upgrade = request.headers().get(header::UPGRADE);
    if !upgrade.is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        return execute(app, request).await.into_response();
    }
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    match GraphQLProtocol::from_request_parts(&mut parts, &()).await {
        Ok(protocol) => follow(app.0, upgrade, protocol, auth::actor(&parts.headers)),
        Err(_) => {
            let message = "Offer the WebSocket subprotocol graphql-transport-ws.\n";
            (StatusCode::BAD_REQUEST, message).into_response()
        }
    }
}

fn follow(
    app: App,
    upgrade: WebSocketUpgrade,
    protocol: GraphQLProtocol,
    actor: Actor,
) -> Response {
    upgrade
        .protocols(["graphql-transport-ws"])
        .read_buffer_size(SOCKET_BUFFER)
        .max_message_size(MAX_BODY)
        .max_frame_size(MAX_BODY)
        .on_upgrade(move |socket| {
            let mut data = Data::default();
            data.insert(actor);
            GraphQLWebSocket::new(socket, app.graphql, protocol).with_data(data).serve()
        })
}

/// A body that is no request, with a code like every other error (S15).
struct Malformed(ParseRequestError);

impl From<ParseRequestError> for Malformed {
    fn from(error: ParseRequestError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Malformed {
    fn into_response(self) -> Response {
        let text = self.0.to_string();
        // axum's limit reaches us as an error of reading.
        let is_large = matches!(self.0, ParseRequestError::PayloadTooLarge)
            || text.contains("length limit exceeded");
        let (status, message) = if is_large {
            (StatusCode::PAYLOAD_TOO_LARGE, format!("The request is larger than {MAX_BODY} bytes."))
        } else if text.contains("did not match any variant") {
            let message = "The request must be a JSON object with a query, and with variables, \
                           operationName and extensions if there are any.";
            (StatusCode::BAD_REQUEST, message.to_owned())
        } else {
            (StatusCode::BAD_REQUEST, format!("The request is not a GraphQL request: {text}."))
        };
        failure(status, "PARSE_FAILED", &message)
    }
}

/// The net under everything; a panic is a bug.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    let message = "The server failed; its log says why.";
    failure(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", message)
}

fn failure(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({ "message": message, "extensions": { "code": code } });
    (status, Json(json!({ "errors": [error] }))).into_response()
}

async fn graphiql() -> Html<String> {
    let page = GraphiQLSource::build()
        .endpoint("/graphql")
        .subscription_endpoint("/graphql")
        .title("Appointments")
        .finish();
    Html(page)
}

async fn schema() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], graphql::sdl())
}

async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match app.store.ready().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be reached\n")
        }
    }
}
