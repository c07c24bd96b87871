//! [`Maybe`]: whether a nullable field keeps its value, is cleared, or is set.

use cynic::coercions::CoercesTo;
use cynic::schema::IsScalar;
use serde::{Serialize, Serializer};

/// A change of a nullable field. GraphQL tells an absent field from `null`, and so does this type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Maybe<T> {
    /// The field keeps its value; it is left out of the request.
    #[default]
    Keep,
    /// The field is cleared; the request says `null`.
    Clear,
    /// The field gets this value.
    Set(T),
}

impl<T> Maybe<T> {
    pub(crate) fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T: Serialize> Serialize for Maybe<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // `skip_serializing_if` leaves `Keep` out before it gets here.
            Self::Keep | Self::Clear => serializer.serialize_none(),
            Self::Set(value) => serializer.serialize_some(value),
        }
    }
}

impl<T: CoercesTo<L>, L> CoercesTo<Option<L>> for Maybe<T> {}

impl<T: IsScalar<L>, L> IsScalar<L> for Maybe<T> {
    type SchemaType = T::SchemaType;
}

impl<T> From<Option<T>> for Maybe<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

/// Writes a [`Maybe`] to a snapshot: an empty list for `Keep`, else a list of one value or `null`.
pub(crate) mod as_list {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Maybe;

    pub(crate) fn serialize<S: Serializer>(
        maybe: &Maybe<String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let list: &[Option<&String>] = match maybe {
            Maybe::Keep => &[],
            Maybe::Clear => &[None],
            Maybe::Set(value) => &[Some(value)],
        };
        list.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Maybe<String>, D::Error> {
        let list = Vec::<Option<String>>::deserialize(deserializer)?;
        Ok(list.into_iter().next().map_or(Maybe::Keep, Into::into))
    }
}
