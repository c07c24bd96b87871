//! The servers under load, as processes of their own: started, asked what they cost, and killed
//! when they are dropped.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::Result;
use crate::cases::Api;

const START: Duration = Duration::from_secs(20);

/// A server that listens.
pub(crate) struct Server {
    process: Child,
    pid: u32,
    pub(crate) api: Api,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts the server that is measured, with the settings that everybody gets.
    pub(crate) async fn appointments(program: &Path, database: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--database"]).arg(database);
        Self::start(Api::GraphQl, command).await
    }

    /// Starts this program as the server it is compared with.
    pub(crate) async fn bare(database: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bare", "--database"]).arg(database);
        Self::start(Api::Bare, command).await
    }

    async fn start(api: Api, mut command: Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let program = command.as_std().get_program().to_owned();
        let mut process = command
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let pid = process.id().ok_or("a server ended at once")?;
        let stdout = process.stdout.take().ok_or("a server has no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = timeout(START, listening(&mut lines))
            .await
            .map_err(|_| "a server did not say in time where it listens")??;
        // Whatever else it prints is read too: a closed pipe would end it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { process, pid, api, address })
    }

    /// Ends it; the database recovers when it is opened again.
    pub(crate) async fn stop(mut self) -> Result<()> {
        Ok(self.process.kill().await?)
    }

    /// The time that its threads have run, to a tick of the clock (10 ms).
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The program's name may hold anything, so fields are counted from its bracket: the first
        // is the state, the 12th and 13th are utime and stime (proc_pid_stat(5)).
        let (_, fields) = stat.rsplit_once(')').ok_or("/proc/PID/stat has another shape")?;
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(str::parse::<u64>)
            .sum::<Result<u64, _>>()?;
        let per_second = rustix::param::clock_ticks_per_second();
        Ok(Duration::from_secs_f64(ticks as f64 / per_second as f64))
    }

    /// Its memory in bytes, without what the kernel holds for it.
    pub(crate) fn resident(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let size = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = size.and_then(|it| it.split_whitespace().next());
        Ok(kilobytes.ok_or("/proc/PID/status has no VmRSS")?.parse::<u64>()? * 1024)
    }
}

/// Makes an empty database with the server's tables.
pub(crate) async fn migrate(program: &Path, database: &Path) -> Result<()> {
    let mut command = Command::new(program);
    command.args(["migrate", "--database"]).arg(database).kill_on_drop(true);
    let done = command
        .output()
        .await
        .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("the migration failed: {}", String::from_utf8_lossy(&done.stderr)).into())
}

/// Copies a file to a database of PostgreSQL with nothing in it.
pub(crate) async fn copy(program: &Path, file: &Path, to: &Path) -> Result<()> {
    let mut command = Command::new(program);
    command.arg("copy").arg("--from").arg(file).arg("--to").arg(to).kill_on_drop(true);
    let done = command.output().await?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("the copy failed: {}", String::from_utf8_lossy(&done.stderr)).into())
}

/// Lets this process, and those that it starts, have so many files and sockets open.
pub(crate) fn allow_files(wanted: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|it| it >= wanted) {
        return Ok(());
    }
    let raised = Rlimit { current: Some(wanted), maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised)
        .map_err(|error| format!("{wanted} open files are needed (ulimit -n): {error}").into())
}

async fn listening(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<SocketAddr> {
    while let Some(line) = lines.next_line().await? {
        if let Some(address) = address(line.trim()) {
            return Ok(address);
        }
    }
    Err("a server ended before it listened".into())
}

/// `GraphQL    http://127.0.0.1:1234/graphql` of the one, `listening 127.0.0.1:1234` of the other.
fn address(line: &str) -> Option<SocketAddr> {
    let text = match line.strip_prefix("GraphQL ") {
        Some(url) => url.trim_start().strip_prefix("http://")?.strip_suffix("/graphql")?,
        None => line.strip_prefix("listening ")?,
    };
    text.parse().ok()
}
