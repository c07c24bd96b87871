//! Compiling for the browser: wasm32-unknown-unknown.
//!
//! With the target from rustup where it is installed. Else with Debian's compiler for it, which has the
//! sources of the standard library: `apt-get install rustc-web cargo-web rust-web-src lld`.

use std::path::Path;
use std::process::Command;

use crate::run::{Result, checked, target};

const TARGET: &str = "wasm32-unknown-unknown";
/// What runs in a browser.
const PACKAGES: &[&str] = &["cynic-cache", "appointments-client"];

/// Checks that it compiles; says so loudly where there is nothing to do it with.
pub(crate) fn check() -> Result<()> {
    let mut cargo = if has_target() {
        let mut cargo = Command::new("cargo");
        cargo.arg("check");
        cargo
    } else if let Some(sources) = debian() {
        let mut cargo = Command::new("/usr/bin/cargo");
        // This toolchain is Debian's, and not the one that this command was started with.
        for name in ["RUSTUP_TOOLCHAIN", "RUSTDOC", "CARGO", "RUSTFLAGS"] {
            cargo.env_remove(name);
        }
        cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
        cargo.args(["check", "-Z", "build-std=std,panic_abort"]);
        eprintln!("with Debian's compiler and the sources in {sources}");
        cargo
    } else {
        eprintln!("SKIPPED: neither rustup's target {TARGET} nor Debian's rustc-web is here");
        return Ok(());
    };
    let packages = PACKAGES.iter().flat_map(|it| ["--package", it]);
    cargo.args(["--target", TARGET, "--target-dir"]).arg(target()?.join("wasm"));
    checked(cargo.args(packages))
}

fn has_target() -> bool {
    let installed = Command::new("rustup").args(["target", "list", "--installed"]).output();
    installed.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).lines().any(|it| it == TARGET))
}

/// Where Debian's compiler keeps its sources.
fn debian() -> Option<String> {
    let sysroot = Command::new("/usr/bin/rustc").args(["--print", "sysroot"]).output().ok()?;
    let sysroot = String::from_utf8_lossy(&sysroot.stdout).trim().to_owned();
    let sources = Path::new(&sysroot).join("lib/rustlib/src/rust/library/std");
    sources.exists().then(|| sources.display().to_string())
}
