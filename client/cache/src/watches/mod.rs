//! What the cache keeps of each watch, and how a change finds those that show it.

mod compare;
mod delta;
mod list;
mod notify;
mod state;
mod walk;

pub use delta::Delta;
pub(crate) use notify::{EntityChange, WatchId, Watches};
pub(crate) use state::{LastView, WatchState};
