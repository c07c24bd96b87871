//! Scalars of the GraphQL contract as Rust types.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::schema;

/// An instant in UTC. The contract has whole seconds.
pub type DateTime = chrono::DateTime<chrono::Utc>;

/// A position in a calendar's change log. Later changes have greater revisions; the first is 1.
pub type Revision = u64;

/// The name of an IANA time zone, such as `Europe/Vienna`.
///
/// The server validates the name when it is used in a mutation.
///
/// ```
/// use appointments_client::TimeZone;
///
/// assert_eq!(TimeZone::from("Europe/Vienna").as_str(), "Europe/Vienna");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeZone(String);

impl TimeZone {
    /// Creates a time zone from its IANA name, without validation.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Returns the IANA name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for TimeZone {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl From<&str> for TimeZone {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for TimeZone {
    fn from(name: String) -> Self {
        Self(name)
    }
}

cynic::impl_scalar!(DateTime, schema::DateTime);
cynic::impl_scalar!(Revision, schema::Revision);
cynic::impl_scalar!(TimeZone, schema::TimeZone);
