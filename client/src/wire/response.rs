//! GraphQL responses: the data, or the first error.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::model::error::QueryError;

/// The kind of an entry in `errors`, from its `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// The range, or its content, does not fit into one response.
    RangeTooLarge,
    /// The server failed for now; the same request may succeed later.
    Retryable,
    /// The request is wrong; it fails every time.
    Permanent,
}

#[derive(Deserialize)]
struct Response<T> {
    data: Option<T>,
    errors: Option<Vec<ResponseError>>,
}

#[derive(Deserialize)]
struct ResponseError {
    message: String,
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    code: Option<String>,
}

impl ResponseError {
    fn code(&self) -> ErrorCode {
        match self.extensions.as_ref().and_then(|it| it.code.as_deref()) {
            Some("RANGE_TOO_LARGE") => ErrorCode::RangeTooLarge,
            Some("UNAVAILABLE" | "TIMEOUT" | "INTERNAL") => ErrorCode::Retryable,
            _ => ErrorCode::Permanent,
        }
    }
}

impl ErrorCode {
    /// Returns the code of the first error in a response.
    pub(crate) fn of(response: &[u8]) -> Option<Self> {
        let response: Response<IgnoredAny> = serde_json::from_slice(response).ok()?;
        response.errors?.first().map(ResponseError::code)
    }
}

/// Returns the data of a response. Errors beside it are ignored.
pub(crate) fn data<T: DeserializeOwned>(response: &[u8]) -> Option<T> {
    serde_json::from_slice::<Response<T>>(response).ok()?.data
}

/// Returns the data of a response without errors, or its first error.
pub(crate) fn data_or_error<T: DeserializeOwned>(response: &[u8]) -> Result<T, QueryError> {
    let Response { data, errors } = parse(response)?;
    match data {
        Some(data) if errors.as_deref().unwrap_or_default().is_empty() => Ok(data),
        _ => Err(first_error(errors)),
    }
}

fn parse<T: DeserializeOwned>(response: &[u8]) -> Result<Response<T>, QueryError> {
    serde_json::from_slice(response).map_err(|error| QueryError::Malformed(error.to_string()))
}

fn first_error(errors: Option<Vec<ResponseError>>) -> QueryError {
    match errors.into_iter().flatten().next() {
        Some(error) => QueryError::Server(error.message),
        None => QueryError::Malformed("the response has neither data nor errors".to_owned()),
    }
}

/// The outcome of a mutation request.
pub(crate) enum Outcome<T> {
    /// The server returned the mutation's payload.
    Data(T),
    /// The response decides nothing: the same request must be sent again.
    Undecided,
    /// The server does not accept the request; this is its message.
    Rejected(String),
}

/// Reads the response to a mutation.
pub(crate) fn read_outcome<T: DeserializeOwned>(response: &[u8]) -> Outcome<T> {
    // Not a GraphQL response: a proxy reports that it cannot reach the server.
    let Ok(response) = serde_json::from_slice::<Response<T>>(response) else {
        return Outcome::Undecided;
    };
    match (response.data, response.errors.as_deref()) {
        (Some(data), _) => Outcome::Data(data),
        (None, Some([first, ..])) if first.code() == ErrorCode::Permanent => {
            Outcome::Rejected(first.message.clone())
        }
        _ => Outcome::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_responses_differ_from_server_errors() {
        let read = |text: &str| data_or_error::<u32>(text.as_bytes());
        assert!(matches!(read(r#"{"data": 1}"#), Ok(1)));
        assert!(matches!(read("Bad gateway"), Err(QueryError::Malformed(_))));
        assert!(matches!(read("{}"), Err(QueryError::Malformed(_))));
        let error = r#"{"data": 1, "errors": [{"message": "no"}]}"#;
        assert!(matches!(read(error), Err(QueryError::Server(it)) if it == "no"));
    }
}
