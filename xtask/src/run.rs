//! Running other commands from the root of the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A task succeeds, or says in one sentence why not.
pub(crate) type Result<T> = std::result::Result<T, String>;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// Where cargo builds: this program is in a folder of it.
pub(crate) fn target() -> Result<PathBuf> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = program.parent().and_then(Path::parent);
    target.map(Path::to_owned).ok_or_else(|| "this program stands in no folder".to_owned())
}

/// Runs cargo.
pub(crate) fn cargo<A: Into<String>>(arguments: impl IntoIterator<Item = A>) -> Result<()> {
    let arguments = arguments.into_iter().map(Into::into);
    checked(Command::new("cargo").args(arguments.collect::<Vec<String>>()))
}

/// Runs cargo, and answers what it printed.
pub(crate) fn output<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Vec<u8>> {
    let mut command = Command::new("cargo");
    let done = command.args(arguments).current_dir(root()).output().map_err(|it| it.to_string())?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    Err(String::from_utf8_lossy(&done.stderr).into_owned())
}

/// Runs a command in the root; its failure is an error that names it.
pub(crate) fn checked(command: &mut Command) -> Result<()> {
    let name = format!("{command:?}").replace('"', "");
    match command.current_dir(root()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}
