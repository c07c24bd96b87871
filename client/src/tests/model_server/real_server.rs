//! The real server, in the same program, with a database of its own.

use std::net::SocketAddr;

use appointments_server::clock::Clock;
use appointments_server::config::Cli;
use appointments_server::server::Server;
use clap::Parser;
use tempfile::TempDir;

/// A server, and its folder.
pub(crate) struct Real {
    server: Server,
    _folder: TempDir,
}

impl Real {
    pub(crate) async fn start(clock: Clock) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.db");
        let flags = ["appointments-server", "--listen", "127.0.0.1:0", "--database"];
        let settings = Cli::parse_from(flags.into_iter().chain(file.to_str())).serve;
        let server = Server::start(&settings, clock).await.expect("it starts");
        Self { server, _folder: folder }
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
