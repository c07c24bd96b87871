//! Tests of the calendar page in Chromium, against the real server.
#![allow(missing_docs, unreachable_pub, reason = "a test crate has no users")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "skipped tests are reported")]
#![allow(clippy::disallowed_methods, reason = "the tasks of a test end with its runtime")]

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
