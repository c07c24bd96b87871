//! Runs the tests, and reports those that lack a tool.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::run::{self, Result, cargo, root, run_command};

/// Runs all tests, or those that `arguments` select.
///
/// Uses nextest if it is installed: it gives each test a process of its own, but it does not run
/// the examples in docs, so these follow separately.
pub(crate) fn run(arguments: Vec<String>) -> Result<()> {
    let nextest = Command::new("cargo").args(["nextest", "--version"]).output();
    if !nextest.is_ok_and(|it| it.status.success()) {
        cargo(["test", "--workspace"].map(str::to_owned).into_iter().chain(arguments))?;
        report_skipped();
        return Ok(());
    }
    let runs_all = arguments.is_empty();
    cargo(["nextest", "run", "--workspace"].map(str::to_owned).into_iter().chain(arguments))?;
    if runs_all {
        cargo(["test", "--workspace", "--doc", "--quiet"])?;
        run_on_postgres()?;
        run_examples()?;
        report_skipped();
    }
    Ok(())
}

/// Prints which tests were skipped, and what to install for them. A skipped test passes silently.
fn report_skipped() {
    let is_installed = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let exists = |path: &str| root().join(path).exists();
    let requirements = [
        (exists("web/dist/.built"), "the page in a browser: build it with `cargo xtask page`"),
        (
            is_installed("chromedriver"),
            "the page in a browser: install chromedriver (Debian: chromium, chromium-driver)",
        ),
        (exists("web/node_modules"), "the page's accessibility: run `npm ci` in web"),
        (
            exists("server/tests/clients/node_modules"),
            "third-party clients in JavaScript: run `npm ci` in server/tests/clients",
        ),
        (
            exists("server/tests/clients/venv"),
            "third-party clients in Python: in server/tests/clients, run `python3 -m venv venv` \
             and `venv/bin/pip install -r requirements.txt`",
        ),
        (has_postgres(), "the server on PostgreSQL: install it, or set DATABASE_URL"),
    ];
    for (is_met, advice) in requirements {
        if !is_met {
            eprintln!("SKIPPED {advice}");
        }
    }
}

/// Runs the server's user-level tests again on PostgreSQL. The store's own tests already run on
/// both databases.
fn run_on_postgres() -> Result<()> {
    if !has_postgres() {
        return Ok(());
    }
    let filter = "package(appointments-server) and binary(it)
        and (test(cases::) or test(subscriptions::) or test(crash::) or test(slow_subscriber::))";
    let mut nextest = Command::new("cargo");
    nextest.args(["nextest", "run", "--workspace", "-E", filter]).env("TEST_STORE", "postgres");
    run_command(&mut nextest)
}

/// Whether tests can start PostgreSQL, or DATABASE_URL names a running one.
fn has_postgres() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::var_os("DATABASE_URL").is_some()
        || std::env::split_paths(&path).any(|it| it.join("initdb").exists())
        || Path::new("/usr/lib/postgresql").exists()
}

/// Runs the cache's examples.
fn run_examples() -> Result<()> {
    // The build of the whole workspace reuses what the tests have built. A build of one package
    // would compile its dependencies again, with other features.
    cargo(["build", "--workspace", "--all-targets", "--quiet"])?;
    for example in ["live", "optimistic", "snapshot"] {
        let program = run::target()?.join("debug/examples").join(example);
        run_command(Command::new(program).stdout(Stdio::null()))
            .map_err(|error| format!("the example {example}: {error}"))?;
    }
    Ok(())
}

/// Runs the cache's fuzz test for a while. A short run of it is part of the tests.
pub(crate) fn fuzz(seconds: u64) -> Result<()> {
    let arguments =
        ["test", "--package", "cynic-cache", "--test", "it", "fuzz::mutated", "--", "--nocapture"];
    run_command(Command::new("cargo").args(arguments).env("FUZZ_SECONDS", seconds.to_string()))
}

/// Runs the client's simulation with many seeds, or with one.
pub(crate) fn simulate(seeds: u64, seed: Option<u64>) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--package", "appointments-client", "--lib", "clients_agree"]);
    cargo.args(["--", "--nocapture"]).env("SIM_SEEDS", seeds.to_string());
    run_command(cargo.envs(seed.map(|it| ("SIM_SEED", it.to_string()))))
}
