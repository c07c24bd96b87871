//! Every entry of `errors` has a code (S15), and says no more than the caller may know.

use async_graphql::{Error, ErrorExtensions, ServerError};

use crate::domain::RangeError;
use crate::queries::QueryError;
use crate::store::StoreError;

/// An error of a request, with its code.
pub(super) fn refuse(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

/// An error of a document, with its code.
pub(super) fn coded(code: &'static str, mut error: ServerError) -> ServerError {
    error.extensions.get_or_insert_default().set("code", code);
    error
}

/// The sentence for the caller; what it hides is logged here, once.
pub(super) fn store(error: StoreError) -> Error {
    log(&error);
    for_caller(&error)
}

/// What the caller is not told.
pub(super) fn log(error: &StoreError) {
    use std::error::Error as _;
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    tracing::error!(%error, source, "a request failed");
}

/// What the caller is told.
pub(super) fn for_caller(error: &StoreError) -> Error {
    const UNAVAILABLE: &str = "The database cannot be reached now; try again, with the same mutationId if it is a mutation.";
    match error {
        StoreError::Unavailable(_) => refuse("UNAVAILABLE", UNAVAILABLE),
        StoreError::Failed(_) => refuse("INTERNAL", "The server failed; its log says why."),
    }
}

pub(super) fn query(error: QueryError) -> Error {
    let code = match error {
        QueryError::Store(error) => return store(error),
        QueryError::Range(RangeError::BadInstant { .. })
        | QueryError::NoCalendar(_)
        | QueryError::NoDefaultCalendar => "BAD_INPUT",
        QueryError::Range(RangeError::Empty) => "INVALID_RANGE",
        QueryError::Range(RangeError::TooLong) | QueryError::TooManyRows => "RANGE_TOO_LARGE",
    };
    refuse(code, error.to_string())
}

/// Gives the library's own errors their codes.
pub(super) fn stamp(errors: &mut [ServerError]) {
    for error in errors {
        let code = code(error);
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", code);
        }
    }
}

/// The library tells its errors apart by their texts alone; a test names one of each kind.
fn code(error: &ServerError) -> &'static str {
    const LIMITS: [&str; 5] = [
        "Query is too complex",
        "Query is nested too deep",
        "The recursion depth of the query",
        "The number of directives",
        "recursion limit exceeded",
    ];
    const INPUT: [&str; 3] = ["Failed to parse", "Expected input type", "Variable "];
    let begins = |texts: &[&str]| texts.iter().any(|it| error.message.starts_with(it));
    if begins(&LIMITS) {
        "TOO_COMPLEX"
    } else if error.path.is_empty() {
        "VALIDATION_FAILED"
    } else if begins(&INPUT) {
        "BAD_INPUT"
    } else {
        "INTERNAL"
    }
}
