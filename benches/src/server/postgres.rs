//! Measures the server on PostgreSQL next to SQLite, in turns and on the same rows.
//!
//! Also measures what needs several replicas: the time until one replica's commit is received from
//! another one, and the number of writes per second to one calendar and to a hundred.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use appointments_bench::{Report, Result, millis, percentile, round};
use futures_util::StreamExt;
use serde_json::json;
use sqlx::{Connection, PgConnection, query};
use tokio::time::{interval, sleep, timeout};
use uuid::Uuid;

use crate::cases::{self, Case};
use crate::fanout::{self, DELIVERY_TIMEOUT};
use crate::load::{self, Client, Load};
use crate::process::{self, Server};
use crate::run::{FULL, OTHER_FILES, Plan, SMOKE, compare};
use crate::{Postgres, seed};

/// Writes per second while the delivery between replicas is measured.
const WRITES_PER_SECOND: u32 = 50;

/// The number of calendars over which writes are spread.
const CALENDARS: u32 = 100;

/// Measures the server on PostgreSQL, prints the figures and writes them.
pub(crate) async fn run(settings: &Postgres) -> Result<()> {
    let plan = if settings.options.smoke { SMOKE } else { FULL };
    process::raise_file_limit(u64::try_from(plan.sockets)? + OTHER_FILES)?;
    let folder = tempfile::tempdir_in(settings.options.create_folder()?)?;
    let file = folder.path().join("server.db");
    let database = TemporaryDatabase::create(&settings.database).await?;
    let report = measure(settings, &plan, &file, Path::new(&database.url)).await;
    database.drop().await?;
    report?.write(&settings.options)
}

async fn measure(settings: &Postgres, plan: &Plan, file: &Path, url: &Path) -> Result<Report> {
    eprintln!("creating the databases");
    process::migrate(&settings.server, file).await?;
    seed::fill(file).await?;
    process::copy(&settings.server, file, url).await?;
    let start = |database| Server::appointments(&settings.server, database);
    let mut report = Report::default();
    // Used for all measurements, as their counters make each change a new one.
    let cases = cases::all();
    let [_, _, create, update] = &cases;

    let on_file = start(file).await?;
    let first = start(url).await?;
    measure_cases(&cases, &first, &on_file, plan, &mut report).await?;
    on_file.stop().await?;
    first.stop().await?;

    eprintln!("measuring {} sockets", plan.sockets);
    let first = start(url).await?;
    let fanout = fanout::measure(&first, update, plan.sockets, plan.changes).await?;
    fanout.print();
    report.insert("fanout", fanout.figures());

    eprintln!("measuring another replica");
    let second = start(url).await?;
    let (p50, p99) = measure_delivery(&first, &second, update, plan).await?;
    println!(
        "a request on one replica until another delivers it, {WRITES_PER_SECOND} writes/s: \
         p50 {:.1} ms (target 5), p99 {:.1} ms (target 25)",
        millis(p50),
        millis(p99)
    );
    let figures = json!({
        "writes_per_s": WRITES_PER_SECOND,
        "p50_ms": round(millis(p50)),
        "p99_ms": round(millis(p99)),
    });
    report.insert("elsewhere", figures);

    eprintln!("measuring writes");
    create_calendars(&first).await?;
    let among = Arc::new(Case::create_among(CALENDARS));
    let alone = measure_writes(&first, create, &among, plan).await?;
    let idle = fanout::open(second.address, plan.sockets, seed::calendar(CALENDARS)).await?;
    let with_sockets = measure_writes(&first, create, &among, plan).await?;
    drop(idle);
    for (name, (single, spread)) in
        [("writes", alone), ("writes_with_idle_listeners", with_sockets)]
    {
        println!(
            "{name}: {:.0}/s to one calendar, {:.0}/s to {CALENDARS} calendars",
            single.requests_per_s, spread.requests_per_s
        );
        let figures = json!({
            "one_calendar_per_s": round(single.requests_per_s),
            "hundred_calendars_per_s": round(spread.requests_per_s),
        });
        report.insert(name, figures);
    }
    first.stop().await?;
    second.stop().await?;
    Ok(report)
}

