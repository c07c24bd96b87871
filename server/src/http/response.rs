//! Writes GraphQL-over-HTTP responses: the body, its media type and the status.

use async_graphql::{Response as GraphQlResponse, ServerError, Value};
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::content_type::MediaType;
use crate::graphql::INTERNAL_ERROR;

/// The JSON form of a response. If the request was not executed, `data` is left out entirely.
#[derive(Serialize)]
pub(super) struct ResponseBody<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl<'a> ResponseBody<'a> {
    pub(super) fn of(response: &'a GraphQlResponse) -> Self {
        let data = Some(&response.data).filter(|_| !was_not_executed(response));
        Self { errors: &response.errors, data }
    }

    /// Returns whether the request was invalid, so that nothing was executed.
    pub(super) fn was_not_executed(&self) -> bool {
        self.data.is_none()
    }

    pub(super) fn errors(&self) -> &[ServerError] {
        self.errors
    }
}

/// Returns whether the request was invalid: it has no data, and an error without a path.
fn was_not_executed(response: &GraphQlResponse) -> bool {
    response.data == Value::Null && response.errors.iter().any(|it| it.path.is_empty())
}

/// Writes a response as one of the two JSON media types.
pub(super) fn json_response(response: GraphQlResponse, media_type: MediaType) -> Response {
    let status = match media_type {
        MediaType::GraphQl if was_not_executed(&response) => error_status(&response),
        _ => StatusCode::OK,
    };
    match serde_json::to_vec(&ResponseBody::of(&response)) {
        Ok(body) => (status, [(header::CONTENT_TYPE, media_type.name())], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "failed to serialize a response");
            internal_error()
        }
    }
}

/// Maps the code of the first error to the status of a request that was not executed.
fn error_status(response: &GraphQlResponse) -> StatusCode {
    let extensions = response.errors.first().and_then(|it| it.extensions.as_ref());
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

/// Rejects a request that accepts none of the supported media types.
pub(super) fn not_acceptable() -> Response {
    let message =
        "Accept application/graphql-response+json, application/json or text/event-stream.";
    error_response(StatusCode::NOT_ACCEPTABLE, "BAD_INPUT", message)
}

/// Rejects a mutation by `GET`, which any web page could make a browser send.
pub(super) fn needs_post() -> Response {
    let message = "Send mutations with POST.";
    let response = error_response(StatusCode::METHOD_NOT_ALLOWED, "BAD_INPUT", message);
    ([(header::ALLOW, "POST")], response).into_response()
}

/// Reports that the body did not arrive within the request timeout.
pub(super) fn request_timeout() -> Response {
    let message = "The request did not arrive in time; send it again.";
    error_response(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", message)
}

/// Reports a bug of the server.
pub(super) fn internal_error() -> Response {
    error_response(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", INTERNAL_ERROR)
}

/// Writes an HTTP-level error in the same form as GraphQL errors (S15).
pub(super) fn error_response(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({ "message": message, "extensions": { "code": code } });
    (status, Json(json!({ "errors": [error] }))).into_response()
}
