//! Compiling for the browser: wasm32-unknown-unknown.
//!
//! With the target from rustup where it is installed. Else with Debian's compiler for it, which has the
//! sources of the standard library: `apt-get install rustc-web cargo-web rust-web-src lld`.

use std::path::Path;
use std::process::Command;

use crate::run::{Result, checked, target};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// What runs in a browser.
const PACKAGES: &[&str] = &["cynic-cache", "appointments-client"];

/// What compiles for the browser here.
pub(crate) enum Compiler {
    Rustup,
    Debian,
}

impl Compiler {
    /// What to do where there is none.
    pub(crate) const MISSING: &str = "Install a compiler for it: `rustup target add wasm32-unknown-unknown`, or on Debian \
         `apt-get install rustc-web cargo-web rust-web-src lld`.";

    pub(crate) fn find() -> Option<Self> {
        let installed = Command::new("rustup").args(["target", "list", "--installed"]).output();
        let has_target = installed
            .is_ok_and(|it| String::from_utf8_lossy(&it.stdout).lines().any(|it| it == TARGET));
        if has_target { Some(Self::Rustup) } else { has_debian().then_some(Self::Debian) }
    }

    /// Its cargo, about to do something.
    pub(crate) fn cargo(&self, verb: &str) -> Command {
        // Random numbers come from the browser.
        let mut flags = "--cfg getrandom_backend=\"wasm_js\"".to_owned();
        let mut cargo = Command::new(match self {
            Self::Rustup => "cargo",
            Self::Debian => "/usr/bin/cargo",
        });
        cargo.arg(verb);
        if matches!(self, Self::Debian) {
            // This toolchain is Debian's, and not the one that this command was started with.
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
            // The standard library is built here as well, so it can be without words for panics that nobody would read.
            flags.push_str(" -Zunstable-options -Cpanic=immediate-abort");
        }
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags);
        cargo
    }
}

/// Checks that it compiles; says so loudly where there is nothing to do it with.
pub(crate) fn check() -> Result<()> {
    let Some(compiler) = Compiler::find() else {
        eprintln!("SKIPPED: nothing compiles for the browser here. {}", Compiler::MISSING);
        return Ok(());
    };
    let packages = PACKAGES.iter().flat_map(|it| ["--package", it]);
    let mut cargo = compiler.cargo("check");
    cargo.args(["--target", TARGET, "--target-dir"]).arg(target()?.join("wasm"));
    checked(cargo.args(packages))
}

/// Whether Debian's compiler is here, with its sources.
fn has_debian() -> bool {
    let sysroot = Command::new("/usr/bin/rustc").args(["--print", "sysroot"]).output();
    sysroot.is_ok_and(|it| {
        let sysroot = String::from_utf8_lossy(&it.stdout).trim().to_owned();
        Path::new(&sysroot).join("lib/rustlib/src/rust/library/std").exists()
    })
}
