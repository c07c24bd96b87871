//! A normalized cache for cynic: optimistic, live, and not to be fooled by any race.
//!
#![doc = include_str!("../README.md")]
//!
//! # The whole interface
//!
//! | to | there is |
//! |---|---|
//! | teach it a schema | [`Policy`], [`Collection`] |
//! | make an operation ready | [`Cache::prepare`] → [`Prepared`]: its document, its variables, its body |
//! | look | [`Cache::read`] → [`View`]: complete, partial or missing, and its [`Gap`]s |
//! | follow | [`Cache::watch`] → [`Watch`]: a stream of views; [`Watch::view`], [`Watch::delta`], [`Watch::statuses`] |
//! | tell what the server said | [`Cache::begin`] → [`InFlight`]; [`Batch::apply_response`], [`Batch::write`], [`Batch::apply_event`], [`Batch::delete`] |
//! | tell how far a log was heard | [`Scope`]; [`Batch::follow`], [`Batch::unfollow`], [`Batch::advance`], [`Batch::reset`], [`Cache::position`]; [`Cache::revision`] of an entity |
//! | know what to ask for | [`Cache::missing_ranges`], [`Watch::missing_ranges`] → [`ScopedRange`] |
//! | show what is expected | [`Cache::predict`] with a [`Prediction`], a [`Patch`], or a closure over a [`Draft`] |
//! | end that | [`Batch::settle`], [`Batch::roll_back`], [`Batch::mark_failed`], [`Batch::mark_pending`]; [`Status`] |
//! | do several of these at once | [`Cache::update`] → [`Batch`] |
//! | keep an allocation | [`Shared`] |
//! | bound memory | [`Cache::limit`], [`Cache::evict_to`], [`Cache::retain`], [`Cache::stats`] |
//! | live through a restart | [`Cache::snapshot`], [`Cache::restore`] |
//!
//! A predicted value cannot enter the base: the doors of the base take what was read from the bytes of an
//! answer, which is another type than what was read from a prediction, and neither can be made otherwise.

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
pub use cache::{Cache, CacheStats, RetainGuard};
pub use error::{OperationError, PredictionError, ResponseError, SetupError, SnapshotError};
pub use layers::{Draft, MutationId, Patch, Prediction, Status};
pub use normalize::ServerError;
pub use policy::{Collection, ListField, Policy};
pub use prepared::{CynicOperation, Prepared};
pub use record::Revision;
pub use shared::Shared;
pub use view::{EntityKey, Gap, Gaps, Scope, ScopedRange, View};
pub use watch::{Deltas, Statuses, Watch};
pub use watches::Delta;
