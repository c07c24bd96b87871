//! The server as its users meet it: over real sockets, and its binary as a process.
#![allow(missing_docs, unreachable_pub, reason = "tests speak for themselves, to themselves")]
#![allow(clippy::print_stdout, reason = "figures of what was run")]
#![allow(clippy::disallowed_methods, reason = "a test ends with its tasks")]

mod abuse;
mod cases;
mod chance;
mod clients;
mod cluster;
mod contract;
mod errors;
mod follow;
mod home;
mod http;
mod kill;
mod line;
mod observed;
mod operator;
mod others;
mod page;
mod people;
mod process;
mod properties;
mod readme;
mod replicas;
mod sdk;
mod slow;
mod socket;
mod stores;
mod variables;
mod world;
