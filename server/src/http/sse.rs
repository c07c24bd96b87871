//! Server-sent events (graphql-sse in "distinct connections" mode): one HTTP response per
//! operation.
//!
//! Clients use it for subscriptions where a proxy blocks WebSockets.

use std::convert::Infallible;
use std::time::Duration;

use async_graphql::Response as GraphQlResponse;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, BoxStream, StreamExt};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::content_type::MediaType;
use super::response::ResponseBody;
use crate::graphql::INTERNAL_ERROR;

/// The interval of the comments that keep an idle connection open in proxies.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(12);

/// Streams all responses of an operation as events.
///
/// The status is 200 even if the request is invalid: browsers hide the body of an event stream
/// with another status.
pub(super) fn event_stream(
    responses: BoxStream<'static, GraphQlResponse>,
    stopping: CancellationToken,
) -> Response {
    let events = stream::unfold(Some((responses, stopping)), async |state| {
        let (mut responses, stopping) = state?;
        let next = tokio::select! {
            next = tokio::time::timeout(KEEPALIVE_INTERVAL, responses.next()) => next,
            // End without `complete`, so that the client reconnects and resumes.
            () = stopping.cancelled() => return None,
        };
        Some(match next {
            Ok(Some(response)) => (format_event(&response), Some((responses, stopping))),
            // Browsers drop events that have no data line.
            Ok(None) => ("event: complete\ndata: \n\n".to_owned(), None),
            Err(_) => (":\n\n".to_owned(), Some((responses, stopping))),
        })
    });
    let events: BoxStream<'static, _> = events.map(Ok::<_, Infallible>).boxed();
    let mut response = Body::from_stream(events).into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, MediaType::EventStream.name()),
        (header::CACHE_CONTROL, "no-store"),
        // Turns off response buffering in nginx.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Formats a response as a `next` event. Compact JSON has no line breaks, so one data line is
/// enough.
fn format_event(response: &GraphQlResponse) -> String {
    let body = serde_json::to_string(&ResponseBody::of(response)).unwrap_or_else(|error| {
        tracing::error!(%error, "failed to serialize a response");
        let error = json!({ "message": INTERNAL_ERROR, "extensions": { "code": "INTERNAL" } });
        json!({ "errors": [error] }).to_string()
    });
    format!("event: next\ndata: {body}\n\n")
}
