//! A normalized cache for [cynic](https://docs.rs/cynic): optimistic, live, and not to be fooled by any race.

mod base;
mod cache;
mod collections;
mod core;
mod denormalize;
mod document;
mod error;
mod forget;
mod instant;
mod layers;
mod normalize;
mod policy;
mod prepared;
mod record;
mod requests;
mod rules;
mod schema;
mod shared;
mod snapshot;
mod view;
mod watch;

pub use base::Entered;
pub use cache::{Answered, Batch, Cache, Request, Retained, Scope};
pub use error::{AnswerError, OperationError, PredictionError, SetupError, SnapshotError};
pub use layers::{Draft, MutationId, Patch, Prediction, Status};
pub use normalize::ServerError;
pub use policy::{Collection, Policy};
pub use prepared::{Operable, Prepared};
pub use record::Revision;
pub use shared::Shared;
pub use view::{EntityKey, Lack, Missing, Stretch, View};
pub use watch::{Delta, Deltas, Statuses, Watch};
