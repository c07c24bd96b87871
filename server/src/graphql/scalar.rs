//! The contract's scalars.
//!
//! `DateTime` and `TimeZone` accept any JSON string and keep its text. `domain` parses it, so that
//! an invalid one is reported with its path, together with all other invalid fields (S15). One type
//! per scalar serves input and output: two types of one name would make the schema builder panic.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::domain;

/// Defines a scalar that accepts any JSON string.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident) => {
        #[derive(Clone, Debug)]
        pub(super) struct $name(pub(super) String);

        $(#[$doc])*
        #[Scalar]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                match value {
                    Value::String(text) => Ok(Self(text)),
                    other => Err(InputValueError::expected_type(other)),
                }
            }

            fn is_valid(value: &Value) -> bool {
                matches!(value, Value::String(_))
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }
    };
}

text! {
    /// An RFC 3339 timestamp with an offset and whole seconds, such as 2026-11-23T09:30:00Z.
    /// Responses always use UTC (Z).
    DateTime
}

text! {
    /// An IANA time zone name, such as Europe/Berlin.
    TimeZone
}

impl From<domain::Instant> for DateTime {
    fn from(at: domain::Instant) -> Self {
        Self(at.to_string())
    }
}

impl From<domain::Zone> for TimeZone {
    fn from(zone: domain::Zone) -> Self {
        Self(zone.name().to_owned())
    }
}

/// The contract's scalar `Revision`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Revision(pub(super) domain::Revision);

/// A position in a calendar's change log: a JSON integer from 0 to 2^53 - 1, in the order of
/// commits.
#[Scalar]
impl ScalarType for Revision {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::Number(number) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        let revision = number.as_u64().and_then(domain::Revision::new);
        revision.map(Self).ok_or_else(|| {
            InputValueError::custom("a revision is a whole number from 0 to 2^53 - 1")
        })
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::Number(_))
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.get().into())
    }
}
