//! The contract's scalars.
//!
//! `DateTime` and `TimeZone` take any JSON string and keep its text; `domain` decides what it is,
//! so that a wrong one is reported with its path beside every other wrong field (S15). One type
//! per scalar serves input and output: two under one name panic when the schema is built.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::domain;

/// An instant, as text.
#[derive(Clone, Debug)]
pub(super) struct DateTime(pub(super) String);

/// An instant, RFC 3339 with an offset and whole seconds: 2026-11-23T09:30:00Z. Answers are always in UTC (Z).
#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(value).map(Self)
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl From<domain::Instant> for DateTime {
    fn from(at: domain::Instant) -> Self {
        Self(at.to_string())
    }
}

/// A zone's name, as text.
#[derive(Clone, Debug)]
pub(super) struct TimeZone(pub(super) String);

/// An IANA time zone name: Europe/Berlin.
#[Scalar]
impl ScalarType for TimeZone {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(value).map(Self)
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
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

fn text<T: async_graphql::InputType>(value: Value) -> Result<String, InputValueError<T>> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(InputValueError::expected_type(other)),
    }
}
