//! The settings. Each has a flag, an environment variable, a default and a help text.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::Retention;
use crate::graphql;
use crate::store::{Database, IfMissing, OpenOptions};

/// An appointments service with a GraphQL API, durable writes and live updates.
#[derive(Debug, Parser)]
#[command(name = "appointments-server", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// The command; `serve` if none is given.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings of `serve`, so that the command's name can be omitted.
    #[command(flatten)]
    pub serve: Serve,
}

/// The commands of the binary.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server. Migrates the database, and creates it and a first calendar if needed.
    Serve(Serve),
    /// Print the GraphQL schema.
    Schema,
    /// Migrate the database to this version. Creates it if needed.
    Migrate(Common),
    /// Add demo calendars with a few weeks of appointments. Running it again changes nothing.
    Seed(Seed),
    /// Copy the database to a new file. The server may be running.
    Backup(Backup),
    /// Copy a database file to an empty PostgreSQL database. Clients resume from their revision.
    Copy(Copy),
    /// Force all clients to refetch. Run it after restoring a backup, before the server starts.
    RestoreBump(Common),
}

/// The settings of every command.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The database: a file, or a PostgreSQL URL such as postgres://user:password@host/name.
    #[arg(
        long,
        env = "APPOINTMENTS_DATABASE",
        hide_env_values = true,
        value_name = "DATABASE",
        default_value = "appointments.db"
    )]
    pub database: Database,
    /// Size of the PostgreSQL pool (two more connections are used for LISTEN/NOTIFY).
    #[arg(long, env = "APPOINTMENTS_DATABASE_CONNECTIONS", value_name = "N", default_value = "16",
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_connections: u32,
    /// Log level: error, warn, info, debug, trace, or a filter by module. Logs go to standard
    /// error.
    #[arg(long, env = "APPOINTMENTS_LOG", value_name = "FILTER", default_value = "info")]
    pub log: String,
    /// Format of the log.
    #[arg(long, env = "APPOINTMENTS_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// URL of an OpenTelemetry collector (OTLP over HTTP) for traces, such as
    /// http://127.0.0.1:4318.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub trace_to: Option<String>,
}

impl Common {
    /// Returns the options for opening the database.
    pub fn open_options(&self, if_missing: IfMissing) -> OpenOptions {
        let Self { database, database_connections: connections, .. } = self;
        OpenOptions { database: database.clone(), connections: *connections, if_missing }
    }
}

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text for humans.
    Text,
    /// One JSON object per line.
    Json,
}

/// The settings of `serve`.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// The settings of every command.
    #[command(flatten)]
    pub common: Common,
    /// Address and port to listen on. Port 0 picks a free one.
    #[arg(
        long,
        env = "APPOINTMENTS_LISTEN",
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:8080", value_parser = parse_address)]
    pub listen: SocketAddr,
    /// Let everybody who can reach the address read and change everything. Required to listen on
    /// any address but loopback, because there is no access control yet.
    #[arg(long, env = "APPOINTMENTS_ALLOW_ANONYMOUS",
        value_parser = clap::builder::BoolishValueParser::new())]
    pub allow_anonymous: bool,
    /// Public URL of the server, for example behind a proxy: `https://calendar.example.org`.
    /// Requests for other hosts are rejected, to prevent DNS rebinding. Can be given several times.
    #[arg(long, env = "APPOINTMENTS_PUBLIC_URL", value_name = "URL", value_delimiter = ',')]
    pub public_url: Vec<Origin>,
    /// Other origin whose pages may use the server: `https://app.example.org`. Can be given several
    /// times. A server on loopback also allows pages of the same machine.
    #[arg(long, env = "APPOINTMENTS_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<Origin>,
    /// How long changes are kept for subscribers that resume. After that they have to query again.
    #[arg(long, env = "APPOINTMENTS_CHANGE_RETENTION", value_name = "TIME", default_value = "30d",
        value_parser = parse_duration)]
    pub change_retention: Duration,
    /// How long results are kept for mutations that are retried. After that a retry is rejected.
    #[arg(long, env = "APPOINTMENTS_MUTATION_RETENTION", value_name = "TIME", default_value = "90d",
        value_parser = parse_duration)]
    pub mutation_retention: Duration,
    /// The limits for one client.
    #[command(flatten)]
    pub limits: Limits,
    /// How long a stop (SIGTERM) waits for running requests.
    #[arg(long, env = "APPOINTMENTS_SHUTDOWN_TIMEOUT", value_name = "TIME", default_value = "10s",
        value_parser = parse_duration)]
    pub shutdown_timeout: Duration,
}

