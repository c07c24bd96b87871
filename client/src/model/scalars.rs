//! The contract's scalars as Rust has them.

use serde::{Deserialize, Serialize};

use crate::schema;

/// An instant with whole seconds, in UTC.
pub type DateTime = chrono::DateTime<chrono::Utc>;

/// A position in a calendar's change log; its order is commit order.
pub type Revision = u64;

/// The name of an IANA time zone: `Europe/Vienna`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeZone(pub String);

impl TimeZone {
    /// The zone of this name. Whether there is one is seen when it is used.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

cynic::impl_scalar!(DateTime, schema::DateTime);
cynic::impl_scalar!(Revision, schema::Revision);
cynic::impl_scalar!(TimeZone, schema::TimeZone);
