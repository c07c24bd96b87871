//! Backups of a file that is in use.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection};

use super::super::{BackupError, IfMissing};
use super::open;

/// Copies one snapshot of the database at `path` to a new file, even if a server writes to it. The
/// copy has a temporary name until it is complete.
pub(in super::super) async fn backup(path: &Path, to: &Path) -> Result<(), BackupError> {
    let options = open::check_file(path, IfMissing::Fail).await?;
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let failed = |source| BackupError::Other { to: to.to_owned(), source };
    let partial = partial_path(to);
    // A failed backup may have left an incomplete copy.
    if let Err(error) = std::fs::remove_file(&partial)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(failed(error.into()));
    }
    let copied = async {
        let mut connection = options.connect().await?;
        let name = partial.to_string_lossy().into_owned();
        sqlx::query("vacuum into ?1").bind(name).execute(&mut connection).await?;
        connection.close().await
    };
    copied.await.map_err(|error| failed(error.into()))?;
    let synced = std::fs::File::open(&partial).and_then(|it| it.sync_all());
    synced.and_then(|()| std::fs::rename(&partial, to)).map_err(|error| failed(error.into()))
}

/// Returns the name of an incomplete copy.
fn partial_path(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}
