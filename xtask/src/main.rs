//! `cargo xtask …`: everything that a developer or CI runs.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to its caller")]

mod ci;
mod run;
mod tidy;
mod wasm;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};

use run::{Result, cargo, root};

/// Everything that a developer or CI runs.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start the server (release build); what follows goes to it: `start --listen 127.0.0.1:9000`.
    Start {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run all tests.
    Test {
        /// What goes to the test runner.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Write schema.graphql as the server prints it.
    Schema,
    /// Check the rules of the house that no compiler knows.
    Tidy,
    /// Tell the cache what nobody should tell it, for a while.
    Fuzz {
        /// How long.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Play worlds of clients and a model server, in virtual time.
    Sim {
        /// How many.
        #[arg(long, default_value_t = 2_000)]
        seeds: u64,
        /// Only this one, with its story.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Compile the client for the browser.
    Wasm,
    /// Measure, and write the figures to target/bench.
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
    /// What CI runs: formatting, lints, docs, tidy, tests, and each benchmark once.
    Ci,
}

#[derive(Subcommand)]
enum Bench {
    /// What the server costs, beside a bare handler on the same machine.
    Server {
        /// A moment of each, to see that it runs; its figures mean nothing.
        #[arg(long)]
        smoke: bool,
    },
    /// What the cache costs, beside plain serde_json in the same run.
    Cache {
        /// A moment of each, to see that it runs; its figures mean nothing.
        #[arg(long)]
        smoke: bool,
        /// Only the cases whose name begins so.
        #[arg(long, default_value = "")]
        only: String,
    },
    /// What the SDK costs, against the real server.
    Sdk {
        /// A moment of each, to see that it runs; its figures mean nothing.
        #[arg(long)]
        smoke: bool,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Start { arguments } => start(arguments),
        Task::Test { arguments } => test(arguments),
        Task::Schema => schema(),
        Task::Tidy => tidy::check(&root()),
        Task::Bench { what: Bench::Server { smoke } } => bench_server(smoke),
        Task::Bench { what: Bench::Cache { smoke, only } } => bench_cache(smoke, &only),
        Task::Bench { what: Bench::Sdk { smoke } } => bench_sdk(smoke),
        Task::Fuzz { seconds } => fuzz(seconds),
        Task::Sim { seeds, seed } => sim(seeds, seed),
        Task::Wasm => wasm::check(),
        Task::Ci => ci::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: Vec<String>) -> Result<()> {
    // In place of this process, as cargo does it again with the server, so that signals reach it.
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--release", "--package", "appointments-server", "--"]).args(arguments);
    Err(cargo.exec().to_string())
}

/// nextest where it is installed: each test is then a process of its own. It leaves out the examples
/// in the docs.
fn test(arguments: Vec<String>) -> Result<()> {
    let nextest = Command::new("cargo").args(["nextest", "--version"]).output();
    if !nextest.is_ok_and(|it| it.status.success()) {
        return cargo(["test", "--workspace"].map(str::to_owned).into_iter().chain(arguments));
    }
    let is_all = arguments.is_empty();
    cargo(["nextest", "run", "--workspace"].map(str::to_owned).into_iter().chain(arguments))?;
    if is_all {
        cargo(["test", "--workspace", "--doc", "--quiet"])?;
        examples()?;
    }
    Ok(())
}

/// The cache's examples run to their end.
fn examples() -> Result<()> {
    for example in ["live", "optimistic", "snapshot"] {
        run::output(["run", "--quiet", "--package", "cynic-cache", "--example", example])
            .map_err(|error| format!("the example {example}: {error}"))?;
    }
    Ok(())
}

fn schema() -> Result<()> {
    let printed =
        run::output(["run", "--quiet", "--package", "appointments-server", "--", "schema"])?;
    let file = root().join("schema.graphql");
    std::fs::write(&file, printed).map_err(|error| format!("{}: {error}", file.display()))
}

/// The corpus is in the tests, where a short run of it is.
fn fuzz(seconds: u64) -> Result<()> {
    let arguments =
        ["test", "--package", "cynic-cache", "--test", "it", "hostile::fuzz", "--", "--nocapture"];
    run::checked(Command::new("cargo").args(arguments).env("FUZZ_SECONDS", seconds.to_string()))
}

/// The simulation is one of the client's tests.
fn sim(seeds: u64, seed: Option<u64>) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args([
        "test",
        "--package",
        "appointments-client",
        "--lib",
        "clients_agree",
        "--",
        "--nocapture",
    ]);
    cargo.env("SIM_SEEDS", seeds.to_string());
    run::checked(cargo.envs(seed.map(|it| ("SIM_SEED", it.to_string()))))
}

fn bench_cache(smoke: bool, only: &str) -> Result<()> {
    let (profile, folder): (&[&str], _) =
        if smoke { (&[], "debug") } else { (&["--release"], "release") };
    let packages = ["build", "--package", "appointments-bench"];
    cargo(packages.iter().chain(profile).map(|it| (*it).to_owned()))?;
    let mut bench = Command::new(run::target()?.join(folder).join("bench-cache"));
    bench.arg("--out").arg(run::target()?.join("bench/cache.json")).args(["--only", only]);
    bench.args(smoke.then_some("--smoke"));
    run::checked(&mut bench)
}

fn bench_server(smoke: bool) -> Result<()> {
    bench_with_server("bench-server", &["run"], "server.json", smoke)
}

fn bench_sdk(smoke: bool) -> Result<()> {
    bench_with_server("bench-sdk", &[], "sdk.json", smoke)
}

/// Builds the server and the benchmarks, and runs one of those against it.
fn bench_with_server(name: &str, first: &[&str], out: &str, smoke: bool) -> Result<()> {
    // A smoke run takes what the tests have built.
    let (profile, folder): (&[&str], _) =
        if smoke { (&[], "debug") } else { (&["--release"], "release") };
    let packages = ["build", "--package", "appointments-server", "--package", "appointments-bench"];
    cargo(packages.iter().chain(profile).map(|it| (*it).to_owned()))?;
    let built = run::target()?.join(folder);
    let mut bench = Command::new(built.join(name));
    bench.args(first).arg("--server").arg(built.join("appointments-server"));
    bench.arg("--out").arg(run::target()?.join("bench").join(out));
    bench.args(smoke.then_some("--smoke"));
    run::checked(&mut bench)
}
