//! Starts the server's binary as a process.

use std::path::{Path, PathBuf};

pub use appointments_testing::ServerProcess;
use appointments_testing::TcpProxy;
use serde_json::{Value, json};
use tokio::process::Command;

pub const BINARY: &str = env!("CARGO_BIN_EXE_appointments-server");

/// Starts a server on a free port.
pub async fn start(database: &Path) -> ServerProcess {
    ServerProcess::start(BINARY, database).await.unwrap()
}

/// Starts a server at an address, such as that of an earlier one.
pub async fn start_at(database: &Path, address: &str) -> ServerProcess {
    ServerProcess::spawn(ServerProcess::command(BINARY, database, address)).await.unwrap()
}

/// Starts a server on a free port with further settings.
pub async fn start_with(database: &Path, set: impl FnOnce(&mut Command)) -> ServerProcess {
    let mut command = ServerProcess::command(BINARY, database, "127.0.0.1:0");
    set(&mut command);
    ServerProcess::spawn(command).await.unwrap()
}

/// Sends a query to a server, and returns the whole response.
pub async fn query(url: &str, query: &str) -> Value {
    let request = appointments_testing::http_client().post(url).json(&json!({ "query": query }));
    request.send().await.unwrap().json().await.unwrap()
}

/// Starts a proxy to a database such as `postgres://postgres@127.0.0.1:5432/it`. Returns it with
/// the URL of the database behind it.
pub async fn proxy_to(database: &Path) -> (TcpProxy, PathBuf) {
    let (user, rest) = database.to_str().unwrap().split_once('@').unwrap();
    let (address, name) = rest.split_once('/').unwrap();
    let proxy = TcpProxy::start(address).await.unwrap();
    let url = format!("{user}@{}/{name}", proxy.address());
    (proxy, url.into())
}
