//! Answering by GraphQL over HTTP: the body, its media type, and the status.

use async_graphql::{Response as Answer, ServerError, Value};
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::content_type::Media;

/// An answer as it is written: a request that was not executed has no data, not even null.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl<'a> Body<'a> {
    pub(super) fn of(answer: &'a Answer) -> Self {
        let data = Some(&answer.data).filter(|_| !is_unasked(answer));
        Self { errors: &answer.errors, data }
    }

    /// Whether nothing was executed.
    pub(super) fn is_unasked(&self) -> bool {
        self.data.is_none()
    }

    pub(super) fn errors(&self) -> &[ServerError] {
        self.errors
    }
}

/// Whether it was no good request, so that nothing was executed: its errors are of no field.
fn is_unasked(answer: &Answer) -> bool {
    answer.data == Value::Null && answer.errors.iter().any(|it| it.path.is_empty())
}

/// An answer in one of both forms of JSON.
pub(super) fn answer(answer: Answer, media: Media) -> Response {
    let status = match media {
        Media::GraphQl if is_unasked(&answer) => status(&answer),
        _ => StatusCode::OK,
    };
    match serde_json::to_vec(&Body::of(&answer)) {
        Ok(body) => (status, [(header::CONTENT_TYPE, media.name())], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written");
            failed()
        }
    }
}

/// What the status says of a request that was not executed, by the code of its first error.
fn status(answer: &Answer) -> StatusCode {
    let extensions = answer.errors.first().and_then(|it| it.extensions.as_ref());
    match extensions.and_then(|it| it.get("code")) {
        Some(Value::String(code)) => match code.as_str() {
            "UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
            "TIMEOUT" => StatusCode::GATEWAY_TIMEOUT,
            "INTERNAL" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        },
        _ => StatusCode::BAD_REQUEST,
    }
}

/// None of the forms that are accepted is one of ours.
pub(super) fn not_acceptable() -> Response {
    let message =
        "Accept application/graphql-response+json, application/json or text/event-stream.";
    failure(StatusCode::NOT_ACCEPTABLE, "BAD_INPUT", message)
}

/// Any page can make a browser send a `GET`.
pub(super) fn needs_post() -> Response {
    let refusal = failure(StatusCode::METHOD_NOT_ALLOWED, "BAD_INPUT", "A mutation needs POST.");
    ([(header::ALLOW, "POST")], refusal).into_response()
}

/// Its body did not come to an end.
pub(super) fn not_in_time() -> Response {
    let message = "The request did not arrive in time; send it again.";
    failure(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", message)
}

/// A fault of ours.
pub(super) fn failed() -> Response {
    let message = "The server failed; its log says why.";
    failure(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", message)
}

/// What cannot be answered at all, in the form of every other error (S15).
pub(super) fn failure(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({ "message": message, "extensions": { "code": code } });
    (status, Json(json!({ "errors": [error] }))).into_response()
}
