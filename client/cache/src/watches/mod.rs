//! Watches: the state of each watch, and the indexes that find the watches that a change affects.

mod compare;
mod delta;
mod list;
mod notify;
mod state;
mod walk;

pub use delta::Delta;
pub(crate) use notify::{EntityChange, WatchId, Watches};
pub(crate) use state::{LastView, WatchState};
