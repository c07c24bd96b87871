//! Helpers that the tests of the server and of the page share with the benchmarks.
//!
//! - [`ServerProcess`] runs a server as a process of its own.
//! - [`TcpProxy`] holds back, cuts or blocks the traffic of a TCP connection.
//! - [`CountingTransport`] counts what a client requests and receives.
//! - [`http_client`] sends requests to a server under test.

#![allow(clippy::disallowed_methods, reason = "the tasks of a test end with its runtime")]

mod counting_transport;
mod http_client;
mod server_process;
mod tcp_proxy;

pub use counting_transport::{CountingTransport, Traffic};
pub use http_client::{http_client, http_client_builder};
pub use server_process::ServerProcess;
pub use tcp_proxy::TcpProxy;
