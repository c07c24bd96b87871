//! The appointments service, for Rust: every change at once.
#![doc = include_str!("../README.md")]
//!
//! # Fragments of your own
//!
//! [`schema`] is the contract; an application's own fragments are checked against it when they are compiled. For that cynic
//! must know it in that application's own build script, under the same name:
//! `cynic_codegen::register_schema("appointments").from_sdl_file("schema.graphql")`, with the file that the server
//! serves at `/schema.graphql`.
//!
//! ```
//! use appointments_client::schema;
//!
//! #[derive(cynic::QueryFragment)]
//! #[cynic(schema = "appointments", graphql_type = "Query")]
//! struct Today {
//!     calendar: Option<Calendar>,
//! }
//!
//! #[derive(cynic::QueryFragment)]
//! #[cynic(schema = "appointments")]
//! struct Calendar {
//!     id: cynic::Id,
//!     name: String,
//! }
//!
//! # use cynic::QueryBuilder;
//! let operation = Today::build(());
//! assert!(operation.query.contains("calendar"));
//! ```

/// The contract, as cynic's derives want it.
#[allow(missing_docs, reason = "it is made from schema.graphql, where its descriptions stand")]
#[cynic::schema("appointments")]
pub mod schema {}

mod api;
mod driver;
pub mod engine;
mod model;
mod mutation;
mod optimistic;
mod runtime;
#[cfg(test)]
mod tests;
pub mod transport;
mod wire;

pub use api::appointment::{AppointmentHandle, AppointmentView, AppointmentWatch};
pub use api::calendar::{Calendar, Pending, RangeView, RangeWatch};
pub use api::calendars::{CalendarChanges, CalendarsWatch, NewCalendar};
pub use api::client::{Builder, Client, Connection};
pub use api::custom::{FetchPolicy, Subscription};
pub use cynic_cache::{Delta, Shared, Status};
pub use engine::{Entry, EntryState, Verb};
pub use model::appointment::{
    Appointment, AppointmentStatus, Attendee, AttendeeResponse, CalendarInfo, OverlapPolicy,
};
pub use model::error::{BuildError, CalendarError, LineError, Outcome, QueryError, Refusal};
pub use model::input::{Changes, NewAppointment, Set};
pub use model::scalars::{DateTime, Revision, TimeZone};
pub use wire::operations::{InputProblem, SlotConflict};
