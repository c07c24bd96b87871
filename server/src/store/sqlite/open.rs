//! Opens a file. A file of another application is refused and left unchanged.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use super::super::{IfMissing, OpenError, migrations};
use super::primary_code;

/// The application id that the first migration sets: 'APPT' in ASCII.
const APPLICATION_ID: i64 = 0x4150_5054;

/// The number of connections for reading. Reads are short, and more connections would only wait for
/// the disk.
const READERS: u32 = 4;

/// Opens and migrates a database. Returns the first connection, and options for more.
pub(super) async fn database(
    path: &Path,
    if_missing: IfMissing,
) -> Result<(SqliteConnectOptions, SqliteConnection), OpenError> {
    let options = check_file(path, if_missing)
        .await?
        .create_if_missing(if_missing == IfMissing::Create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        // A range of a few hundred rows fits, so SQLite's thread seldom waits for the reader.
        .row_buffer_size(512);
    let mut connection = options.connect().await.map_err(|error| open_error(path, error))?;
    migrations::for_sqlite().run(&mut connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => {
            OpenError::Newer { database: path.into(), version }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            open_error(path, error)
        }
        error => OpenError::Other { path: path.to_owned(), source: error.into() },
    })?;
    Ok((options, connection))
}

/// Migrates an existing file, and returns options for a connection that reads it.
pub(in super::super) async fn copy_source(path: &Path) -> Result<SqliteConnectOptions, OpenError> {
    let (options, connection) = database(path, IfMissing::Fail).await?;
    connection.close().await.map_err(|error| open_error(path, error))?;
    Ok(options.create_if_missing(false))
}

/// Checks a path, and returns options for a connection without settings. The file is a database of
/// this application, or does not exist yet.
pub(super) async fn check_file(
    path: &Path,
    if_missing: IfMissing,
) -> Result<SqliteConnectOptions, OpenError> {
    check_path(path, if_missing)?;
    let plain = SqliteConnectOptions::new().filename(path).disable_statement_logging();
    if path.exists() {
        check_owner(path, &plain).await?;
    }
    Ok(plain)
}

/// Creates the pool of read-only connections, which are opened when they are first needed.
pub(super) fn readers(options: &SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(Duration::from_secs(10))
        // A file stays reachable, unlike a server: connections need no ping and no expiry.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options.clone().create_if_missing(false).pragma("query_only", "on"))
}

fn check_path(path: &Path, if_missing: IfMissing) -> Result<(), OpenError> {
    let folder = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Err(OpenError::NotAFile(path.to_owned())),
    };
    if !folder.is_dir() {
        return Err(OpenError::NoFolder(folder.to_owned()));
    }
    if !path.exists() {
        return match if_missing {
            IfMissing::Create => Ok(()),
            IfMissing::Fail => Err(OpenError::NoFile(path.to_owned())),
        };
    }
    if !path.is_file() {
        return Err(OpenError::NotAFile(path.to_owned()));
    }
    // SQLite would open a read-only file, and fail at the first commit.
    let writable = OpenOptions::new().read(true).write(true).open(path).is_ok();
    if writable { Ok(()) } else { Err(OpenError::NotWritable(path.to_owned())) }
}

/// Checks that the file belongs to this application, before anything is written. Switching the file
/// to WAL would already change it.
async fn check_owner(path: &Path, plain: &SqliteConnectOptions) -> Result<(), OpenError> {
    let mut connection = plain.connect().await.map_err(|error| open_error(path, error))?;
    let owner = async {
        let id: i64 =
            sqlx::query_scalar("pragma application_id").fetch_one(&mut connection).await?;
        // If the first start was killed, there may be only the table of the migrations.
        let tables = "select count(*) from sqlite_schema where tbl_name <> '_sqlx_migrations'";
        let tables: i64 = sqlx::query_scalar(tables).fetch_one(&mut connection).await?;
        Ok(id == APPLICATION_ID || (id == 0 && tables == 0))
    };
    let is_ours = owner.await.map_err(|error| open_error(path, error))?;
    connection.close().await.map_err(|error| open_error(path, error))?;
    if is_ours { Ok(()) } else { Err(OpenError::Foreign(path.to_owned())) }
}

fn open_error(path: &Path, error: sqlx::Error) -> OpenError {
    const READONLY: i32 = 8;
    const CANTOPEN: i32 = 14;
    const NOTADB: i32 = 26;
    let path = PathBuf::from(path);
    match error.as_database_error().and_then(primary_code) {
        Some(READONLY | CANTOPEN) => OpenError::NotWritable(path),
        Some(NOTADB) => OpenError::Foreign(path),
        _ => OpenError::Other { path, source: error.into() },
    }
}
