//! The servers under load, each a process of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use appointments_bench::Result;
use appointments_testing::ServerProcess;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::process::Command;

use crate::cases::Api;

/// A server that listens.
pub(crate) struct Server {
    process: ServerProcess,
    pub(crate) api: Api,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts the appointments server with its default settings.
    pub(crate) async fn appointments(program: &Path, database: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--database"]).arg(database);
        Self::start(Api::GraphQl, command).await
    }

    /// Starts this program as the baseline.
    pub(crate) async fn baseline(database: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["baseline", "--database"]).arg(database);
        Self::start(Api::Baseline, command).await
    }

    async fn start(api: Api, command: Command) -> Result<Self> {
        let process = ServerProcess::spawn(command).await?;
        Ok(Self { api, address: process.address(), process })
    }

    /// Kills the process. The database recovers when it is opened again.
    pub(crate) async fn stop(self) -> Result<()> {
        Ok(self.process.kill().await?)
    }

    /// Returns the CPU time of all threads, in steps of 10 ms.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The program's name in parentheses may contain anything, so the fields after it count. The
        // first is the state; the 12th and the 13th are utime and stime (proc_pid_stat(5)).
        let (_, fields) = stat.rsplit_once(')').ok_or("/proc/PID/stat has an unknown format")?;
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(str::parse::<u64>)
            .sum::<Result<u64, _>>()?;
        let ticks_per_second = rustix::param::clock_ticks_per_second();
        Ok(Duration::from_secs_f64(ticks as f64 / ticks_per_second as f64))
    }

    /// Returns the memory of the process in bytes, without buffers of the kernel.
    pub(crate) fn memory(&self) -> Result<usize> {
        Ok(self.process.memory()?)
    }
}

/// Creates an empty database with the server's tables.
pub(crate) async fn migrate(program: &Path, database: &Path) -> Result<()> {
    let mut command = Command::new(program);
    command.args(["migrate", "--database"]).arg(database);
    run(command, "the migration").await
}

/// Copies a SQLite file to an empty PostgreSQL database.
pub(crate) async fn copy(program: &Path, file: &Path, to: &Path) -> Result<()> {
    let mut command = Command::new(program);
    command.arg("copy").arg("--from").arg(file).arg("--to").arg(to);
    run(command, "the copy").await
}

async fn run(mut command: Command, name: &str) -> Result<()> {
    let output = command.kill_on_drop(true).output().await;
    let output = output.map_err(|error| format!("cannot start {name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{name} failed: {}", String::from_utf8_lossy(&output.stderr)).into())
}

/// Raises the limit of open files and sockets of this process and its children to `count`.
pub(crate) fn raise_file_limit(count: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|it| it >= count) {
        return Ok(());
    }
    let raised = Rlimit { current: Some(count), maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised)
        .map_err(|error| format!("cannot open {count} files; raise `ulimit -n`: {error}").into())
}
