//! A copy of a file that is in use.

use std::path::{Path, PathBuf};

use sqlx::{ConnectOptions, Connection};

use super::super::{BackupError, IfMissing};
use super::open;

/// Copies the database at `path` to a new file: one moment of it, whoever writes meanwhile. Until the copy is whole it has
/// another name.
pub(in super::super) async fn backup(path: &Path, to: &Path) -> Result<(), BackupError> {
    let plain = open::existing(path, IfMissing::Fail).await?;
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let failed = |source| BackupError::Other { to: to.to_owned(), source };
    let partial = partial(to);
    // What an earlier attempt has left.
    match std::fs::remove_file(&partial) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(failed(error.into()));
        }
        _ => {}
    }
    let copied = async {
        let mut connection = plain.connect().await?;
        let name = partial.to_string_lossy().into_owned();
        sqlx::query("vacuum into ?1").bind(name).execute(&mut connection).await?;
        connection.close().await
    };
    copied.await.map_err(|error| failed(error.into()))?;
    let kept = std::fs::File::open(&partial).and_then(|it| it.sync_all());
    kept.and_then(|()| std::fs::rename(&partial, to)).map_err(|error| failed(error.into()))
}

fn partial(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}
