//! What CI runs, and how long each step takes.

use std::process::Command;
use std::time::Instant;

use crate::run::{Result, checked, root};
use crate::{bench, page, test, tidy};

/// Runs every step, stops at the first that fails, and prints their times.
pub(crate) fn run() -> Result<()> {
    let mut times = Vec::new();
    let mut done = Ok(());
    for (name, step) in STEPS {
        eprintln!("\n=== {name}");
        let begin = now();
        done = step().map_err(|error| format!("{name}: {error}"));
        times.push(format!("{:>7.1} s  {name}", begin.elapsed().as_secs_f64()));
        if done.is_err() {
            break;
        }
    }
    eprintln!("\n{}", times.join("\n"));
    done
}

/// A name, and what is done under it.
type Step = (&'static str, fn() -> Result<()>);

const STEPS: [Step; 7] = [
    ("formatting", || cargo("", &["fmt", "--all", "--check"])),
    ("tidy", || tidy::check(&root())),
    // Before anything else is built, since the server takes it in.
    ("the page", || match page::build()? {
        false if std::env::var_os("CI_NEEDS_A_BROWSER").is_some() => Err("it must be built".into()),
        _ => Ok(()),
    }),
    ("lints", || {
        cargo("", &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])
    }),
    ("docs", || cargo("-D warnings", &["doc", "--workspace", "--no-deps", "--quiet"])),
    ("tests", || test(Vec::new())),
    ("benchmarks, once", || {
        bench::server(true)?;
        bench::postgres(true)?;
        bench::cache(true, "")?;
        bench::sdk(true)
    }),
];

fn cargo(doc_flags: &str, arguments: &[&str]) -> Result<()> {
    checked(Command::new("cargo").args(arguments).env("RUSTDOCFLAGS", doc_flags))
}

#[allow(clippy::disallowed_methods, reason = "how long a step takes is the machine's time")]
fn now() -> Instant {
    Instant::now()
}
