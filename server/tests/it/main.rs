//! End-to-end tests of the server: over real sockets, and of its binary as a process.
#![allow(missing_docs, unreachable_pub, reason = "nothing outside uses the tests")]
#![allow(clippy::print_stdout, reason = "tests print measurements and what they skip")]
#![allow(clippy::disallowed_methods, reason = "tasks end with their test")]

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
