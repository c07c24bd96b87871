//! The public API: the client, its handles, and the streams that they return.

pub(crate) mod appointment;
pub(crate) mod calendar;
pub(crate) mod calendars;
pub(crate) mod client;
pub(crate) mod custom;
pub(crate) mod pending_mutation;
pub(crate) mod range_watch;
pub(crate) mod shared;
