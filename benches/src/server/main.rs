//! What the server costs: requests a second and CPU time per request, each beside a bare handler
//! that gives the same JSON, and how soon one change reaches many sockets.
//!
//! `run` starts both servers as processes of their own and asks them over loopback. Load and
//! servers share the machine's cores, so requests a second are what this machine can do with both;
//! CPU time per request is the server's alone, and the figure to compare.
//!
//! Linux only: costs are read from `/proc`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is where people are spoken to")]
#![allow(clippy::disallowed_methods, reason = "real time is measured, and tasks end with the run")]

mod baseline;
mod cases;
mod fanout;
mod load;
mod postgres;
mod process;
mod results;
mod rows;
mod run;
mod seed;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// More than a full run takes, so that a hanging server ends it.
const LIMIT: Duration = Duration::from_secs(300);

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Failure> = std::result::Result<T, E>;

/// Measures what the appointments server costs.
#[derive(Debug, Parser)]
#[command(name = "bench-server")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure a server, print the figures and write them down.
    Run(Run),
    /// Measure it on PostgreSQL, beside itself on a file.
    Postgres(Postgres),
    /// Serve the same JSON without GraphQL, as the floor; `run` starts it.
    Bare {
        /// A database that `appointments-server migrate` made.
        #[arg(long, value_name = "FILE")]
        database: PathBuf,
    },
}

/// Settings of `run`.
#[derive(Debug, Args)]
struct Run {
    /// The server's binary, a release build.
    #[arg(long, value_name = "FILE")]
    server: PathBuf,
    /// Where the figures are written as JSON. The databases are made beside it, as it should be
    /// on a disk where flushing takes its time.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Only see that everything works: the figures mean nothing.
    #[arg(long)]
    smoke: bool,
}

/// Settings of `postgres`.
#[derive(Debug, Args)]
struct Postgres {
    /// The server's binary, a release build.
    #[arg(long, value_name = "FILE")]
    server: PathBuf,
    /// A database of the server on which one is made for the run, and dropped after it.
    #[arg(
        long,
        env = "DATABASE_URL",
        value_name = "URL",
        default_value = "postgres://postgres@127.0.0.1:5432/postgres"
    )]
    database: String,
    /// Where the figures are written as JSON; the file is made beside it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Only see that everything works: the figures mean nothing.
    #[arg(long)]
    smoke: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Bare { database } => baseline::serve(&database).await,
        Command::Run(settings) => in_time(run::run(&settings)).await,
        Command::Postgres(settings) => in_time(postgres::run(&settings)).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn in_time(run: impl Future<Output = Result<()>>) -> Result<()> {
    let late = |_| Err(format!("not done after {} s", LIMIT.as_secs()).into());
    tokio::time::timeout(LIMIT, run).await.unwrap_or_else(late)
}
