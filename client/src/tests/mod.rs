//! Tests of the whole client in one thread and in virtual time.
//!
//! `random` plays worlds that are drawn from a seed. `scripted` plays scenarios step by step. Both
//! talk to the model server in `model_server`, which is compared with the real server there.

mod calendars;
mod custom_operations;
mod model_server;
mod random;
mod scripted;

pub(crate) use model_server::real_server::RealServer;
pub(crate) use scripted::scenario::{CALENDAR, Scenario};
