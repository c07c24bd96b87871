//! What a store says when it cannot.

use std::path::PathBuf;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why the store did not do what it was asked. The source is for the log, never for the caller.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Worth another try: it is busy, full or shutting down. What was to be written may or may not
    /// have been; the same mutation id settles it.
    #[error("the store cannot be reached now")]
    Unavailable(#[source] Source),
    /// Trying again will not help.
    #[error("the store failed")]
    Failed(#[source] Source),
}

/// Why there is no backup: each is one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no such database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A backup overwrites nothing.
    #[error("{} exists already, and is left as it is; choose another file.", .0.display())]
    Exists(PathBuf),
    /// Anything else.
    #[error("{} cannot be written: {source}.", .to.display())]
    Other {
        /// Where the copy was to go.
        to: PathBuf,
        /// What the system or the database said.
        source: Source,
    },
}

/// Why a database cannot be used: each is one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder of the file is not there.
    #[error("The folder {} does not exist; create it, or choose another file with --database.", .0.display())]
    NoFolder(PathBuf),
    /// There is a folder, or something else, in its place.
    #[error("{} is not a file; choose another with --database.", .0.display())]
    NotAFile(PathBuf),
    /// There is no file, and this command does not make one.
    #[error("There is no database {}; choose one with --database.", .0.display())]
    NoFile(PathBuf),
    /// The file or its folder may not be written.
    #[error("{} cannot be written by this user; change its permissions, or choose another file with --database.", .0.display())]
    NotWritable(PathBuf),
    /// The file holds something else.
    #[error("{} is not a database of appointments-server, and is left as it is; choose another file with --database.", .0.display())]
    Foreign(PathBuf),
    /// The file was written by a later version.
    #[error("{} was written by a newer version of appointments-server (its migration {version} is unknown here); use that version.", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The migration that this version does not know.
        version: i64,
    },
    /// Anything else.
    #[error("{} cannot be opened: {source}.", .path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What the database said.
        source: Source,
    },
}
