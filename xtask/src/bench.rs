//! The benchmarks: what is built for each, and where its figures go.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use crate::page;
use crate::run::{Result, cargo, checked, target};

pub(crate) fn cache(smoke: bool, only: &str) -> Result<()> {
    let built = build(&["appointments-bench"], smoke)?;
    let mut bench = Command::new(built.join("bench-cache"));
    bench.arg("--out").arg(target()?.join("bench/cache.json")).args(["--only", only]);
    bench.args(smoke.then_some("--smoke"));
    checked(&mut bench)
}

pub(crate) fn server(smoke: bool) -> Result<()> {
    bench_with_server("bench-server", &["run"], "server.json", smoke)
}

/// On the PostgreSQL that `DATABASE_URL` names, else on that of this machine.
pub(crate) fn postgres(smoke: bool) -> Result<()> {
    let is_there = || TcpStream::connect("127.0.0.1:5432").is_ok();
    if smoke && std::env::var_os("DATABASE_URL").is_none() && !is_there() {
        eprintln!("SKIPPED: there is no PostgreSQL to measure on (DATABASE_URL).");
        return Ok(());
    }
    bench_with_server("bench-server", &["postgres"], "postgres.json", smoke)
}

pub(crate) fn sdk(smoke: bool) -> Result<()> {
    bench_with_server("bench-sdk", &[], "sdk.json", smoke)
}

/// Builds packages, and answers where they are. A smoke run takes what the tests have built.
fn build(packages: &[&str], smoke: bool) -> Result<PathBuf> {
    if smoke {
        cargo(["build", "--workspace", "--all-targets", "--quiet"])?;
        return Ok(target()?.join("debug"));
    }
    let packages = packages.iter().flat_map(|it| ["--package", it]);
    cargo(["build", "--release"].into_iter().chain(packages))?;
    Ok(target()?.join("release"))
}

/// Builds the server and the benchmarks, and runs one of those against it.
fn bench_with_server(name: &str, first: &[&str], out: &str, smoke: bool) -> Result<()> {
    let built = build(&["appointments-server", "appointments-bench"], smoke)?;
    let mut bench = Command::new(built.join(name));
    bench.args(first).arg("--server").arg(built.join("appointments-server"));
    bench.arg("--out").arg(target()?.join("bench").join(out));
    bench.args(smoke.then_some("--smoke"));
    checked(&mut bench)
}

/// The page in a browser. Its tests know how, and take more rounds here.
pub(crate) fn page() -> Result<()> {
    if !page::build()? {
        return Err("the page was not built".to_owned());
    }
    let file = target()?.join("bench/page.json");
    fs::create_dir_all(target()?.join("bench")).map_err(|error| error.to_string())?;
    // (What was measured before is not what is measured now.)
    if file.exists() {
        fs::remove_file(&file).map_err(|error| error.to_string())?;
    }
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--package", "appointments-page", "--test", "it", "--"]);
    cargo.args(["speed::", "load::", "--nocapture", "--test-threads=1"]);
    checked(cargo.env("BENCH_FILE", &file).env("CI_NEEDS_A_BROWSER", "1"))
}
