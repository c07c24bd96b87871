//! Compiles for the browser (wasm32-unknown-unknown).
//!
//! Uses rustup's target if it is installed. Otherwise uses Debian's compiler, which brings the
//! source of the standard library: `apt-get install rustc-web cargo-web rust-web-src lld`.

use std::path::Path;
use std::process::Command;

use crate::run::{Result, run_command, target};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Packages that run in a browser, besides the page.
const PACKAGES: &[&str] = &["cynic-cache", "appointments-client"];

/// An installed compiler for the browser.
pub(crate) enum Compiler {
    Rustup,
    Debian,
}

impl Compiler {
    /// Tells how to install a compiler.
    pub(crate) const HOW_TO_INSTALL: &str = "Install a compiler for the browser: \
        `rustup target add wasm32-unknown-unknown`, or on Debian \
        `apt-get install rustc-web cargo-web rust-web-src lld`.";

    pub(crate) fn find() -> Option<Self> {
        let targets = Command::new("rustup").args(["target", "list", "--installed"]).output();
        let has_target = targets
            .is_ok_and(|it| String::from_utf8_lossy(&it.stdout).lines().any(|it| it == TARGET));
        if has_target { Some(Self::Rustup) } else { has_debian().then_some(Self::Debian) }
    }

    /// Returns a command that runs the compiler's cargo with a subcommand such as `build`.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        // Random numbers come from the browser.
        let mut flags = "--cfg getrandom_backend=\"wasm_js\"".to_owned();
        let mut cargo = Command::new(match self {
            Self::Rustup => "cargo",
            Self::Debian => "/usr/bin/cargo",
        });
        cargo.arg(subcommand);
        if matches!(self, Self::Debian) {
            // These variables select the toolchain that runs xtask, which is not Debian's.
            for name in ["RUSTUP_TOOLCHAIN", "RUSTDOC", "CARGO", "RUSTFLAGS"] {
                cargo.env_remove(name);
            }
            cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
            cargo.args([
                "-Z",
                "build-std=std,panic_abort",
                "-Z",
                "build-std-features=optimize_for_size",
            ]);
            // The standard library is built too. Without panic messages it is smaller.
            flags.push_str(" -Zunstable-options -Cpanic=immediate-abort");
        }
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags);
        cargo
    }
}

/// Checks that the packages compile. Prints a message if there is no compiler.
pub(crate) fn check() -> Result<()> {
    let Some(compiler) = Compiler::find() else {
        eprintln!("SKIPPED the check for the browser. {}", Compiler::HOW_TO_INSTALL);
        return Ok(());
    };
    let packages = PACKAGES.iter().flat_map(|it| ["--package", it]);
    let mut cargo = compiler.cargo("check");
    cargo.args(["--target", TARGET, "--target-dir"]).arg(target()?.join("wasm"));
    run_command(cargo.args(packages))
}

/// Whether Debian's compiler and the source of its standard library are installed.
fn has_debian() -> bool {
    let sysroot = Command::new("/usr/bin/rustc").args(["--print", "sysroot"]).output();
    sysroot.is_ok_and(|it| {
        let sysroot = String::from_utf8_lossy(&it.stdout).trim().to_owned();
        Path::new(&sysroot).join("lib/rustlib/src/rust/library/std").exists()
    })
}
