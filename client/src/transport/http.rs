//! The common part of the HTTP transports of both platforms: addresses, headers, timeouts, and how
//! a connection is opened.

use std::time::Duration;

use super::Connection;
use super::sse::{self, SseClient};
use super::timeout::with_timeout;
use crate::model::error::{BuildError, TransportError};

/// A connection that is not open after this time has failed.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A request without a response after this time has failed.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The header of each request body.
pub(super) const CONTENT_TYPE: (&str, &str) = ("content-type", "application/json");
/// The header of requests that get one response.
pub(super) const ACCEPT_JSON: (&str, &str) =
    ("accept", "application/graphql-response+json, application/json;q=0.9");
/// The header of requests that get a stream of events.
pub(super) const ACCEPT_EVENTS: (&str, &str) = ("accept", "text/event-stream");

/// Returns the WebSocket address for the HTTP address of a service.
pub(super) fn websocket_url(url: &str) -> Result<String, BuildError> {
    let secure = url.strip_prefix("https://").map(|rest| format!("wss://{rest}"));
    let plain = || url.strip_prefix("http://").map(|rest| format!("ws://{rest}"));
    secure.or_else(plain).ok_or_else(|| BuildError::Url(url.to_owned()))
}

/// Opens a WebSocket, or a connection over server-sent events if that fails.
pub(super) async fn connect(
    websocket: impl Future<Output = Result<Connection, TransportError>>,
    sse_client: impl SseClient,
) -> Result<Connection, TransportError> {
    match with_timeout(CONNECT_TIMEOUT, websocket).await {
        Ok(connection) => Ok(connection),
        Err(error) => with_timeout(CONNECT_TIMEOUT, sse::open(sse_client)).await.map_err(|_| error),
    }
}

pub(super) fn transport_error(error: impl std::fmt::Display) -> TransportError {
    TransportError::new(error.to_string())
}
