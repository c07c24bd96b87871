//! Runs a server as a process of its own.

use std::ffi::OsStr;
use std::io::{Error, Result};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// The longest time until a server listens.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// The longest time until a server has ended after SIGTERM.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// A server that runs as a process of its own. The process is killed when the value is dropped.
#[derive(Debug)]
pub struct ServerProcess {
    process: Child,
    id: u32,
    address: SocketAddr,
    /// The address of the GraphQL endpoint.
    pub url: String,
}

impl ServerProcess {
    /// Starts the appointments server on a free port, and waits until it listens.
    ///
    /// `program` is the server's binary. `database` is a file or a PostgreSQL URL.
    ///
    /// # Errors
    ///
    /// See [`ServerProcess::spawn`].
    pub async fn start(program: impl AsRef<OsStr>, database: &Path) -> Result<Self> {
        Self::spawn(Self::command(program, database, "127.0.0.1:0")).await
    }

    /// Returns a command for the appointments server, to which a caller may add settings.
    pub fn command(program: impl AsRef<OsStr>, database: &Path, address: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", address, "--log", "warn", "--database"]).arg(database);
        command
    }

    /// Starts a command, and waits until it prints a URL with the address on which it listens.
    ///
    /// # Errors
    ///
    /// Fails if the command does not start, ends early, or does not print a URL within 20 seconds.
    pub async fn spawn(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let program = command.as_std().get_program().to_owned();
        let mut process = command.spawn().map_err(|error| {
            Error::other(format!("cannot start {}: {error}", program.display()))
        })?;
        let id = process.id().ok_or_else(|| Error::other("the server ended at once"))?;
        let stdout = process.stdout.take();
        let stdout = stdout.ok_or_else(|| Error::other("the server has no standard output"))?;
        let mut lines = BufReader::new(stdout).lines();
        let address = timeout(START_TIMEOUT, read_address(&mut lines))
            .await
            .map_err(|_| Error::other("the server did not print its address in time"))??;
        // The server may print more later. A closed pipe would end it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { process, id, address, url: format!("http://{address}/graphql") })
    }

    /// Returns the address on which the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the id of the process.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Returns the memory of the process in bytes, without buffers of the kernel. Linux only.
    ///
    /// # Errors
    ///
    /// Fails if `/proc` cannot be read.
    pub fn memory(&self) -> Result<usize> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id))?;
        let size = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let kilobytes = size.and_then(|it| it.split_whitespace().next()?.parse::<usize>().ok());
        Ok(kilobytes.ok_or_else(|| Error::other("/proc/PID/status has no VmRSS"))? * 1024)
    }

    /// Kills the process with SIGKILL, and waits for its end.
    ///
    /// # Errors
    ///
    /// Fails if the process cannot be killed.
    pub async fn kill(mut self) -> Result<()> {
        self.process.kill().await
    }

    /// Ends the process with SIGTERM. Returns its exit code, or `None` if a signal ended it.
    ///
    /// # Errors
    ///
    /// Fails if the signal cannot be sent, or if the process still runs after 20 seconds.
    pub async fn terminate(mut self) -> Result<Option<i32>> {
        let id = i32::try_from(self.id).ok().and_then(Pid::from_raw);
        let id = id.ok_or_else(|| Error::other("the id of the process is out of range"))?;
        kill_process(id, Signal::TERM)?;
        let status = timeout(STOP_TIMEOUT, self.process.wait())
            .await
            .map_err(|_| Error::other("the server did not end in time"))??;
        Ok(status.code())
    }
}

/// Reads the address from the first URL that a server prints.
async fn read_address(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<SocketAddr> {
    while let Some(line) = lines.next_line().await? {
        let url = line.split_once("http://").map(|(_, rest)| rest);
        let address = url.and_then(|it| it.split('/').next()?.trim().parse().ok());
        if let Some(address) = address {
            return Ok(address);
        }
    }
    Err(Error::other("the server ended before it printed its address"))
}
