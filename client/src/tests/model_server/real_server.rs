//! The real server, in the process of the test, with a temporary database.

use std::net::SocketAddr;

use appointments_server::clock::Clock;
use appointments_server::config::Cli;
use appointments_server::server::Server;
use clap::Parser;
use tempfile::TempDir;

/// A running server and the directory of its database.
pub(crate) struct RealServer {
    server: Server,
    _directory: TempDir,
}

impl RealServer {
    pub(crate) async fn start(clock: Clock) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("a.db");
        let flags = ["appointments-server", "--listen", "127.0.0.1:0", "--database"];
        let settings = Cli::parse_from(flags.into_iter().chain(file.to_str())).serve;
        let server = Server::start(&settings, clock).await.expect("the server starts");
        Self { server, _directory: directory }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/graphql", self.address())
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }
}
