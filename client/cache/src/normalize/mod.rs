//! Normalizing: turns the bytes of a response into records, in one pass and without a JSON tree.
//!
//! **Invariant:** nothing here changes a record of the base. The result is [`Staged`]; a malformed
//! response returns an error and leaves the base as it was.

mod object;
mod seed;
mod writer;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use crate::document::{Bound, Listing};
use crate::error::ResponseError;
use crate::record::{EntityId, Record, Revision, Store};
use seed::ValueSeed;
use writer::Writer;

/// Marks data from the server. Only [`parse_response`] creates it.
pub(crate) struct FromServer(());

/// Marks data from a prediction. Only [`parse_prediction`] creates it; the base does not accept it.
pub(crate) struct FromPrediction(());

/// Records and lists that were parsed but not stored yet, marked with their origin.
pub(crate) struct Staged<Origin> {
    /// An entity comes before the entities that refer to it.
    pub(crate) records: Vec<StagedRecord>,
    pub(crate) listings: Vec<StagedListing>,
    /// Entities that got their number while this was parsed.
    new_entities: Vec<EntityId>,
    origin: PhantomData<Origin>,
}

/// The new content of one entity.
pub(crate) struct StagedRecord {
    pub(crate) entity: EntityId,
    /// `None` if the base has the same content already.
    pub(crate) record: Option<Record>,
}

/// The list of a collection, as the response has it.
pub(crate) struct StagedListing {
    pub(crate) listing: Arc<Listing>,
    /// The key of the scope; `None` if neither an argument nor a parent entity names it.
    pub(crate) scope: Option<Arc<str>>,
    /// The revision at which the server read the list; `None` if the response does not have it.
    pub(crate) position: Option<Revision>,
    pub(crate) members: Vec<EntityId>,
    /// The other fields of the object around the list; `None` if there is no such object.
    pub(crate) envelope: Option<Record>,
    /// Whether the list has all its members. If a field failed, absence proves nothing.
    pub(crate) is_complete: bool,
}

/// A GraphQL error from the server, reported beside the data or instead of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ServerError {
    /// The server's description of the error.
    pub message: String,
    /// The field that failed, as names and list indices; `None` if the whole request failed.
    #[serde(default)]
    pub path: Option<Vec<serde_json::Value>>,
    /// Further details from the server, such as an error code.
    #[serde(default)]
    pub extensions: Option<serde_json::Value>,
}

/// One step of a path in a response.
#[derive(Clone, Debug, PartialEq)]
enum Segment {
    Name(Arc<str>),
    Index(u64),
}

type ErrorPath = Vec<Segment>;

/// Parses a response: `{"data": …, "errors": …}`.
///
/// # Errors
///
/// The response is not JSON, or does not have what the operation selects.
pub(crate) fn parse_response(
    store: &mut Store,
    bound: &Bound,
    text: &[u8],
) -> Result<(Staged<FromServer>, Vec<ServerError>), ResponseError> {
    let text = std::str::from_utf8(text).map_err(|it| ResponseError::Malformed(it.to_string()))?;
    let mut failed_paths = Vec::new();
    loop {
        let mut writer = Writer::new(store, bound, &failed_paths, false);
        let mut input = serde_json::Deserializer::from_str(text);
        let parts = ResponseSeed { writer: &mut writer }
            .deserialize(&mut input)
            .and_then(|it| input.end().map(|()| it));
        let Writer { records, listings, new_entities, error_path, .. } = writer;
        let staged = Staged { records, listings, new_entities, origin: PhantomData };
        match parts {
            // Errors may follow the data, and a null in the data can mean "failed". So the data is
            // parsed a second time, with the paths of the errors known.
            Ok(parts)
                if failed_paths.is_empty() && parts.errors.iter().any(|it| it.path.is_some()) =>
            {
                staged.discard(store);
                failed_paths = parts.errors.iter().filter_map(parse_path).collect();
                if failed_paths.is_empty() {
                    return Err(ResponseError::Malformed(
                        "the path of an error has neither names nor indices".to_owned(),
                    ));
                }
            }
            Ok(parts) if parts.has_data || !parts.errors.is_empty() => {
                return Ok((staged, parts.errors));
            }
            Ok(_) => {
                staged.discard(store);
                let message = "the response has neither `data` nor `errors`".to_owned();
                return Err(ResponseError::Malformed(message));
            }
            Err(error) => {
                staged.discard(store);
                return Err(ResponseError::Malformed(describe_error(&error_path, &error)));
            }
        }
    }
}

/// Parses a predicted response: the JSON of a mutation's fragment.
///
/// # Errors
///
/// Returns the reason if the JSON does not fit the operation's selection.
pub(crate) fn parse_prediction(
    store: &mut Store,
    bound: &Bound,
    text: &str,
) -> Result<Staged<FromPrediction>, String> {
    let mut writer = Writer::new(store, bound, &[], true);
    let mut input = serde_json::Deserializer::from_str(text);
    let result = ValueSeed::root(&mut writer).deserialize(&mut input);
    let Writer { records, listings, new_entities, error_path, .. } = writer;
    let staged = Staged { records, listings, new_entities, origin: PhantomData };
    match result {
        Ok(_) => Ok(staged),
        Err(error) => {
            staged.discard(store);
            Err(describe_error(&error_path, &error))
        }
    }
}

/// Formats an error with the path of the field in which it occurred.
fn describe_error(error_path: &[Arc<str>], error: &serde_json::Error) -> String {
    match error_path {
        [] => error.to_string(),
        _ => format!(
            "`{}`: {error}",
            error_path.iter().rev().map(|it| &**it).collect::<Vec<_>>().join(".")
        ),
    }
}

impl<Origin> Staged<Origin> {
    /// Releases the entities that were registered while parsing.
    pub(crate) fn discard(self, store: &mut Store) {
        for entity in self.new_entities {
            store.entities.release(entity);
        }
    }
}

fn parse_path(error: &ServerError) -> Option<ErrorPath> {
    let segment = |it: &serde_json::Value| match it {
        serde_json::Value::String(name) => Some(Segment::Name(name.as_str().into())),
        other => other.as_u64().map(Segment::Index),
    };
    error.path.as_ref()?.iter().map(segment).collect()
}

/// The parts of a response that are not records.
struct ResponseParts {
    has_data: bool,
    errors: Vec<ServerError>,
}

struct ResponseSeed<'w, 'a> {
    writer: &'w mut Writer<'a>,
}

impl<'de> DeserializeSeed<'de> for ResponseSeed<'_, '_> {
    type Value = ResponseParts;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ResponseParts, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ResponseSeed<'_, '_> {
    type Value = ResponseParts;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a response: an object with `data`, `errors` or both")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<ResponseParts, A::Error> {
        let mut parts = ResponseParts { has_data: false, errors: Vec::new() };
        let mut has_seen_data = false;
        while let Some(name) = entries.next_key::<std::borrow::Cow<'de, str>>()? {
            match &*name {
                "data" if has_seen_data => return Err(A::Error::duplicate_field("data")),
                "data" => {
                    has_seen_data = true;
                    entries.next_value_seed(ValueSeed::root(self.writer))?;
                    parts.has_data = true;
                }
                "errors" => {
                    parts.errors = entries.next_value::<Option<_>>()?.unwrap_or_default();
                }
                _ => {
                    entries.next_value::<serde::de::IgnoredAny>()?;
                }
            }
        }
        Ok(parts)
    }
}
