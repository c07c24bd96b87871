//! Builds and runs the benchmarks. Each writes its figures to a file in target/bench.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use crate::page;
use crate::run::{Result, cargo, run_command, target};

pub(crate) fn cache(smoke: bool, only: &str) -> Result<()> {
    let folder = build(&["appointments-bench"], smoke)?;
    let mut bench = Command::new(folder.join("bench-cache"));
    bench.arg("--out").arg(target()?.join("bench/cache.json")).args(["--only", only]);
    bench.args(smoke.then_some("--smoke"));
    run_command(&mut bench)
}

pub(crate) fn server(smoke: bool) -> Result<()> {
    bench_with_server("bench-server", &["run"], "server.json", smoke)
}

/// Measures on the PostgreSQL that DATABASE_URL names, or on a local one. A smoke run is skipped
/// if there is none.
pub(crate) fn postgres(smoke: bool) -> Result<()> {
    let has_local = || TcpStream::connect("127.0.0.1:5432").is_ok();
    if smoke && std::env::var_os("DATABASE_URL").is_none() && !has_local() {
        eprintln!("SKIPPED the server on PostgreSQL: set DATABASE_URL");
        return Ok(());
    }
    bench_with_server("bench-server", &["postgres"], "postgres.json", smoke)
}

pub(crate) fn sdk(smoke: bool) -> Result<()> {
    bench_with_server("bench-sdk", &[], "sdk.json", smoke)
}

/// Builds packages and returns the folder of their programs. A smoke run uses the debug build that
/// the tests have made.
fn build(packages: &[&str], smoke: bool) -> Result<PathBuf> {
    if smoke {
        cargo(["build", "--workspace", "--all-targets", "--quiet"])?;
        return Ok(target()?.join("debug"));
    }
    let packages = packages.iter().flat_map(|it| ["--package", it]);
    cargo(["build", "--release"].into_iter().chain(packages))?;
    Ok(target()?.join("release"))
}

/// Builds the server and the benchmarks, and runs a benchmark that starts the server.
fn bench_with_server(name: &str, arguments: &[&str], out: &str, smoke: bool) -> Result<()> {
    let folder = build(&["appointments-server", "appointments-bench"], smoke)?;
    let mut bench = Command::new(folder.join(name));
    bench.args(arguments).arg("--server").arg(folder.join("appointments-server"));
    bench.arg("--out").arg(target()?.join("bench").join(out));
    bench.args(smoke.then_some("--smoke"));
    run_command(&mut bench)
}

/// Measures the page in a browser. The page's own tests do this, with more rounds than usual.
pub(crate) fn page() -> Result<()> {
    if !page::build()? {
        return Err("cannot measure the page without a build of it".to_owned());
    }
    let file = target()?.join("bench/page.json");
    fs::create_dir_all(target()?.join("bench")).map_err(|error| error.to_string())?;
    // The tests add to the file, so figures of an earlier run are removed.
    if file.exists() {
        fs::remove_file(&file).map_err(|error| error.to_string())?;
    }
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--package", "appointments-page", "--test", "it", "--"]);
    cargo.args(["speed::", "load::", "--nocapture", "--test-threads=1"]);
    run_command(cargo.env("BENCH_FILE", &file).env("CI_NEEDS_A_BROWSER", "1"))
}