/// Measures each case on both databases.
async fn measure_cases(
    cases: &[Arc<Case>],
    on_postgres: &Server,
    on_file: &Server,
    plan: &Plan,
    report: &mut Report,
) -> Result<()> {
    println!("{:<12} {:>15} {:>11} {:>6}", "case", "PostgreSQL", "file", "ratio");
    for case in cases {
        eprintln!("measuring {}", case.name);
        let (postgres, file) = compare(case, on_postgres, on_file, plan).await?;
        println!(
            "{:<12} {:>9.0} req/s {:>5.0} req/s {:>6.2}",
            case.name,
            postgres.requests_per_s,
            file.requests_per_s,
            postgres.requests_per_s / file.requests_per_s
        );
        let figures = json!({
            "requests_per_s": round(postgres.requests_per_s),
            "cpu_us_per_request": round(postgres.cpu_us),
            "file_requests_per_s": round(file.requests_per_s),
            "file_cpu_us_per_request": round(file.cpu_us),
        });
        report.insert(case.name, figures);
    }
    Ok(())
}

/// Measures writes to one calendar, and writes that are spread over many.
async fn measure_writes(
    server: &Server,
    one: &Arc<Case>,
    among: &Arc<Case>,
    plan: &Plan,
) -> Result<(Load, Load)> {
    load::run(server, one, plan.warm_up).await?;
    let single = load::run(server, one, plan.round).await?;
    load::run(server, among, plan.warm_up).await?;
    let spread = load::run(server, among, plan.round).await?;
    Ok((single, spread))
}

/// Returns the median and the 99th percentile of the time from just before a request to one replica
/// until its event is read from the other.
async fn measure_delivery(
    one: &Server,
    other: &Server,
    update: &Case,
    plan: &Plan,
) -> Result<(Duration, Duration)> {
    let mut socket = fanout::open(other.address, 1, seed::CALENDAR).await?.remove(0);
    let mut client = Client::connect(one.address).await?;
    let mut ticks = interval(Duration::from_secs(1) / WRITES_PER_SECOND);
    let mut latencies = Vec::new();
    for _ in 0..plan.changes * 10 {
        ticks.tick().await;
        let start = Instant::now();
        let variables = update.variables();
        let request = client.send_variables(one.api, update, variables);
        let delivery = async {
            let message = timeout(DELIVERY_TIMEOUT, socket.next()).await;
            message
                .map_err(|_| "the other replica did not deliver a change in time")?
                .ok_or("a socket was closed")??;
            Result::Ok(start.elapsed())
        };
        let (_, latency) = tokio::try_join!(request, delivery)?;
        latencies.push(latency);
    }
    latencies.sort_unstable();
    Ok((percentile(&latencies, 50), percentile(&latencies, 99)))
}

/// Creates the calendars over which writes are spread, and one that gets no writes.
async fn create_calendars(server: &Server) -> Result<()> {
    let mut client = Client::connect(server.address).await?;
    for n in 1..=CALENDARS {
        client.send(server.api, &Case::create_calendar(n)).await?;
    }
    sleep(Duration::from_millis(100)).await;
    Ok(())
}

/// A PostgreSQL database that exists during a run.
struct TemporaryDatabase {
    server: String,
    name: String,
    url: String,
}

impl TemporaryDatabase {
    /// Creates a database on the server of another one.
    async fn create(server: &str) -> Result<Self> {
        let name = format!("appointments_bench_{}", Uuid::now_v7().simple());
        let (prefix, _) = server.rsplit_once('/').ok_or("--database has no name of a database")?;
        let url = format!("{prefix}/{name}");
        let database = Self { server: server.to_owned(), url, name };
        database.execute(format!("create database {}", database.name)).await?;
        Ok(database)
    }

    async fn drop(self) -> Result<()> {
        self.execute(format!("drop database {} with (force)", self.name)).await
    }

    async fn execute(&self, sql: String) -> Result<()> {
        let mut connection = PgConnection::connect(&self.server).await?;
        query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }
}
