//! Data types of the public API: what callers pass in and what they get back.

pub(crate) mod appointment;
pub(crate) mod calendar;
pub(crate) mod connection;
pub(crate) mod error;
pub(crate) mod id;
pub(crate) mod input;
pub(crate) mod maybe;
pub(crate) mod outbox;
pub(crate) mod refusal;
pub(crate) mod scalars;
