//! The real binary, as a process.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::world::PATIENCE;

pub const BINARY: &str = env!("CARGO_BIN_EXE_appointments-server");

/// A server that runs until it is killed or dropped.
pub struct Process {
    child: Child,
    /// Where its GraphQL is.
    pub url: String,
}

impl Process {
    /// Starts one on a free port, and waits until it says where it is.
    pub async fn start(database: &Path) -> Self {
        Self::start_with(database, |_| {}).await
    }

    /// Starts one where another was.
    pub async fn start_at(database: &Path, address: &str) -> Self {
        Self::spawn(database, address, |_| {}).await
    }

    /// Starts one with further settings.
    pub async fn start_with(database: &Path, set: impl FnOnce(&mut Command)) -> Self {
        Self::spawn(database, "127.0.0.1:0", set).await
    }

    async fn spawn(database: &Path, address: &str, set: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(BINARY);
        command.args(["--listen", address, "--log", "warn", "--database"]).arg(database);
        set(&mut command);
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some(url) = line.trim().strip_prefix("GraphQL ") {
                    return url.trim().to_owned();
                }
            }
            panic!("the server has not said where it listens");
        };
        let url = tokio::time::timeout(PATIENCE, url).await.expect("a start in time");
        Self { child, url }
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches("/graphql")
    }

    /// Bytes of memory that it has now.
    pub fn memory(&self) -> usize {
        let status = format!("/proc/{}/status", self.child.id().unwrap());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches("kB").trim().parse::<usize>().unwrap() * 1024
    }

    /// Asks it something.
    pub async fn ask(&self, query: &str) -> Value {
        let sent = reqwest::Client::new().post(&self.url).json(&json!({ "query": query }));
        sent.send().await.unwrap().json().await.unwrap()
    }

    /// SIGKILL, now.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM; answers the exit code.
    pub async fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
        assert!(sent.success());
        let ended = tokio::time::timeout(PATIENCE, self.child.wait());
        ended.await.expect("an end in time").unwrap().code()
    }
}
