//! What the cache keeps of each watch, and how a change finds those that show it.

mod compare;
mod delta;
mod list;
mod state;
mod tell;
mod walk;

pub use delta::Delta;
pub(crate) use state::{LastView, WatchState};
pub(crate) use tell::{Moved, WatchId, Watches};
