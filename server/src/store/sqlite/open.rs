//! Opening a file: ours, or a clear sentence why not, and nothing created half.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use super::super::{IfMissing, OpenError};
use super::code;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/sqlite");

/// 'APPT', as the first migration writes it.
const APPLICATION_ID: i64 = 0x4150_5054;

/// Reading is short; more connections than this wait for the disk together.
const READERS: u32 = 4;

/// The options for further connections, and a first one to a database that is up to date.
pub(super) async fn database(
    path: &Path,
    if_missing: IfMissing,
) -> Result<(SqliteConnectOptions, SqliteConnection), OpenError> {
    let options = existing(path, if_missing)
        .await?
        .create_if_missing(if_missing == IfMissing::Create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        // A range of a few hundred rows fits, so that SQLite's thread seldom waits for ours.
        .row_buffer_size(512);
    let mut connection = options.connect().await.map_err(|error| because(path, error))?;
    MIGRATIONS.run(&mut connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => {
            OpenError::Newer { database: path.into(), version }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            because(path, error)
        }
        error => OpenError::Other { path: path.to_owned(), source: error.into() },
    })?;
    Ok((options, connection))
}

/// The options for a connection that reads a file that is up to date.
pub(in super::super) async fn source(path: &Path) -> Result<SqliteConnectOptions, OpenError> {
    let (options, connection) = database(path, IfMissing::Fail).await?;
    connection.close().await.map_err(|error| because(path, error))?;
    Ok(options.create_if_missing(false))
}

/// The options for a plain connection to a file that is ours, or that may be made.
pub(super) async fn existing(
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

/// Connections that can only read; opened when they are first needed.
pub(super) fn readers(options: &SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(Duration::from_secs(10))
        // A file does not go away like a server does: no ping before each use, no expiry.
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
    // SQLite would open it for reading, and say so at the first commit.
    let writable = OpenOptions::new().read(true).write(true).open(path).is_ok();
    if writable { Ok(()) } else { Err(OpenError::NotWritable(path.to_owned())) }
}

/// Looks before anything is written: switching somebody else's database to WAL would change it.
async fn check_owner(path: &Path, plain: &SqliteConnectOptions) -> Result<(), OpenError> {
    let mut connection = plain.connect().await.map_err(|error| because(path, error))?;
    let owner = async {
        let id: i64 =
            sqlx::query_scalar("pragma application_id").fetch_one(&mut connection).await?;
        // A first start that was killed may have left the migrations' own table, and no more.
        let tables = "select count(*) from sqlite_schema where tbl_name <> '_sqlx_migrations'";
        let tables: i64 = sqlx::query_scalar(tables).fetch_one(&mut connection).await?;
        Ok(id == APPLICATION_ID || (id == 0 && tables == 0))
    };
    let ours = owner.await.map_err(|error| because(path, error))?;
    connection.close().await.map_err(|error| because(path, error))?;
    if ours { Ok(()) } else { Err(OpenError::Foreign(path.to_owned())) }
}

fn because(path: &Path, error: sqlx::Error) -> OpenError {
    const READONLY: i32 = 8;
    const CANTOPEN: i32 = 14;
    const NOTADB: i32 = 26;
    let path: PathBuf = path.to_owned();
    match error.as_database_error().and_then(code) {
        Some(READONLY | CANTOPEN) => OpenError::NotWritable(path),
        Some(NOTADB) => OpenError::Foreign(path),
        _ => OpenError::Other { path, source: error.into() },
    }
}
