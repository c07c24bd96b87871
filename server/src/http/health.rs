//! Health and metrics endpoints for operators.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::App;
use crate::metrics::{self, Levels};

/// Reports whether the database can be reached.
pub(super) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match app.store.ready().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be reached\n")
        }
    }
}

/// Returns all metrics, even while the database cannot be reached.
pub(super) async fn metrics(State(app): State<App>) -> Response {
    let feed = app.feed.stats();
    let size = app.store.size().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "could not read the size of the database");
        Default::default()
    });
    let text = app.metrics.text(&Levels {
        commits: feed.commits,
        subscriptions: feed.subscribers,
        max_lag: feed.max_lag,
        buffered: app.feed.buffered().bytes(),
        log: size.changes,
        database: size.bytes,
    });
    ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text).into_response()
}
