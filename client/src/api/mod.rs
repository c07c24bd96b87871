//! The public API: a client, its handles, and the streams that they return.

pub(crate) mod appointment;
pub(crate) mod calendar;
pub(crate) mod calendars;
pub(crate) mod client;
pub(crate) mod custom;