/// The limits for one client.
#[derive(Debug, Clone, Args)]
pub struct Limits {
    /// Maximum time to execute a request, and to receive its body.
    #[arg(long, env = "APPOINTMENTS_REQUEST_TIMEOUT", value_name = "TIME", default_value = "30s",
        value_parser = parse_duration)]
    pub request_timeout: Duration,
    /// Maximum time between two requests on a connection, and to receive a request's headers.
    #[arg(long, env = "APPOINTMENTS_IDLE_TIMEOUT", value_name = "TIME", default_value = "30s",
        value_parser = parse_duration)]
    pub idle_timeout: Duration,
    /// Maximum size of a request body, and of a WebSocket message.
    #[arg(long, env = "APPOINTMENTS_MAX_BODY", value_name = "SIZE", default_value = "1MiB",
        value_parser = parse_size)]
    pub max_body: usize,
    /// Maximum depth of nested fields per request.
    #[arg(long, env = "APPOINTMENTS_MAX_DEPTH", value_name = "N", default_value = "24")]
    pub max_depth: usize,
    /// Maximum number of fields per request.
    #[arg(long, env = "APPOINTMENTS_MAX_COMPLEXITY", value_name = "N", default_value = "2000")]
    pub max_complexity: usize,
    /// Maximum number of aliases per request.
    #[arg(long, env = "APPOINTMENTS_MAX_ALIASES", value_name = "N", default_value = "100")]
    pub max_aliases: usize,
    /// Maximum number of concurrent operations per WebSocket.
    #[arg(long, env = "APPOINTMENTS_MAX_OPERATIONS", value_name = "N", default_value = "100")]
    pub max_operations: usize,
    /// Maximum number of connections. Each needs a file descriptor.
    #[arg(long, env = "APPOINTMENTS_MAX_CONNECTIONS", value_name = "N", default_value = "16384")]
    pub max_connections: usize,
}

impl Limits {
    /// Returns the limits that apply to one GraphQL request.
    pub fn per_request(&self) -> graphql::Limits {
        graphql::Limits {
            depth: self.max_depth,
            complexity: self.max_complexity,
            aliases: self.max_aliases,
            timeout: self.request_timeout,
        }
    }
}

/// The settings of `seed`.
#[derive(Debug, Clone, Args)]
pub struct Seed {
    /// The settings of every command.
    #[command(flatten)]
    pub common: Common,
    /// Any day of the first week. Default: the current week.
    #[arg(long, env = "APPOINTMENTS_SEED_FROM", value_name = "YYYY-MM-DD",
        value_parser = parse_day)]
    pub from: Option<chrono::NaiveDate>,
    /// Number of weeks.
    #[arg(long, env = "APPOINTMENTS_SEED_WEEKS", value_name = "N", default_value = "4",
        value_parser = clap::value_parser!(u32).range(1..=520))]
    pub weeks: u32,
}

/// The settings of `backup`.
#[derive(Debug, Clone, Args)]
pub struct Backup {
    /// The settings of every command.
    #[command(flatten)]
    pub common: Common,
    /// The new file, which must not exist.
    #[arg(value_name = "TO")]
    pub to: PathBuf,
}

/// The settings of `copy`.
#[derive(Debug, Clone, Args)]
pub struct Copy {
    /// The database file. Stop its server first: changes made during the copy are not copied.
    #[arg(long, env = "APPOINTMENTS_COPY_FROM", value_name = "FILE")]
    pub from: Database,
    /// The URL of an empty PostgreSQL database.
    #[arg(long, env = "APPOINTMENTS_COPY_TO", hide_env_values = true, value_name = "URL")]
    pub to: Database,
}

/// The origin of a web page: scheme, host and port, such as `https://app.example.org`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
}

impl Origin {
    /// Returns the host, with the port if there is one.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim_end_matches('/').to_ascii_lowercase();
        let parts = text.split_once("://").filter(|(scheme, host)| {
            matches!(*scheme, "http" | "https")
                && !host.is_empty()
                && !host.contains(['/', '?', '#', '@', ' '])
        });
        let (scheme, host) = parts.ok_or_else(|| {
            "must be a URL without a path, such as https://app.example.org".to_owned()
        })?;
        Ok(Self { scheme: scheme.to_owned(), host: host.to_owned() })
    }
}

impl Serve {
    /// Returns how long changes and results are kept.
    pub fn retention(&self) -> Retention {
        Retention { changes: self.change_retention, ledger: self.mutation_retention }
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an address and a port such as 127.0.0.1:8080".to_owned())
}

fn parse_day(text: &str) -> Result<chrono::NaiveDate, String> {
    text.parse().map_err(|_| "must be a day such as 2026-11-23".to_owned())
}

/// Parses a size such as `1MiB`, `64KiB` or `5000` (bytes).
fn parse_size(text: &str) -> Result<usize, String> {
    let (digits, unit) =
        text.split_at(text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1024,
        "m" | "mib" => 1024 * 1024,
        _ => 0,
    };
    let bytes = digits.parse::<usize>().ok().and_then(|it| it.checked_mul(factor));
    bytes.filter(|it| *it > 0).ok_or_else(|| "must be a size such as 1MiB or 64KiB".to_owned())
}

/// Parses a duration such as `30d`, `12h` or `90s`, which must not be zero.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|_| "must be a duration such as 30d, 12h or 90s".to_owned())?;
    if duration.is_zero() { Err("must not be zero".to_owned()) } else { Ok(duration) }
}
