//! The contract's scalars.
//!
//! `DateTime` and `TimeZone` take any JSON string and keep its text; `domain` decides what it is,
//! so that a wrong one is reported with its path beside every other wrong field (S15). One type
//! per scalar serves input and output: two under one name panic when the schema is built.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::domain;

/// A scalar that is any JSON string, until `domain` has read it.
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
    /// An instant, RFC 3339 with an offset and whole seconds: 2026-11-23T09:30:00Z. Answers are always in UTC (Z).
    DateTime
}

text! {
    /// An IANA time zone name: Europe/Berlin.
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

/// A revision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Revision(pub(super) domain::Revision);

/// A position in a calendar's change log: a JSON integer from 0 to 2^53 - 1. Its order is commit order.
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
