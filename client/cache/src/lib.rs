//! A normalized GraphQL cache for [cynic](https://docs.rs/cynic), with optimistic updates and live
//! lists.
//!
#![doc = include_str!("../README.md")]
//!
//! # API overview
//!
//! - **Describe a schema**: [`Policy`], [`Collection`], [`ListField`].
//! - **Prepare an operation**: [`Cache::prepare`] returns [`Prepared`], with the document, the
//!   variables and the body of the request.
//! - **Read a query once**: [`Cache::read`] returns a [`View`]: complete, partial or missing, with
//!   its [`Gap`]s.
//! - **Watch a query**: [`Cache::watch`] returns a [`Watch`], a stream of views. See also
//!   [`Watch::view`], [`Watch::delta`] and [`Watch::statuses`].
//! - **Send a request**: [`Cache::begin`] returns [`InFlight`]; [`Cache::apply_response`] takes the
//!   response and returns [`Applied`].
//! - **Write other data**: [`Cache::write`], [`Batch::delete`], [`Batch::link`].
//! - **Follow the change log of a [`Scope`]**: [`Batch::follow`], [`Batch::apply_event`],
//!   [`Batch::advance`], [`Batch::reset`], [`Batch::unfollow`]; [`Cache::position`] and
//!   [`Cache::revision`].
//! - **Find out what to fetch**: [`Cache::missing_ranges`] and [`Watch::missing_ranges`] return
//!   [`ScopedRange`]s.
//! - **Predict a mutation**: [`Cache::predict`] with a [`Prediction`], a [`Patch`], or a closure
//!   over a [`Draft`].
//! - **End a prediction**: [`Batch::settle`], [`Batch::roll_back`]. A failed mutation has
//!   [`Batch::mark_failed`], [`Batch::mark_pending`] and [`Status`].
//! - **Apply changes together**: [`Cache::update`] with a [`Batch`].
//! - **Share allocations between views**: [`Shared`].
//! - **Bound memory**: [`Cache::limit`], [`Cache::evict_to`], [`Cache::retain`], [`Cache::stats`].
//! - **Persist the cache**: [`Cache::snapshot`], [`Cache::restore`].
//!
//! A predicted value cannot enter the stored data: the type system separates data that was parsed
//! from a response from data that was parsed from a prediction.

mod base;
mod batch;
mod cache;
mod collections;
mod core;
mod denormalize;
mod document;
mod error;
mod fingerprint;
mod in_flight;
mod instant;
mod layers;
mod memory;
mod normalize;
mod policy;
mod prepared;
mod record;
mod rules;
mod schema;
mod shared;
mod snapshot;
mod view;
mod watch;
mod watches;

pub use base::WriteOutcome;
pub use batch::{Applied, Batch, InFlight};
pub use cache::Cache;
pub use error::{OperationError, PredictionError, ResponseError, SetupError, SnapshotError};
pub use layers::{Draft, MutationId, Patch, Prediction, Status};
pub use memory::{CacheStats, RetainGuard};
pub use normalize::ServerError;
pub use policy::{Collection, ListField, Policy};
pub use prepared::{CynicOperation, Prepared};
pub use record::Revision;
pub use shared::Shared;
pub use view::{EntityKey, Gap, Gaps, Scope, ScopedRange, View};
pub use watch::{Deltas, Statuses, Watch};
pub use watches::Delta;
