//! Opens a database. A database of another application is refused and left unchanged.

use std::io::ErrorKind;
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use tokio::time::timeout;

use super::super::{Database, IfMissing, OpenError, migrations};

/// The time limit for connecting, and for waiting for a pooled connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The time limit for the ping of a pooled connection.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// A pooled connection that was idle for less than this time is used without a ping.
const PING_AFTER_IDLE: Duration = Duration::from_millis(500);
/// Settings of each session. The server ends a transaction whose client is idle for too long, which
/// releases its locks. Waiting too long for a lock fails, and the client retries. Notices about
/// tables that exist already are not sent.
const SESSION_SETTINGS: [(&str, &str); 3] = [
    ("idle_in_transaction_session_timeout", "30s"),
    ("lock_timeout", "5s"),
    ("client_min_messages", "warning"),
];

/// Opens and migrates a database. Returns a pool of connections, and options for more.
pub(super) async fn database(
    url: &str,
    connections: u32,
    if_missing: IfMissing,
) -> Result<(PgConnectOptions, PgPool), OpenError> {
    let failed = |source| OpenError::Unreachable { database: Database::server(url), source };
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| failed(error.into()))?
        .application_name("appointments-server")
        .options(SESSION_SETTINGS)
        .disable_statement_logging();
    let mut connection = timeout(CONNECT_TIMEOUT, options.connect())
        .await
        .map_err(|_| failed("it does not respond".into()))?
        .map_err(|error| failed(error.into()))?;
    check_owner(&mut connection, if_missing, url).await?;
    migrations::for_postgres().run(&mut connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => {
            OpenError::Newer { database: Database::server(url), version }
        }
        error => failed(error.into()),
    })?;
    connection.close().await.map_err(|error| failed(error.into()))?;
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(CONNECT_TIMEOUT)
        // A ping before each use would cost a round trip every time.
        .test_before_acquire(false)
        .before_acquire(|connection, idle| {
            Box::pin(async move {
                if idle.idle_for > PING_AFTER_IDLE {
                    ping(connection).await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options.clone());
    Ok((options, pool))
}

/// Fails if the connection does not respond in time.
async fn ping(connection: &mut PgConnection) -> sqlx::Result<()> {
    let late = |_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into()));
    timeout(PING_TIMEOUT, connection.ping()).await.unwrap_or_else(late)
}

/// Migrates a database, and returns options for a connection that copies data into it.
pub(in super::super) async fn copy_target(url: &str) -> Result<PgConnectOptions, OpenError> {
    let (options, pool) = database(url, 1, IfMissing::Create).await?;
    pool.close().await;
    // The transaction of a copy may be idle while it reads the source.
    Ok(options.options([("idle_in_transaction_session_timeout", "0")]))
}

/// Checks that the database belongs to this application or is empty, before anything is written.
async fn check_owner(
    connection: &mut PgConnection,
    if_missing: IfMissing,
    url: &str,
) -> Result<(), OpenError> {
    const FIND_TABLES: &str = "select
        exists (select from pg_tables
            where schemaname = current_schema and tablename = 'directory'),
        exists (select from pg_tables
            where schemaname = current_schema and tablename <> '_sqlx_migrations')";
    let found = sqlx::query_as::<_, (bool, bool)>(FIND_TABLES).fetch_one(connection).await;
    let (has_our_tables, has_tables) = found.map_err(|source| OpenError::Unreachable {
        database: Database::server(url),
        source: source.into(),
    })?;
    if has_our_tables {
        Ok(())
    } else if has_tables {
        Err(OpenError::ForeignTables(Database::server(url)))
    } else if if_missing == IfMissing::Fail {
        Err(OpenError::NoTables(Database::server(url)))
    } else {
        Ok(())
    }
}
