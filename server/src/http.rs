//! What is served where: GraphQL over HTTP and WebSocket, GraphiQL, and whether the server is well.

use std::sync::Arc;

use async_graphql::{Data, Executor, ParseRequestError, http::GraphiQLSource};
use async_graphql_axum::{GraphQLProtocol, GraphQLRequest, GraphQLResponse, GraphQLWebSocket};
use axum::extract::{FromRequest, FromRequestParts, Request, State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;

use crate::auth;
use crate::domain::Actor;
use crate::graphql::{self, GraphQl};
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
        .route("/", get(Redirect::to("/graphiql")))
        .route("/graphql", get(ask_or_follow).post(execute))
        .route("/graphiql", get(graphiql))
        .route("/schema.graphql", get(schema))
        .route("/health/live", get("live\n"))
        .route("/health/ready", get(ready))
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .layer(CatchPanicLayer::new())
        .with_state(app)
}

async fn execute(
    State(app): State<App>,
    headers: HeaderMap,
    request: GraphQLRequest<Malformed>,
) -> GraphQLResponse {
    let request = request.into_inner().data(auth::actor(&headers));
    app.graphql.execute(request).await.into()
}

/// `GET` asks a query, or opens a socket.
async fn ask_or_follow(app: State<App>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if !parts.headers.contains_key(header::UPGRADE) {
        let headers = parts.headers.clone();
        return match GraphQLRequest::from_request(Request::from_parts(parts, body), &()).await {
            Ok(request) => execute(app, headers, request).await.into_response(),
            Err(malformed) => malformed.into_response(),
        };
    }
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
        let (status, message) = match self.0 {
            ParseRequestError::PayloadTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("The request is larger than {MAX_BODY} bytes."),
            ),
            error => {
                (StatusCode::BAD_REQUEST, format!("The request is not a GraphQL request: {error}."))
            }
        };
        let error = json!({ "message": message, "extensions": { "code": "PARSE_FAILED" } });
        (status, Json(json!({ "errors": [error] }))).into_response()
    }
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
