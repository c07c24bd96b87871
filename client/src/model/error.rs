//! Errors of the SDK. Each says whether another attempt makes sense.

use super::refusal::Refusal;

/// The reason why a client cannot be built: a mistake in the program or its environment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The server URL is invalid.
    #[error("invalid server URL `{0}`: expected http:// or https://")]
    Url(String),
    /// The calling thread is outside of a tokio runtime.
    #[error("no tokio runtime found; build the client inside of one")]
    NoRuntime,
    /// The machine has no trusted root certificates.
    #[error("no trusted root certificates found: {0}; install the system's certificate package")]
    Trust(String),
    /// The contract does not fit the SDK's cache policy: a bug in this library.
    #[error(transparent)]
    Setup(#[from] cynic_cache::SetupError),
    /// An operation of the SDK does not fit the contract: a bug in this library.
    #[error(transparent)]
    Operation(#[from] cynic_cache::OperationError),
}

/// The reason why no response arrived. The server may have received the request all the same.
///
/// [`crate::transport::Transport`] implementations create it; callers read its message.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{message}")]
pub struct TransportError {
    message: String,
}

impl TransportError {
    /// Creates an error with a message for a log.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// The reason why a query, a mutation or a subscription of your own returned no data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// No response arrived. Try again; a mutation may have been done all the same.
    #[error("could not reach the server: {0}")]
    Transport(#[from] TransportError),
    /// The server responded with an error; this is its message.
    #[error("{0}")]
    Server(String),
    /// The response is not a GraphQL response to the operation. Try again; if the error stays, the
    /// server has another version of the contract.
    #[error("malformed response: {0}")]
    Malformed(String),
    /// The operation does not fit the contract: a bug in the program.
    #[error(transparent)]
    InvalidOperation(#[from] cynic_cache::OperationError),
    /// The cache does not have the data. With [`crate::FetchPolicy::CacheOnly`] the server was not
    /// asked; otherwise the response was outdated when it arrived, and another attempt helps.
    #[error("not in the cache")]
    NotCached,
}

impl From<cynic_cache::ResponseError> for QueryError {
    fn from(error: cynic_cache::ResponseError) -> Self {
        match error {
            cynic_cache::ResponseError::Operation(error) => Self::InvalidOperation(error),
            other => Self::Malformed(other.to_string()),
        }
    }
}

/// The reason why a calendar was not created, changed or deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarError {
    /// The calendar has appointments. Ask the user, then call
    /// [`crate::Client::delete_calendar_with_appointments`].
    #[error("{message}")]
    NotEmpty {
        /// A sentence for the user.
        message: String,
        /// The number of appointments in the calendar.
        appointments: i32,
    },
    /// The server refuses the change.
    #[error(transparent)]
    Refused(Refusal),
    /// The request failed. With [`QueryError::Transport`] the change may have been done all the
    /// same.
    #[error(transparent)]
    Request(#[from] QueryError),
}
