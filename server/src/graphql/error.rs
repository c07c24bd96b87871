//! Error codes: every entry of `errors` has one (S15), and reveals nothing internal.

use async_graphql::{Error, ErrorExtensions, ServerError};

use crate::domain::RangeError;
use crate::queries::QueryError;
use crate::store::StoreError;

/// The message of an error whose details are only logged.
pub(crate) const INTERNAL_ERROR: &str = "Internal server error; see the server log.";

/// Creates the error of a field.
pub(super) fn error_with_code(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

/// Adds a code to the error of a document.
pub(super) fn with_code(code: &'static str, mut error: ServerError) -> ServerError {
    error.extensions.get_or_insert_default().set("code", code);
    error
}

/// Converts a store's error for the client, and logs its details.
pub(super) fn store(error: StoreError) -> Error {
    log(&error);
    for_client(&error)
}

/// Logs the details of a store's error, which the client does not see.
pub(super) fn log(error: &StoreError) {
    use std::error::Error as _;
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    tracing::error!(%error, source, "a request failed");
}

/// Converts a store's error for the client.
pub(super) fn for_client(error: &StoreError) -> Error {
    const UNAVAILABLE: &str = "The database cannot be reached now; try again, with the same \
                               mutationId if it is a mutation.";
    match error {
        StoreError::Unavailable(_) => error_with_code("UNAVAILABLE", UNAVAILABLE),
        StoreError::Failed(_) => error_with_code("INTERNAL", INTERNAL_ERROR),
    }
}

/// Converts a query's error for the client.
pub(super) fn query(error: QueryError) -> Error {
    let code = match error {
        QueryError::Store(error) => return store(error),
        QueryError::Range(RangeError::BadInstant { .. })
        | QueryError::NoCalendar(_)
        | QueryError::NoDefaultCalendar => "BAD_INPUT",
        QueryError::Range(RangeError::Empty) => "INVALID_RANGE",
        QueryError::Range(RangeError::TooLong) | QueryError::TooManyRows => "RANGE_TOO_LARGE",
    };
    error_with_code(code, error.to_string())
}

/// Adds codes to the library's own errors, which have none.
pub(super) fn add_codes(errors: &mut [ServerError]) {
    for error in errors {
        let code = code(error);
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", code);
        }
    }
}

/// Derives the code from the message, since the library's errors have no kinds. Tests cover all.
fn code(error: &ServerError) -> &'static str {
    const LIMITS: [&str; 5] = [
        "Query is too complex",
        "Query is nested too deep",
        "The recursion depth of the query",
        "The number of directives",
        "recursion limit exceeded",
    ];
    const INPUT: [&str; 3] = ["Failed to parse", "Expected input type", "Variable "];
    let starts_with_any = |texts: &[&str]| texts.iter().any(|it| error.message.starts_with(it));
    if starts_with_any(&LIMITS) {
        "TOO_COMPLEX"
    } else if error.path.is_empty() {
        "VALIDATION_FAILED"
    } else if starts_with_any(&INPUT) {
        "BAD_INPUT"
    } else {
        "INTERNAL"
    }
}
