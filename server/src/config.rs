//! Every setting: a flag, an environment variable, a default and a sentence.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::Retention;
use crate::graphql;
use crate::store::{Database, IfMissing, OpenOptions};

/// An appointments service over GraphQL that loses nothing and tells every change at once.
#[derive(Debug, Parser)]
#[command(name = "appointments-server", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; `serve` when nothing is named.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings of `serve`, so that its name may be left out.
    #[command(flatten)]
    pub serve: Serve,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve: migrates the database, and makes it and a first calendar if there is none.
    Serve(Serve),
    /// Print the GraphQL schema.
    Schema,
    /// Bring the database's tables up to date, and make it if there is none.
    Migrate(Common),
    /// Add demo calendars with some weeks of appointments; the same again changes nothing.
    Seed(Seed),
    /// Copy the database to a new file, also while a server uses it.
    Backup(Backup),
    /// Copy everything from a file to an empty PostgreSQL database; clients go on there from their revision.
    Copy(Copy),
    /// After a restore from a backup, before serving: make every client query again.
    RestoreBump(Common),
}

/// Settings of every command.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The database: a file, or a PostgreSQL database such as postgres://user:password@host/name.
    #[arg(
        long,
        env = "APPOINTMENTS_DATABASE",
        hide_env_values = true,
        value_name = "DATABASE",
        default_value = "appointments.db"
    )]
    pub database: Database,
    /// How many connections to PostgreSQL there may be; two more hear and tell what others commit.
    #[arg(long, env = "APPOINTMENTS_DATABASE_CONNECTIONS", value_name = "N", default_value = "16",
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_connections: u32,
    /// What is logged to standard error: error, warn, info, debug, trace, or a filter by module.
    #[arg(long, env = "APPOINTMENTS_LOG", value_name = "FILTER", default_value = "info")]
    pub log: String,
    /// How a line of the log looks.
    #[arg(long, env = "APPOINTMENTS_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// Where traces go: the address of an OpenTelemetry collector that takes OTLP over HTTP, such as http://127.0.0.1:4318.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub trace_to: Option<String>,
}

impl Common {
    /// How its database is opened.
    pub fn open_options(&self, if_missing: IfMissing) -> OpenOptions {
        let Self { database, database_connections: connections, .. } = self;
        OpenOptions { database: database.clone(), connections: *connections, if_missing }
    }
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Settings of `serve`.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// What every command has.
    #[command(flatten)]
    pub common: Common,
    /// The address to listen on; port 0 takes a free one.
    #[arg(
        long,
        env = "APPOINTMENTS_LISTEN",
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:8080", value_parser = address)]
    pub listen: SocketAddr,
    /// Let everybody who reaches the address read and change everything. Needed to listen on
    /// anything but loopback, as there is no access control yet.
    #[arg(long, env = "APPOINTMENTS_ALLOW_ANONYMOUS",
        value_parser = clap::builder::BoolishValueParser::new())]
    pub allow_anonymous: bool,
    /// The address by which others know the server, as behind a proxy: `https://calendar.example.org`. Requests for another
    /// name are refused, since anybody's name can be made to lead here. May be given several times.
    #[arg(long, env = "APPOINTMENTS_PUBLIC_URL", value_name = "URL", value_delimiter = ',')]
    pub public_url: Vec<Origin>,
    /// Whose pages may use the server besides its own: `https://app.example.org`. May be given several times. Pages of this
    /// machine may while it listens on loopback.
    #[arg(long, env = "APPOINTMENTS_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<Origin>,
    /// How long changes are kept for subscribers that come back; later they query again.
    #[arg(long, env = "APPOINTMENTS_CHANGE_RETENTION", value_name = "TIME", default_value = "30d",
        value_parser = duration)]
    pub change_retention: Duration,
    /// How long decisions are kept for mutations that are sent again; later they are refused.
    #[arg(long, env = "APPOINTMENTS_MUTATION_RETENTION", value_name = "TIME", default_value = "90d",
        value_parser = duration)]
    pub mutation_retention: Duration,
    /// What one client may ask of it.
    #[command(flatten)]
    pub limits: Limits,
    /// How long SIGTERM waits for requests that run.
    #[arg(long, env = "APPOINTMENTS_SHUTDOWN_TIMEOUT", value_name = "TIME", default_value = "10s",
        value_parser = duration)]
    pub shutdown_timeout: Duration,
}

