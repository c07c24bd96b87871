//! What a store says when it cannot.

use std::path::PathBuf;

use super::{Database, postgres, sqlite};

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

/// Why nothing was copied: each is one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the two cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The databases are not of the kinds that can be copied.
    #[error("A file is copied to PostgreSQL: --from appointments.db --to postgres://…")]
    Kinds,
    /// A copy overwrites nothing.
    #[error(
        "{0} has calendars in it already, and is left as it is; make an empty database (createdb) for --to."
    )]
    NotEmpty(Database),
    /// What was read back is not what was written.
    #[error("The copy of {0} differs from the original; nothing was kept.")]
    Differs(&'static str),
    /// A database failed on the way.
    #[error("A database failed, and nothing was kept: {0}.")]
    Failed(#[from] sqlx::Error),
}

/// sqlx's errors are told apart once, here.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error::{Database, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        let is_transient = match &error {
            // (A line that ends in the middle of a greeting is one that says nonsense.)
            PoolTimedOut | PoolClosed | WorkerCrashed | Io(_) | Tls(_) | Protocol(_) => true,
            Database(it) => {
                sqlite::is_transient(it.as_ref()) || postgres::is_transient(it.as_ref())
            }
            _ => false,
        };
        if is_transient { Self::Unavailable(error.into()) } else { Self::Failed(error.into()) }
    }
}

/// Why there is no backup: each is one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no such database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A server's database is copied by its own tools.
    #[error("A database of a server is copied by pg_dump.")]
    NotAFile,
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
    #[error(
        "{database} was written by a newer version of appointments-server (its migration {version} is unknown here); use that version."
    )]
    Newer {
        /// The database.
        database: Database,
        /// The migration that this version does not know.
        version: i64,
    },
    /// The database of a server holds something else.
    #[error(
        "{0} holds tables that are not appointments-server's, and is left as it is; make a database for it (createdb), and name that with --database."
    )]
    ForeignTables(Database),
    /// There are no tables, and this command makes none.
    #[error("There is nothing in {0}; choose another with --database.")]
    NoTables(Database),
    /// The server cannot be reached, or does not let us in.
    #[error("{database} cannot be used: {source}.")]
    Unreachable {
        /// The database.
        database: Database,
        /// What was said.
        source: Source,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_ends_in_the_middle_of_a_greeting_is_worth_another_try() {
        let greeting = sqlx::Error::Protocol("unexpected response from SSLRequest: 0x00".into());
        assert!(matches!(StoreError::from(greeting), StoreError::Unavailable(_)));
        let ours = sqlx::Error::ColumnNotFound("nobody".into());
        assert!(matches!(StoreError::from(ours), StoreError::Failed(_)));
    }
}
