//! The calendar page in a real Chromium, against the real server.
#![allow(missing_docs, unreachable_pub, reason = "tests speak for themselves, to themselves")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what was left out is said")]
#![allow(clippy::disallowed_methods, reason = "a test ends with its tasks")]

mod appearance;
mod browser;
mod gestures;
mod graphiql;
mod load;
mod multi_window;
mod smoke;
mod speed;
mod views;
mod world;
mod zones;
