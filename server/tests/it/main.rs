//! The server as its users meet it: over real sockets, and its binary as a process.
#![allow(missing_docs, unreachable_pub, reason = "tests speak for themselves, to themselves")]
#![allow(clippy::print_stdout, reason = "figures of what was run")]
#![allow(clippy::disallowed_methods, reason = "a test ends with its tasks")]

mod abuse;
mod cases;
mod cli;
mod cluster;
mod crash;
mod database;
mod errors;
mod http;
mod load;
mod observability;
mod page;
mod process;
mod properties;
mod readme;
mod replicas;
mod rust_client;
mod schema;
mod slow_subscriber;
mod socket;
mod stores;
mod subscriptions;
mod third_party_clients;
mod variables;
mod world;
