//! Data types of the public API: what callers pass in and get back.

pub(crate) mod appointment;
pub(crate) mod error;
pub(crate) mod input;
pub(crate) mod scalars;
