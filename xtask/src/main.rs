//! `cargo xtask …`: everything that a developer or CI runs.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to its caller")]

mod bench;
mod ci;
mod graphiql;
mod page;
mod run;
mod tidy;
mod wasm;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

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
    /// Build the page and the server (release), and start it; what follows goes to it: `start --listen 127.0.0.1:9000`.
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
    /// Build the calendar page into `web/dist`, from where the server's binary takes it.
    Page,
    /// Fetch GraphiQL from npm, in its pinned version, into `server/graphiql`.
    Graphiql,
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
    /// How large the page is, and how soon it shows what was saved.
    Page,
    /// What the server costs on PostgreSQL (DATABASE_URL, or this machine's), beside itself on a file.
    Postgres {
        /// A moment of each, to see that it runs; its figures mean nothing.
        #[arg(long)]
        smoke: bool,
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
        Task::Bench { what: Bench::Server { smoke } } => bench::server(smoke),
        Task::Bench { what: Bench::Cache { smoke, only } } => bench::cache(smoke, &only),
        Task::Bench { what: Bench::Postgres { smoke } } => bench::postgres(smoke),
        Task::Bench { what: Bench::Sdk { smoke } } => bench::sdk(smoke),
        Task::Bench { what: Bench::Page } => bench::page(),
        Task::Fuzz { seconds } => fuzz(seconds),
        Task::Sim { seeds, seed } => sim(seeds, seed),
        Task::Page => page::build().map(drop),
        Task::Graphiql => graphiql::fetch(),
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
    page::build()?;
    // In place of this process, as cargo does it again with the server, so that signals reach it.
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--release", "--package", "appointments-server", "--"]).args(arguments);
    Err(cargo.exec().to_string())
}

/// Tests that have nothing to run with say so where nobody looks, so it is said here.
fn say_what_is_left_out() {
    let is_here = |program: &str| Command::new(program).arg("--version").output().is_ok();
    for (is_missing, what) in [
        (
            !root().join("web/dist/.built").exists(),
            "the page, in a browser: it is not built (cargo xtask page)",
        ),
        (
            !is_here("chromedriver"),
            "the page, in a browser: there is no chromedriver (Debian: chromium, chromium-driver)",
        ),
        (!root().join("web/node_modules").exists(), "the page's accessibility: npm ci in web"),
        (
            !root().join("server/tests/clients/node_modules").exists(),
            "other people's clients: npm ci in server/tests/clients",
        ),
        (!has_postgres(), "the store in PostgreSQL: install it, or set DATABASE_URL"),
        (
            !root().join("server/tests/clients/venv").exists(),
            "Python's client: python3 -m venv venv && venv/bin/pip install -r requirements.txt, there",
        ),
    ] {
        if is_missing {
            eprintln!("LEFT OUT {what}");
        }
    }
}

/// nextest where it is installed: each test is then a process of its own. It leaves out the examples
/// in the docs.
fn test(arguments: Vec<String>) -> Result<()> {
    let nextest = Command::new("cargo").args(["nextest", "--version"]).output();
    if !nextest.is_ok_and(|it| it.status.success()) {
        cargo(["test", "--workspace"].map(str::to_owned).into_iter().chain(arguments))?;
        say_what_is_left_out();
        return Ok(());
    }
    let is_all = arguments.is_empty();
    cargo(["nextest", "run", "--workspace"].map(str::to_owned).into_iter().chain(arguments))?;
    if is_all {
        cargo(["test", "--workspace", "--doc", "--quiet"])?;
        on_postgres()?;
        examples()?;
        say_what_is_left_out();
    }
    Ok(())
}

/// The server's tests of what a user sees, once more on the other store. (Those of the store itself run on both anyway.)
fn on_postgres() -> Result<()> {
    if !has_postgres() {
        return Ok(()); // which is said at the end
    }
    let filter = "package(appointments-server) and binary(it)
        and (test(cases::) or test(subscriptions::) or test(crash::) or test(slow_subscriber::))";
    let mut nextest = Command::new("cargo");
    nextest.args(["nextest", "run", "--workspace", "-E", filter]).env("TEST_STORE", "postgres");
    run::checked(&mut nextest)
}

/// Whether tests can have a server of their own, or were given one.
fn has_postgres() -> bool {
    let is_installed = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|it| it.join("initdb").exists())
            || std::path::Path::new("/usr/lib/postgresql").exists()
    };
    std::env::var_os("DATABASE_URL").is_some() || is_installed()
}

/// The cache's examples run to their end.
fn examples() -> Result<()> {
    // As the tests have built them: for one package alone much would be built again, with other features.
    cargo(["build", "--workspace", "--all-targets", "--quiet"])?;
    for example in ["live", "optimistic", "snapshot"] {
        let program = run::target()?.join("debug/examples").join(example);
        run::checked(Command::new(program).stdout(Stdio::null()))
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
        ["test", "--package", "cynic-cache", "--test", "it", "fuzz::fuzz", "--", "--nocapture"];
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
