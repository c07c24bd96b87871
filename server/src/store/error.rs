//! Errors of a store. Those that reach an operator are one sentence that says what to do.

use std::path::PathBuf;

use super::{Database, postgres, sqlite};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// The reason why an operation of a store failed. The source belongs into the log and must not
/// reach the client.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store is busy, full, unreachable or shutting down, so a retry may succeed. Work may have
    /// been committed all the same; a retry with the same mutation id finds out.
    #[error("the store is not available")]
    Unavailable(#[source] Source),
    /// A retry does not help.
    #[error("the store failed")]
    Failed(#[source] Source),
}

/// The reason why a database was not copied, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the two databases cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Only a file can be copied, and only to PostgreSQL.
    #[error(
        "Only copies from a file to PostgreSQL are supported: --from appointments.db \
         --to postgres://…"
    )]
    UnsupportedPair,
    /// The target already contains data. A copy overwrites nothing.
    #[error("{0} already contains calendars; create an empty database (createdb) for --to.")]
    NotEmpty(Database),
    /// The rows that were read back from this table differ from the original.
    #[error("The copy of the table {0} differs from the original, so nothing was copied.")]
    Mismatch(&'static str),
    /// A database failed during the copy.
    #[error("A database failed, so nothing was copied: {0}.")]
    Failed(#[from] sqlx::Error),
}

/// Classifies the errors of sqlx. This is the only place that does.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error::{Database, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        let is_transient = match &error {
            // sqlx reports a protocol error if a connection ends during its handshake.
            PoolTimedOut | PoolClosed | WorkerCrashed | Io(_) | Tls(_) | Protocol(_) => true,
            Database(it) => {
                sqlite::is_transient(it.as_ref()) || postgres::is_transient(it.as_ref())
            }
            _ => false,
        };
        if is_transient { Self::Unavailable(error.into()) } else { Self::Failed(error.into()) }
    }
}

/// The reason why a backup failed, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database is not a file.
    #[error("Only a file can be backed up; use pg_dump for PostgreSQL.")]
    NotAFile,
    /// The target already exists. A backup overwrites nothing.
    #[error("{} already exists; choose another file.", .0.display())]
    Exists(PathBuf),
    /// The copy could not be written.
    #[error("{} cannot be written: {source}.", .to.display())]
    Other {
        /// The target file.
        to: PathBuf,
        /// The error of the system or the database.
        source: Source,
    },
}

/// The reason why a database cannot be opened, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder of the file does not exist.
    #[error(
        "The folder {} does not exist; create it, or choose another file with --database.",
        .0.display()
    )]
    NoFolder(PathBuf),
    /// The path is a folder or another kind of file.
    #[error("{} is not a file; choose another with --database.", .0.display())]
    NotAFile(PathBuf),
    /// The file does not exist, and this command does not create one.
    #[error("There is no database {}; choose one with --database.", .0.display())]
    NoFile(PathBuf),
    /// The user may not write the file or its folder.
    #[error(
        "{} cannot be written by this user; change its permissions, or choose another file with \
         --database.",
        .0.display()
    )]
    NotWritable(PathBuf),
    /// The file is another application's database, or no database at all.
    #[error(
        "{} is not a database of appointments-server; choose another file with --database.",
        .0.display()
    )]
    Foreign(PathBuf),
    /// The database was written by a newer version.
    #[error(
        "{database} was written by a newer version of appointments-server (its migration {version} \
         is unknown here); use that version."
    )]
    Newer {
        /// The database that was opened.
        database: Database,
        /// The migration that this version does not know.
        version: i64,
    },
    /// The database contains tables of another application.
    #[error(
        "{0} contains tables of another application; create a database for appointments-server \
         (createdb) and choose it with --database."
    )]
    ForeignTables(Database),
    /// The database has no tables, and this command does not create them.
    #[error("{0} is empty; choose another database with --database.")]
    NoTables(Database),
    /// The server cannot be reached, or rejects the connection.
    #[error("{database} cannot be used: {source}.")]
    Unreachable {
        /// The database that was opened.
        database: Database,
        /// The error of the connection.
        source: Source,
    },
    /// The file could not be opened for another reason.
    #[error("{} cannot be opened: {source}.", .path.display())]
    Other {
        /// The file that was opened.
        path: PathBuf,
        /// The error of the database.
        source: Source,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_ends_during_its_handshake_is_transient() {
        let handshake = sqlx::Error::Protocol("unexpected response from SSLRequest: 0x00".into());
        assert!(matches!(StoreError::from(handshake), StoreError::Unavailable(_)));
        let bug = sqlx::Error::ColumnNotFound("missing".into());
        assert!(matches!(StoreError::from(bug), StoreError::Failed(_)));
    }
}
