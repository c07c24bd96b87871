//! Normalizing: the bytes of an answer become records, in one pass and without a tree in between.
//!
//! **Invariant:** nothing here changes a record of the base. What comes out is [`Staged`]; a malformed
//! answer leaves nothing behind but an error.

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

/// What the server said. Only [`answer`] makes it, from the bytes of an answer.
pub(crate) struct FromServer(());

/// What a mutation is expected to answer. Only [`expected`] makes it, and no door of the base takes it.
pub(crate) struct FromPrediction(());

/// Records that are not yet in their place, and who says them.
pub(crate) struct Staged<Origin> {
    /// Inner ones before those that refer to them.
    pub(crate) records: Vec<StagedRecord>,
    pub(crate) listings: Vec<StagedListing>,
    /// Entities that were not known before.
    new_entities: Vec<EntityId>,
    origin: PhantomData<Origin>,
}

/// What is said of one entity.
pub(crate) struct StagedRecord {
    pub(crate) entity: EntityId,
    /// `None` if it is what the base says already.
    pub(crate) record: Option<Record>,
}

/// A collection's list.
pub(crate) struct StagedListing {
    pub(crate) listing: Arc<Listing>,
    pub(crate) scope: Option<Arc<str>>,
    pub(crate) position: Option<Revision>,
    pub(crate) members: Vec<EntityId>,
    /// The fields of the object around the list.
    pub(crate) envelope: Option<Record>,
    /// Whether all of it was told. If something failed_paths it says nothing of who is not in it.
    pub(crate) is_complete: bool,
}

/// An error that the server reports beside the data, or in place of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ServerError {
    /// What went error_path, for a person.
    pub message: String,
    /// Where in the answer: names and indices.
    #[serde(default)]
    pub path: Option<Vec<serde_json::Value>>,
    /// What else the server says of it, such as a code.
    #[serde(default)]
    pub extensions: Option<serde_json::Value>,
}

/// A step of a path in an answer.
#[derive(Clone, Debug, PartialEq)]
enum Segment {
    Name(Arc<str>),
    Index(u64),
}

type ErrorPath = Vec<Segment>;

/// Takes an answer apart: `{"data": …, "errors": …}`.
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
        let parts = ResponseSeed { writer: &mut writer }.deserialize(&mut input);
        let parts = parts.and_then(|it| input.end().map(|()| it));
        let Writer { records, listings, new_entities, error_path, .. } = writer;
        let staged = Staged { records, listings, new_entities, origin: PhantomData };
        match parts {
            // The specification lets errors come after the data; then the data is read again with them
            // in mind, since a null may then mean two things.
            Ok(parts)
                if failed_paths.is_empty() && parts.errors.iter().any(|it| it.path.is_some()) =>
            {
                staged.discard(store);
                failed_paths = parts.errors.iter().filter_map(parse_path).collect();
                if failed_paths.is_empty() {
                    return Err(ResponseError::Malformed("an error's path is none".to_owned()));
                }
            }
            Ok(parts) if parts.has_data || !parts.errors.is_empty() => {
                return Ok((staged, parts.errors));
            }
            Ok(_) => {
                staged.discard(store);
                let message = "it has neither data nor errors".to_owned();
                return Err(ResponseError::Malformed(message));
            }
            Err(error) => {
                staged.discard(store);
                return Err(ResponseError::Malformed(describe_error(&error_path, &error)));
            }
        }
    }
}

/// Takes apart what a mutation's fragment was serialized to.
pub(crate) fn parse_prediction(
    store: &mut Store,
    bound: &Bound,
    text: &str,
) -> Result<Staged<FromPrediction>, String> {
    let mut writer = Writer::new(store, bound, &[], true);
    let mut input = serde_json::Deserializer::from_str(text);
    let done = ValueSeed::root(&mut writer).deserialize(&mut input);
    let Writer { records, listings, new_entities, error_path, .. } = writer;
    let staged = Staged { records, listings, new_entities, origin: PhantomData };
    match done {
        Ok(_) => Ok(staged),
        Err(error) => {
            staged.discard(store);
            Err(describe_error(&error_path, &error))
        }
    }
}

/// An error, with the field in which it is.
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
    /// Leaves the base as if nothing had been staged.
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

/// The parts of an answer.
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
        out.write_str("an answer: an object with `data`, or `errors`, or both")
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
