//! UUIDs of calendars, appointments and mutations, chosen by the client (version 7 is best) or by
//! the server.
//!
//! Calendars and appointments share one id space. Only the canonical form is accepted (8-4-4-4-12,
//! either case), so that a response spells an id as the client sent it.

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
            /// Parses a canonical UUID. The error is a sentence for a person.
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
    /// The id of a calendar.
    CalendarId
}
id! {
    /// The id of an appointment.
    AppointmentId
}
id! {
    /// The id that a client gives to one mutation; retries use the same id (S10).
    MutationId
}
id! {
    /// The id of a calendar or of an appointment.
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
    /// The time at which a version 7 id was generated. `None` for every other version.
    pub fn timestamp(&self) -> Option<Instant> {
        if self.0.get_version_num() != 7 {
            return None;
        }
        let (seconds, _) = self.0.get_timestamp()?.to_unix();
        i64::try_from(seconds).ok().map(Instant::from_unix)
    }
}

fn parse(text: &str) -> Result<Uuid, String> {
    // Uuid::parse_str also accepts braces, `urn:uuid:` and ids without hyphens. Responses would
    // spell those differently.
    let id = (text.len() == 36).then(|| Uuid::parse_str(text).ok()).flatten();
    match id {
        Some(id) if id.is_nil() || id.is_max() => {
            Err("The nil UUID and the max UUID cannot be used as ids.".into())
        }
        Some(id) => Ok(id),
        None => Err("Use a UUID such as 0192f3c4-7a5b-7c3d-8e9f-a0b1c2d3e4f5.".into()),
    }
}
