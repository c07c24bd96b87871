//! Names of things: UUIDs, chosen by the client (version 7 is best) or by the server.
//!
//! Ids of calendars and appointments share one space. An id is read in its canonical form alone
//! (8-4-4-4-12, either case), so that an answer names a thing as its maker named it.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Instant;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Reads a canonical UUID; the error says what is wrong with it.
            pub fn parse(text: &str) -> Result<Self, String> {
                parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A calendar's id.
    CalendarId
}
id! {
    /// An appointment's id.
    AppointmentId
}
id! {
    /// The client's name for one attempt to change something (S10).
    MutationId
}
id! {
    /// The id of a calendar or an appointment, where it is not known which.
    EntityId
}

impl From<CalendarId> for EntityId {
    fn from(id: CalendarId) -> Self {
        Self(id.0)
    }
}

impl From<AppointmentId> for EntityId {
    fn from(id: AppointmentId) -> Self {
        Self(id.0)
    }
}

impl MutationId {
    /// When the id was made, if it tells: version 7 does, and no other version that is in use.
    pub fn timestamp(&self) -> Option<Instant> {
        if self.0.get_version_num() != 7 {
            return None;
        }
        let (seconds, _) = self.0.get_timestamp()?.to_unix();
        i64::try_from(seconds).ok().map(Instant::from_unix)
    }
}

fn parse(text: &str) -> Result<Uuid, String> {
    // Uuid::parse_str also takes braces, `urn:uuid:` and no hyphens, which we would answer changed.
    let id = (text.len() == 36).then(|| Uuid::parse_str(text).ok()).flatten();
    match id {
        Some(id) if id.is_nil() || id.is_max() => Err("must not be the nil or the max UUID".into()),
        Some(id) => Ok(id),
        None => Err("must be a UUID such as 0192f3c4-7a5b-7c3d-8e9f-a0b1c2d3e4f5".into()),
    }
}
