//! Server-sent events: graphql-sse, where each operation has a connection of its own. A subscription reaches
//! whoever no WebSocket gets through to.

use std::convert::Infallible;
use std::time::Duration;

use async_graphql::Response as Answer;
use axum::body::Body as Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio_util::sync::CancellationToken;

use super::content_type::Media;
use super::response::Body;

/// So often something is said, so that nobody between takes the connection for dead.
const ALIVE: Duration = Duration::from_secs(12);

/// Everything that is answered, as it comes. What is wrong with the request is said in the same way: browsers do not
/// show the body of another status.
pub(super) fn answer(answers: BoxStream<'static, Answer>, stopping: CancellationToken) -> Response {
    let texts = stream::unfold(Some((answers, stopping)), async |state| {
        let (mut answers, stopping) = state?;
        let next = tokio::select! {
            next = tokio::time::timeout(ALIVE, answers.next()) => next,
            // Who is cut off goes on from its revision; it is not told that this was all.
            () = stopping.cancelled() => return None,
        };
        Some(match next {
            Ok(Some(answer)) => (said(&answer), Some((answers, stopping))),
            // (A browser hears no event that has no data.)
            Ok(None) => ("event: complete\ndata: \n\n".to_owned(), None),
            Err(_) => (":\n\n".to_owned(), Some((answers, stopping))),
        })
    });
    let texts: BoxStream<'static, _> = texts.map(Ok::<_, Infallible>).boxed();
    let mut response = Bytes::from_stream(texts).into_response();
    for (name, value) in [
        (header::CONTENT_TYPE, Media::Stream.name()),
        (header::CACHE_CONTROL, "no-store"),
        // (Some proxies would wait for the end of it.)
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// One answer as an event. (JSON as it is written here has no line breaks.)
fn said(answer: &Answer) -> String {
    let body = serde_json::to_string(&Body::of(answer)).unwrap_or_else(|error| {
        tracing::error!(%error, "an event cannot be written");
        r#"{"errors":[{"message":"The server failed; its log says why.","extensions":{"code":"INTERNAL"}}]}"#.to_owned()
    });
    format!("event: next\ndata: {body}\n\n")
}
