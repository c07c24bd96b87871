//! Scripted tests: a program with the public client talks to the model server, and each test says
//! what happens next.

mod cases;
pub(crate) mod fake_transport;
mod offline;
mod races;
pub(crate) mod scenario;
