//! Opening a database: ours, or a clear sentence why not.

use std::io::ErrorKind;
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use tokio::time::timeout;

use super::super::pooled::ANSWER;
use super::super::{Database, IfMissing, OpenError};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/postgres");

/// A database that does not answer by then is not there.
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection that was in use so short a time ago is taken to be alive.
const FRESH: Duration = Duration::from_millis(500);
/// A transaction that does nothing for so long has lost its client, and its locks go with it; one that waits for a lock for so
/// long tells its caller to try again. (That a table is there already is no news.)
const SESSION: [(&str, &str); 3] = [
    ("idle_in_transaction_session_timeout", "30s"),
    ("lock_timeout", "5s"),
    ("client_min_messages", "warning"),
];

/// The options for further connections, and a pool on a database that is up to date.
pub(super) async fn database(
    url: &str,
    connections: u32,
    if_missing: IfMissing,
) -> Result<(PgConnectOptions, PgPool), OpenError> {
    let of = |source| OpenError::Unreachable { database: Database::server(url), source };
    let options = PgConnectOptions::from_str(url).map_err(|error| of(error.into()))?;
    let options = options
        .application_name("appointments-server")
        .options(SESSION)
        .disable_statement_logging();
    let connecting = timeout(PATIENCE, options.connect()).await;
    let connected = connecting.map_err(|_| of("it does not answer".into()))?;
    let mut connection = connected.map_err(|error| of(error.into()))?;
    check_owner(&mut connection, if_missing, url).await?;
    MIGRATIONS.run(&mut connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => {
            OpenError::Newer { database: Database::server(url), version }
        }
        error => of(error.into()),
    })?;
    connection.close().await.map_err(|error| of(error.into()))?;
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        // Asked before each use whether it is alive, it would cost a round trip every time.
        .test_before_acquire(false)
        .before_acquire(|connection, idle| {
            Box::pin(async move {
                if idle.idle_for > FRESH {
                    answers(connection).await?;
                }
                Ok(true)
            })
        });
    let pool = pool.connect_lazy_with(options.clone());
    Ok((options, pool))
}

/// An error unless it answers in time.
async fn answers(connection: &mut PgConnection) -> sqlx::Result<()> {
    let late = |_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into()));
    timeout(ANSWER, connection.ping()).await.unwrap_or_else(late)
}

/// The options for a connection that fills a database whose tables are up to date.
pub(in super::super) async fn target(url: &str) -> Result<PgConnectOptions, OpenError> {
    let (options, pool) = database(url, 1, IfMissing::Create).await?;
    pool.close().await;
    // Whoever fills it may take its time.
    Ok(options.options([("idle_in_transaction_session_timeout", "0")]))
}

/// Looks before anything is written: tables of somebody else's are left alone.
async fn check_owner(
    connection: &mut PgConnection,
    if_missing: IfMissing,
    url: &str,
) -> Result<(), OpenError> {
    let look = "select
        exists (select from pg_tables where schemaname = current_schema and tablename = 'directory'),
        exists (select from pg_tables where schemaname = current_schema and tablename <> '_sqlx_migrations')";
    let found = sqlx::query_as::<_, (bool, bool)>(look).fetch_one(connection).await;
    let of = |source: sqlx::Error| OpenError::Unreachable {
        database: Database::server(url),
        source: source.into(),
    };
    match found.map_err(of)? {
        (true, _) => Ok(()),
        (false, true) => Err(OpenError::ForeignTables(Database::server(url))),
        (false, false) if if_missing == IfMissing::Fail => {
            Err(OpenError::NoTables(Database::server(url)))
        }
        (false, false) => Ok(()),
    }
}
