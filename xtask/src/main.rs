//! `cargo xtask …`: the tasks of developers and of CI.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command prints for its caller")]

mod bench;
mod ci;
mod graphiql;
mod page;
mod run;
mod test;
mod tidy;
mod wasm;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};

use run::{Result, root};

/// Builds, tests, checks and measures this repository.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the page and the server (release), then start the server.
    Start {
        /// Arguments for the server, such as `--listen 127.0.0.1:9000`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run all tests.
    Test {
        /// Arguments for the test runner.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Write the server's schema to schema.graphql.
    Schema,
    /// Check the rules of this repository that the compiler does not check.
    Tidy,
    /// Fuzz the cache with malformed responses.
    Fuzz {
        /// Duration of the run in seconds.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Simulate clients and a model server in virtual time.
    Sim {
        /// Number of runs, each with its own seed.
        #[arg(long, default_value_t = 2_000)]
        seeds: u64,
        /// Run this seed only, and print every step.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Build the calendar page into `web/dist`; the server's build includes it.
    Page,
    /// Download the pinned version of GraphiQL from npm into `server/graphiql`.
    Graphiql,
    /// Check that the client compiles for the browser.
    Wasm,
    /// Run a benchmark and write its figures to target/bench.
    Bench {
        #[command(subcommand)]
        bench: Bench,
    },
    /// Run what CI runs: formatting, tidy, the page, lints, docs, tests, each benchmark once.
    Ci,
}

#[derive(Subcommand)]
enum Bench {
    /// Measure the server next to a minimal server without GraphQL.
    Server {
        /// Run briefly to check that everything works; the figures mean nothing.
        #[arg(long)]
        smoke: bool,
    },
    /// Measure the cache next to plain serde_json.
    Cache {
        /// Run briefly to check that everything works; the figures mean nothing.
        #[arg(long)]
        smoke: bool,
        /// Measure only the cases whose name begins with this text.
        #[arg(long, default_value = "")]
        only: String,
    },
    /// Measure the page's size, and the time until it shows a change.
    Page,
    /// Measure the server on PostgreSQL (DATABASE_URL or a local one) next to SQLite.
    Postgres {
        /// Run briefly to check that everything works; the figures mean nothing.
        #[arg(long)]
        smoke: bool,
    },
    /// Measure the SDK with a real server.
    Sdk {
        /// Run briefly to check that everything works; the figures mean nothing.
        #[arg(long)]
        smoke: bool,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Start { arguments } => start(arguments),
        Task::Test { arguments } => test::run(arguments),
        Task::Schema => schema(),
        Task::Tidy => tidy::check(&root()),
        Task::Bench { bench } => match bench {
            Bench::Server { smoke } => bench::server(smoke),
            Bench::Cache { smoke, only } => bench::cache(smoke, &only),
            Bench::Postgres { smoke } => bench::postgres(smoke),
            Bench::Sdk { smoke } => bench::sdk(smoke),
            Bench::Page => bench::page(),
        },
        Task::Fuzz { seconds } => test::fuzz(seconds),
        Task::Sim { seeds, seed } => test::simulate(seeds, seed),
        Task::Page => page::build().map(drop),
        Task::Graphiql => graphiql::download(),
        Task::Wasm => wasm::check(),
        Task::Ci => ci::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Builds and starts the server. Returns only if cargo cannot be started.
fn start(arguments: Vec<String>) -> Result<()> {
    page::build()?;
    // Replaces this process, and cargo replaces itself too. So signals reach the server.
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--release", "--package", "appointments-server", "--"]).args(arguments);
    Err(cargo.exec().to_string())
}

fn schema() -> Result<()> {
    let schema =
        run::output(["run", "--quiet", "--package", "appointments-server", "--", "schema"])?;
    let file = root().join("schema.graphql");
    std::fs::write(&file, schema).map_err(|error| format!("{}: {error}", file.display()))
}
