//! The server as its users meet it: over real sockets, and its binary as a process.
#![allow(missing_docs, unreachable_pub, reason = "tests speak for themselves, to themselves")]

mod cases;
mod contract;
mod errors;
mod follow;
mod http;
mod kill;
mod operator;
mod properties;
mod slow;
mod stores;
mod variables;
mod world;
