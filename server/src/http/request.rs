//! Parses GraphQL-over-HTTP requests: `POST` with a JSON body, or `GET` with query parameters.

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Value, Variables};
use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request, rejection::BytesRejection};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::content_type::is_json;
use super::response::error_response;

/// A GraphQL request and the kind of HTTP method that carried it.
pub(super) struct GraphQlRequest {
    pub(super) request: async_graphql::Request,
    pub(super) is_get: bool,
}

/// The members of a JSON request. Unknown members are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestBody {
    query: String,
    operation_name: Option<String>,
    variables: Option<IndexMap<Name, Value>>,
    #[allow(dead_code, reason = "extensions are ignored, but must be an object")]
    extensions: Option<Map<String, Json>>,
}

/// The query parameters of a `GET` request. Variables and extensions are JSON in text form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// A request that could not be parsed: the response's status and its error message.
pub(super) struct Malformed(StatusCode, String);

impl GraphQlRequest {
    /// Reads a request whose body has at most `max_body` bytes.
    pub(super) async fn read(request: Request, max_body: usize) -> Result<Self, Malformed> {
        let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
        let body =
            if is_get { parse_parameters(&request)? } else { read_body(request, max_body).await? };
        Ok(Self { request: body.into(), is_get })
    }
}

async fn read_body(request: Request, max_body: usize) -> Result<RequestBody, Malformed> {
    if !is_json(request.headers()) {
        let message =
            "The body must be JSON; send the header \"content-type: application/json\".".to_owned();
        return Err(Malformed(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    // Reject a declared length above the limit before the body arrives.
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok());
    if length.and_then(|it| it.parse().ok()).is_some_and(|it: usize| it > max_body) {
        return Err(too_large(max_body));
    }
    let body = Bytes::from_request(request, &()).await.map_err(|it| unreadable(&it, max_body))?;
    RequestBody::parse(&body).map_err(|message| Malformed::bad_request(&message))
}

impl RequestBody {
    /// Parses a JSON body.
    ///
    /// # Errors
    /// One sentence that names the member that is wrong.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(text).map_err(|error| describe_error(text, &error))
    }
}

impl From<RequestBody> for async_graphql::Request {
    fn from(body: RequestBody) -> Self {
        let mut request = Self::new(body.query);
        request.operation_name = body.operation_name;
        let variables = body.variables.unwrap_or_default();
        request.variables = Variables::from_value(Value::Object(variables));
        request
    }
}

fn unreadable(rejection: &BytesRejection, max_body: usize) -> Malformed {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(max_body),
        _ => Malformed::bad_request("The request body ended early; send it again."),
    }
}

fn too_large(max_body: usize) -> Malformed {
    let message = format!("The request is larger than {max_body} bytes.");
    Malformed(StatusCode::PAYLOAD_TOO_LARGE, message)
}

/// Describes what is wrong with a body: it is not JSON, or one of its members has the wrong type.
fn describe_error(body: &[u8], error: &serde_json::Error) -> String {
    let members = match serde_json::from_slice(body) {
        Ok(Json::Object(members)) => members,
        Ok(Json::Array(_)) => {
            return "Batched requests are not supported; send one request per HTTP call."
                .to_owned();
        }
        Ok(_) => {
            return "The request must be a JSON object with the member query, and optionally \
                    variables, operationName and extensions."
                .to_owned();
        }
        Err(_) => return format!("The request is not valid JSON: {error}."),
    };
    let is_wrong =
        |name: &str, is_valid: fn(&Json) -> bool| members.get(name).is_some_and(|it| !is_valid(it));
    let is_map = |it: &Json| it.is_object() || it.is_null();
    if !members.contains_key("query") {
        "The request has no query.".to_owned()
    } else if is_wrong("query", Json::is_string) {
        "The query must be a string.".to_owned()
    } else if is_wrong("operationName", |it| it.is_string() || it.is_null()) {
        "The operationName must be a string, or null.".to_owned()
    } else if is_wrong("variables", is_map) {
        "The variables must be an object, or null.".to_owned()
    } else if is_wrong("extensions", is_map) {
        "The extensions must be an object, or null.".to_owned()
    } else {
        format!("The request is not a GraphQL request: {error}.")
    }
}

fn parse_parameters(request: &Request) -> Result<RequestBody, Malformed> {
    let Query(parameters) = Query::<Parameters>::try_from_uri(request.uri())
        .map_err(|error| Malformed::bad_request(&format!("{}.", error.body_text())))?;
    let query =
        parameters.query.ok_or_else(|| Malformed::bad_request("The request has no query."))?;
    let variables = parse_map(parameters.variables.as_deref(), "variables")?;
    let extensions = parse_map(parameters.extensions.as_deref(), "extensions")?;
    // Some clients always send the parameter; an empty name means none.
    let operation_name = parameters.operation_name.filter(|it| !it.is_empty());
    Ok(RequestBody { query, operation_name, variables, extensions })
}

/// Parses a parameter that is a JSON object or null. An empty parameter counts as absent.
fn parse_map<'p, T: Deserialize<'p>>(
    text: Option<&'p str>,
    name: &str,
) -> Result<Option<T>, Malformed> {
    let Some(text) = text.filter(|it| !it.is_empty()) else { return Ok(None) };
    serde_json::from_str(text)
        .map_err(|_| Malformed::bad_request(&format!("The {name} must be a JSON object.")))
}

impl Malformed {
    fn bad_request(message: &str) -> Self {
        Self(StatusCode::BAD_REQUEST, message.to_owned())
    }
}

impl IntoResponse for Malformed {
    fn into_response(self) -> Response {
        error_response(self.0, "PARSE_FAILED", &self.1)
    }
}
