//! The steps of CI. `.ci/run` installs their tools and then runs them.

use std::process::Command;
use std::time::Instant;

use crate::run::{Result, root, run_command};
use crate::{bench, page, test, tidy};

/// Runs every step, stops at the first failure, and prints how long each step took.
pub(crate) fn run() -> Result<()> {
    let mut times = Vec::new();
    let mut result = Ok(());
    for (name, step) in STEPS {
        eprintln!("\n=== {name}");
        let start = now();
        result = step().map_err(|error| format!("{name}: {error}"));
        times.push(format!("{:>7.1} s  {name}", start.elapsed().as_secs_f64()));
        if result.is_err() {
            break;
        }
    }
    eprintln!("\n{}", times.join("\n"));
    result
}

/// A step's name and its function.
type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 7] = [
    ("formatting", || cargo("", &["fmt", "--all", "--check"])),
    ("tidy", || tidy::check(&root())),
    // The server's build includes the page, so the page comes first.
    ("the page", build_page),
    ("lints", || {
        cargo("", &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])
    }),
    ("docs", || cargo("-D warnings", &["doc", "--workspace", "--no-deps", "--quiet"])),
    ("tests", || test::run(Vec::new())),
    ("benchmarks, once", || {
        bench::server(true)?;
        bench::postgres(true)?;
        bench::cache(true, "")?;
        bench::sdk(true)
    }),
];

/// Builds the page. Skipping it is a failure if the tests in a browser are mandatory.
fn build_page() -> Result<()> {
    if !page::build()? && std::env::var_os("CI_NEEDS_A_BROWSER").is_some() {
        return Err("the page was not built, but CI_NEEDS_A_BROWSER is set".to_owned());
    }
    Ok(())
}

fn cargo(doc_flags: &str, arguments: &[&str]) -> Result<()> {
    run_command(Command::new("cargo").args(arguments).env("RUSTDOCFLAGS", doc_flags))
}

#[allow(clippy::disallowed_methods, reason = "the duration of a step is measured in real time")]
fn now() -> Instant {
    Instant::now()
}
