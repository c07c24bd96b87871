//! The real binary, as a process.

use std::path::Path;
use std::process::Stdio;

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
        Self::start_at(database, "127.0.0.1:0").await
    }

    /// Starts one where another was.
    pub async fn start_at(database: &Path, address: &str) -> Self {
        let mut child = Command::new(BINARY)
            .args(["--listen", address, "--log", "warn", "--database"])
            .arg(database)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
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
