//! A model of the server for tests, and a test that compares it with the real one.

mod conformance;
pub(super) mod log;
pub(crate) mod real_server;
pub(super) mod server;
