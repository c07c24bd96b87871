//! Measures the server: requests per second, CPU time per request, and the time until one change
//! reaches many sockets.
//!
//! `run` starts the server and the baseline, a minimal server that returns the same JSON without
//! GraphQL. Load and servers share the machine's cores. So requests per second depend on all of
//! them; CPU time per request is the server's alone, and is the figure to compare.
//!
//! Linux only: costs are read from `/proc`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its figures")]
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

use appointments_bench::{Options, Result};
use clap::{Args, Parser, Subcommand};

/// Longer than a full run, so that a server that hangs ends it.
const RUN_TIMEOUT: Duration = Duration::from_secs(300);

/// Measures the appointments server.
#[derive(Debug, Parser)]
#[command(name = "bench-server")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure the server next to the baseline.
    Run(Run),
    /// Measure the server on PostgreSQL next to SQLite.
    Postgres(Postgres),
    /// Serve the same JSON without GraphQL; `run` starts this.
    Baseline {
        /// A database that `appointments-server migrate` created.
        #[arg(long, value_name = "FILE")]
        database: PathBuf,
    },
}

/// The settings of `run`.
#[derive(Debug, Args)]
struct Run {
    /// The server's binary, a release build.
    #[arg(long, value_name = "FILE")]
    server: PathBuf,
    #[command(flatten)]
    options: Options,
}

/// The settings of `postgres`.
#[derive(Debug, Args)]
struct Postgres {
    /// The server's binary, a release build.
    #[arg(long, value_name = "FILE")]
    server: PathBuf,
    /// A PostgreSQL database. The run creates another one on the same server, and drops it.
    #[arg(
        long,
        env = "DATABASE_URL",
        value_name = "URL",
        default_value = "postgres://postgres@127.0.0.1:5432/postgres"
    )]
    database: String,
    #[command(flatten)]
    options: Options,
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Baseline { database } => baseline::serve(&database).await,
        Command::Run(settings) => limit_time(run::run(&settings)).await,
        Command::Postgres(settings) => limit_time(postgres::run(&settings)).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn limit_time(run: impl Future<Output = Result<()>>) -> Result<()> {
    let run = tokio::time::timeout(RUN_TIMEOUT, run).await;
    run.map_err(|_| format!("not finished after {} s", RUN_TIMEOUT.as_secs()))?
}
