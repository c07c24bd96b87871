//! The types of ids. Each kind of id has its own type, so that the compiler finds a mix-up.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::schema;

/// Defines an id: a string on the wire, a type of its own in Rust.
macro_rules! define_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Returns the id as the server writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<&String> for $name {
            fn from(id: &String) -> Self {
                Self(id.clone())
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl cynic::schema::IsScalar<schema::ID> for $name {
            type SchemaType = schema::ID;
        }

        impl cynic::coercions::CoercesTo<schema::ID> for $name {}

        impl cynic::coercions::CoercesTo<Option<schema::ID>> for $name {}

        impl schema::variable::Variable for $name {
            const TYPE: cynic::variables::VariableType =
                cynic::variables::VariableType::Named("ID");
        }
    };
}

define_id! {
    /// The id of an appointment: a UUID that never changes.
    ///
    /// The client chooses it, so it is known before the server knows the appointment.
    ///
    /// ```
    /// use appointments_client::AppointmentId;
    ///
    /// let id = AppointmentId::from("0199aa00-0000-7000-8000-000000000001");
    /// assert_eq!(id.as_str(), id.to_string());
    /// ```
    AppointmentId
}

define_id! {
    /// The id of a calendar: a UUID that never changes.
    CalendarId
}

define_id! {
    /// The id of a mutation in the outbox: a UUID of version 7, which contains its creation time.
    ///
    /// The server remembers the id for some time and performs each mutation at most once.
    MutationId
}
