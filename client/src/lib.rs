//! The Rust client of the appointments service, for desktop programs, servers and browsers.
#![doc = include_str!("../README.md")]
//!
//! # Your own GraphQL operations
//!
//! [`Client::query`], [`Client::mutate`] and [`Client::subscribe`] accept any operation that cynic
//! can build. The module [`schema`] is the contract, against which your fragments are checked at
//! compile time. Register the schema under the same name in your own build script:
//! `cynic_codegen::register_schema("appointments").from_sdl_file("schema.graphql")`. The server
//! serves the file at `/schema.graphql`.
//!
//! ```
//! use appointments_client::schema;
//!
//! #[derive(cynic::QueryFragment)]
//! #[cynic(schema = "appointments", graphql_type = "Query")]
//! struct DefaultCalendar {
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
//! let operation = DefaultCalendar::build(());
//! assert!(operation.query.contains("calendar"));
//! ```
#![warn(missing_debug_implementations)]

/// The GraphQL contract, for cynic's derive macros.
#[allow(missing_docs, missing_debug_implementations, reason = "generated from schema.graphql")]
#[cynic::schema("appointments")]
pub mod schema {}

mod api;
mod driver;
mod engine;
mod model;
mod mutation;
mod optimistic;
mod runtime;
#[cfg(test)]
mod tests;
pub mod transport;
mod wire;

pub use api::appointment::{AppointmentHandle, AppointmentView, AppointmentWatch};
pub use api::calendar::CalendarHandle;
pub use api::calendars::CalendarsWatch;
pub use api::client::{Client, ClientBuilder};
pub use api::custom::{FetchPolicy, Subscription};
pub use api::pending_mutation::PendingMutation;
pub use api::range_watch::{RangeView, RangeWatch};
pub use cynic_cache::{Delta, Shared, Status};
pub use model::appointment::{Appointment, AppointmentStatus, Attendee, AttendeeResponse};
pub use model::calendar::{Calendar, CalendarChanges, NewCalendar, OverlapPolicy};
pub use model::connection::ConnectionStatus;
pub use model::error::{BuildError, CalendarError, QueryError, TransportError};
pub use model::id::{AppointmentId, CalendarId, MutationId};
pub use model::input::{AppointmentChanges, NewAppointment};
pub use model::maybe::Maybe;
pub use model::outbox::{MutationKind, OutboxEntry, OutboxState};
pub use model::refusal::{InputProblem, Refusal, SlotConflict};
pub use model::scalars::{DateTime, Revision, TimeZone};
