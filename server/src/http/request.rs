//! Reading a request of GraphQL over HTTP: `POST` with JSON, or `GET` with parameters.

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Value, Variables};
use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request, rejection::BytesRejection};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::content_type::is_json;
use super::response::failure;

/// What is asked.
pub(super) struct Question {
    pub(super) request: async_graphql::Request,
    pub(super) is_get: bool,
}

/// The members of a request. Others may be there, and say nothing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    query: String,
    operation_name: Option<String>,
    variables: Option<IndexMap<Name, Value>>,
    #[allow(dead_code, reason = "nothing is extended; that it is a map is checked")]
    extensions: Option<Map<String, Json>>,
}

/// The same, as parameters of an address.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// What is no request, and what to do about it.
pub(super) struct Malformed(StatusCode, String);

impl Question {
    /// Reads what is asked, in a body of so many bytes at the most.
    pub(super) async fn read(request: Request, most: usize) -> Result<Self, Malformed> {
        let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
        let body = if is_get { parameters(&request)? } else { body(request, most).await? };
        Ok(Self { request: body.into(), is_get })
    }
}

async fn body(request: Request, most: usize) -> Result<Body, Malformed> {
    if !is_json(request.headers()) {
        let message = "The body must be JSON, and say so: content-type: application/json.";
        return Err(Malformed(StatusCode::UNSUPPORTED_MEDIA_TYPE, message.to_owned()));
    }
    // What says of itself that it is too large is not waited for.
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok());
    if length.and_then(|it| it.parse().ok()).is_some_and(|it: usize| it > most) {
        return Err(too_large(most));
    }
    let body = Bytes::from_request(request, &()).await.map_err(|it| unread(&it, most))?;
    Body::read(&body).map_err(|why| Malformed::bad(&why))
}

impl Body {
    /// Reads it, or says in one sentence what is wrong with it.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(text).map_err(|error| explained(text, &error))
    }
}

impl From<Body> for async_graphql::Request {
    fn from(body: Body) -> Self {
        let mut request = Self::new(body.query);
        request.operation_name = body.operation_name;
        let variables = body.variables.unwrap_or_default();
        request.variables = Variables::from_value(Value::Object(variables));
        request
    }
}

fn unread(rejection: &BytesRejection, most: usize) -> Malformed {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(most),
        _ => Malformed::bad("The request could not be read to its end."),
    }
}

fn too_large(most: usize) -> Malformed {
    Malformed(StatusCode::PAYLOAD_TOO_LARGE, format!("The request is larger than {most} bytes."))
}

/// Which member is wrong, if it is JSON at all.
fn explained(body: &[u8], error: &serde_json::Error) -> String {
    let members = match serde_json::from_slice(body) {
        Ok(Json::Object(members)) => members,
        Ok(Json::Array(_)) => {
            return "Several requests in one are not answered; send each by itself.".to_owned();
        }
        Ok(_) => {
            return "The request must be a JSON object with a query, and with variables, operationName and extensions \
                    if there are any."
                .to_owned();
        }
        Err(_) => return format!("The request is no JSON: {error}."),
    };
    let wrong =
        |name: &str, is_right: fn(&Json) -> bool| members.get(name).is_some_and(|it| !is_right(it));
    let is_map = |it: &Json| it.is_object() || it.is_null();
    if !members.contains_key("query") {
        "The request has no query.".to_owned()
    } else if wrong("query", Json::is_string) {
        "The query must be a string.".to_owned()
    } else if wrong("operationName", |it| it.is_string() || it.is_null()) {
        "The operationName must be a string, or null.".to_owned()
    } else if wrong("variables", is_map) {
        "The variables must be an object, or null.".to_owned()
    } else if wrong("extensions", is_map) {
        "The extensions must be an object, or null.".to_owned()
    } else {
        format!("The request is not a GraphQL request: {error}.")
    }
}

fn parameters(request: &Request) -> Result<Body, Malformed> {
    let read = Query::<Parameters>::try_from_uri(request.uri());
    let Query(read) = read.map_err(|error| Malformed::bad(&format!("{}.", error.body_text())))?;
    let query = read.query.ok_or_else(|| Malformed::bad("The request has no query."))?;
    let variables = map(read.variables.as_deref(), "variables")?;
    let extensions = map(read.extensions.as_deref(), "extensions")?;
    // (An empty name is none: some clients send the parameter anyway.)
    let operation_name = read.operation_name.filter(|it| !it.is_empty());
    Ok(Body { query, operation_name, variables, extensions })
}

/// A parameter that is JSON: an object, or null.
fn map<'p, T: Deserialize<'p>>(text: Option<&'p str>, name: &str) -> Result<Option<T>, Malformed> {
    let Some(text) = text.filter(|it| !it.is_empty()) else { return Ok(None) };
    let wrong = |_| Malformed::bad(&format!("The {name} must be an object, written as JSON."));
    serde_json::from_str(text).map_err(wrong)
}

impl Malformed {
    fn bad(message: &str) -> Self {
        Self(StatusCode::BAD_REQUEST, message.to_owned())
    }
}

impl IntoResponse for Malformed {
    fn into_response(self) -> Response {
        failure(self.0, "PARSE_FAILED", &self.1)
    }
}