/// What one client may ask of the server.
#[derive(Debug, Clone, Args)]
pub struct Limits {
    /// How long one request may take, and how long its body may take to arrive.
    #[arg(long, env = "APPOINTMENTS_REQUEST_TIMEOUT", value_name = "TIME", default_value = "30s",
        value_parser = duration)]
    pub request_timeout: Duration,
    /// How long a connection may be silent: until the head of a request has come, and between two requests.
    #[arg(long, env = "APPOINTMENTS_IDLE_TIMEOUT", value_name = "TIME", default_value = "30s",
        value_parser = duration)]
    pub idle_timeout: Duration,
    /// The largest request, and the largest message of a WebSocket.
    #[arg(long, env = "APPOINTMENTS_MAX_BODY", value_name = "SIZE", default_value = "1MiB",
        value_parser = size)]
    pub max_body: usize,
    /// How deep the fields of a request may nest.
    #[arg(long, env = "APPOINTMENTS_MAX_DEPTH", value_name = "N", default_value = "24")]
    pub max_depth: usize,
    /// How many fields a request may have.
    #[arg(long, env = "APPOINTMENTS_MAX_COMPLEXITY", value_name = "N", default_value = "2000")]
    pub max_complexity: usize,
    /// How many fields of a request may have another name than their own.
    #[arg(long, env = "APPOINTMENTS_MAX_ALIASES", value_name = "N", default_value = "100")]
    pub max_aliases: usize,
    /// How many operations one WebSocket may carry at once.
    #[arg(long, env = "APPOINTMENTS_MAX_OPERATIONS", value_name = "N", default_value = "100")]
    pub max_operations: usize,
    /// How many connections there may be; the server needs a file descriptor for each.
    #[arg(long, env = "APPOINTMENTS_MAX_CONNECTIONS", value_name = "N", default_value = "16384")]
    pub max_connections: usize,
}

impl Limits {
    /// What of it concerns a request that was read.
    pub fn of_requests(&self) -> graphql::Limits {
        graphql::Limits {
            depth: self.max_depth,
            complexity: self.max_complexity,
            aliases: self.max_aliases,
            time: self.request_timeout,
        }
    }
}

/// Settings of `seed`.
#[derive(Debug, Clone, Args)]
pub struct Seed {
    /// What every command has.
    #[command(flatten)]
    pub common: Common,
    /// A day of the first week; this week when left out.
    #[arg(long, env = "APPOINTMENTS_SEED_FROM", value_name = "YYYY-MM-DD", value_parser = day)]
    pub from: Option<chrono::NaiveDate>,
    /// How many weeks.
    #[arg(long, env = "APPOINTMENTS_SEED_WEEKS", value_name = "N", default_value = "4",
        value_parser = clap::value_parser!(u32).range(1..=520))]
    pub weeks: u32,
}

/// Settings of `backup`.
#[derive(Debug, Clone, Args)]
pub struct Backup {
    /// What every command has.
    #[command(flatten)]
    pub common: Common,
    /// The new file.
    #[arg(value_name = "TO")]
    pub to: PathBuf,
}

/// Settings of `copy`.
#[derive(Debug, Clone, Args)]
pub struct Copy {
    /// The file. Stop its server first: what is changed after this has begun is not in the copy.
    #[arg(long, env = "APPOINTMENTS_COPY_FROM", value_name = "FILE")]
    pub from: Database,
    /// The database, with nothing in it.
    #[arg(long, env = "APPOINTMENTS_COPY_TO", hide_env_values = true, value_name = "URL")]
    pub to: Database,
}

/// The beginning of an address, as browsers name whose a page is: `https://app.example.org`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
}

impl Origin {
    /// Its host, and its port if it has one.
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
            "must be an address without a path, such as https://app.example.org".to_owned()
        })?;
        Ok(Self { scheme: scheme.to_owned(), host: host.to_owned() })
    }
}

impl Serve {
    /// How long what is past is kept.
    pub fn retention(&self) -> Retention {
        Retention { changes: self.change_retention, ledger: self.mutation_retention }
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an address and a port such as 127.0.0.1:8080".to_owned())
}

fn day(text: &str) -> Result<chrono::NaiveDate, String> {
    text.parse().map_err(|_| "must be a day such as 2026-11-23".to_owned())
}

/// `1MiB`, `64KiB`, `5000`: bytes.
fn size(text: &str) -> Result<usize, String> {
    let (digits, unit) =
        text.split_at(text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1024,
        "m" | "mib" => 1024 * 1024,
        _ => 0,
    };
    let bytes = digits.parse::<usize>().ok().and_then(|it| it.checked_mul(unit));
    bytes.filter(|it| *it > 0).ok_or_else(|| "must be a size such as 1MiB or 64KiB".to_owned())
}

/// `30d`, `12h`, `90s`: a time that is not zero.
fn duration(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text)
        .map_err(|_| "must be a time such as 30d, 12h or 90s".to_owned())?;
    if time.is_zero() { Err("must be longer than nothing".to_owned()) } else { Ok(time) }
}
