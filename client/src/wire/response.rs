//! Answers, looked at from outside: is there data, and what does the server say that it could not do?

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::model::error::QueryError;

/// The kind of an entry of `errors`, from its `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// A range, or what is in it, is more than an answer holds.
    RangeTooLarge,
    /// Not now; the same again may do.
    Later,
    /// Never; the request is wrong.
    Wrong,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: Option<T>,
    errors: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    message: String,
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    code: Option<String>,
}

impl Entry {
    fn code(&self) -> Code {
        match self.extensions.as_ref().and_then(|it| it.code.as_deref()) {
            Some("RANGE_TOO_LARGE") => Code::RangeTooLarge,
            Some("UNAVAILABLE" | "TIMEOUT" | "INTERNAL") => Code::Later,
            _ => Code::Wrong,
        }
    }
}

impl Code {
    /// Of the first error of an answer.
    pub(crate) fn of(answer: &[u8]) -> Option<Self> {
        let answer: Answer<IgnoredAny> = serde_json::from_slice(answer).ok()?;
        answer.errors?.first().map(Entry::code)
    }
}

/// The data of an answer, if it is whole.
pub(crate) fn data<T: DeserializeOwned>(answer: &[u8]) -> Option<T> {
    serde_json::from_slice::<Answer<T>>(answer).ok()?.data
}

/// The data of an answer, or what the server says instead.
pub(crate) fn whole<T: DeserializeOwned>(answer: &[u8]) -> Result<T, QueryError> {
    let Answer { data, errors } =
        serde_json::from_slice::<Answer<T>>(answer).map_err(|_| QueryError::Unknown)?;
    match errors.into_iter().flatten().next() {
        Some(error) => Err(QueryError::Server(error.message)),
        None => data.ok_or(QueryError::Unknown),
    }
}

/// What came back of a mutation.
pub(crate) enum Came<T> {
    Data(T),
    /// Nothing that decides anything: the same is to be sent again.
    Nothing,
    /// The server does not take it; in its words.
    Rejected(String),
}

/// Reads the answer to a mutation.
pub(crate) fn came<T: DeserializeOwned>(answer: &[u8]) -> Came<T> {
    // Not what GraphQL answers: something stands between, and says that it cannot reach the server.
    let Ok(answer) = serde_json::from_slice::<Answer<T>>(answer) else { return Came::Nothing };
    match (answer.data, answer.errors.as_deref()) {
        (Some(data), _) => Came::Data(data),
        (None, Some([first, ..])) if first.code() == Code::Wrong => {
            Came::Rejected(first.message.clone())
        }
        _ => Came::Nothing,
    }
}
