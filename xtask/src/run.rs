//! Runs other programs from the root of the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The result of a task. The error is a sentence for the caller.
pub(crate) type Result<T> = std::result::Result<T, String>;

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// Returns cargo's target folder. This program is in a folder of it, such as target/debug.
pub(crate) fn target() -> Result<PathBuf> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = program.parent().and_then(Path::parent);
    target.map(Path::to_owned).ok_or_else(|| "xtask is not in a target folder of cargo".to_owned())
}

/// Runs cargo and fails if cargo does.
pub(crate) fn cargo<A: Into<String>>(arguments: impl IntoIterator<Item = A>) -> Result<()> {
    let arguments = arguments.into_iter().map(Into::into);
    run_command(Command::new("cargo").args(arguments.collect::<Vec<String>>()))
}

/// Runs cargo and returns its standard output.
pub(crate) fn output<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Vec<u8>> {
    let mut cargo = Command::new("cargo");
    cargo.args(arguments).current_dir(root());
    let output = cargo.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Runs a command in the root of the repository. The error of a failure names the command.
pub(crate) fn run_command(command: &mut Command) -> Result<()> {
    let name = format!("{command:?}").replace('"', "");
    match command.current_dir(root()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}
