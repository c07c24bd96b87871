//! The server on PostgreSQL beside itself on a file, in turns, on the same rows; and what only several of them can be asked: how
//! soon one replica's commit is heard on another, and how many writes a second one calendar takes, and a hundred.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, query};
use tokio::time::{interval, sleep, timeout};
use uuid::Uuid;

use crate::cases::{self, Case};
use crate::fanout::{self, Fanout, percentile};
use crate::load::{self, Client, Figures};
use crate::process::{self, Server};
use crate::results::{ms, short};
use crate::run::{FULL, OTHER_FILES, Plan, SMOKE, compare};
use crate::{Postgres, Result, seed};

/// Writes a second while replicas are listened to.
const RATE: u32 = 50;
/// Calendars among which writes are spread.
const CALENDARS: u32 = 100;
const LOST: Duration = Duration::from_secs(10);

/// Measures, prints and writes down.
pub(crate) async fn run(settings: &Postgres) -> Result<()> {
    let plan = if settings.smoke { SMOKE } else { FULL };
    process::allow_files(u64::try_from(plan.sockets)? + OTHER_FILES)?;
    let beside = settings.out.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(beside)?;
    let folder = tempfile::tempdir_in(beside)?;
    let file = folder.path().join("server.db");
    let database = Fresh::new(&settings.database).await?;
    let measured = measure(settings, &plan, &file, Path::new(&database.url)).await;
    database.drop().await?;
    let report = measured?;
    let text = serde_json::to_string_pretty(&report)? + "\n";
    if settings.smoke {
        println!("\nThis was a smoke run: the figures mean nothing.");
    }
    Ok(fs::write(&settings.out, text)?)
}

async fn measure(settings: &Postgres, plan: &Plan, file: &Path, url: &Path) -> Result<Value> {
    eprintln!("making the databases");
    process::migrate(&settings.server, file).await?;
    seed::fill(file).await?;
    process::copy(&settings.server, file, url).await?;
    let start = |database| Server::appointments(&settings.server, database);
    let (on_file, one) = (start(file).await?, start(url).await?);
    let mut report = serde_json::Map::new();
    println!("{:<12} {:>15} {:>11} {:>6}", "case", "PostgreSQL", "file", "ratio");
    // (Each goes on counting, so that no two changes are the same.)
    let cases = cases::all();
    let [_, _, create, update] = &cases;
    for case in &cases {
        eprintln!("measuring {}", case.name);
        let (postgres, file) = compare(case, &one, &on_file, plan).await?;
        let (here, there) = (postgres.requests_per_s, file.requests_per_s);
        println!("{:<12} {here:>9.0} req/s {there:>5.0} req/s {:>6.2}", case.name, here / there);
        let figures = json!({
            "requests_per_s": short(here),
            "cpu_us_per_request": short(postgres.cpu_us),
            "file_requests_per_s": short(there),
            "file_cpu_us_per_request": short(file.cpu_us),
        });
        report.insert(case.name.to_owned(), figures);
    }
    on_file.stop().await?;
    one.stop().await?;

    eprintln!("measuring {} sockets", plan.sockets);
    let one = start(url).await?;
    let Fanout { sockets, p50, p99, .. } =
        fanout::measure(&one, update, plan.sockets, plan.changes).await?;
    println!("one change to {sockets} sockets: p50 {:.1} ms, p99 {:.1} ms", ms(p50), ms(p99));
    let figures = json!({ "sockets": sockets, "p50_ms": short(ms(p50)), "p99_ms": short(ms(p99)) });
    report.insert("fanout".to_owned(), figures);

    eprintln!("measuring another replica");
    let two = start(url).await?;
    let (p50, p99) = elsewhere(&one, &two, update, plan).await?;
    println!(
        "a request on one replica until it is heard on another, {RATE} writes/s: p50 {:.1} ms (aim 5), p99 {:.1} ms (aim 25)",
        ms(p50),
        ms(p99)
    );
    let figures =
        json!({ "writes_per_s": RATE, "p50_ms": short(ms(p50)), "p99_ms": short(ms(p99)) });
    report.insert("elsewhere".to_owned(), figures);

    eprintln!("measuring writes");
    make_calendars(&one).await?;
    let among = Arc::new(Case::create_among(CALENDARS));
    let quiet = writes(&one, create, &among, plan).await?;
    let idle = fanout::open(two.address, plan.sockets, seed::calendar(CALENDARS)).await?;
    let listened = writes(&one, create, &among, plan).await?;
    drop(idle);
    for (name, (single, spread)) in [("writes", quiet), ("writes_with_idle_listeners", listened)] {
        println!(
            "{name}: {:.0}/s to one calendar, {:.0}/s to {CALENDARS}",
            single.requests_per_s, spread.requests_per_s
        );
        let figures = json!({
            "one_calendar_per_s": short(single.requests_per_s),
            "hundred_calendars_per_s": short(spread.requests_per_s),
        });
        report.insert(name.to_owned(), figures);
    }
    one.stop().await?;
    two.stop().await?;
    Ok(Value::Object(report))
}

async fn writes(
    server: &Server,
    one: &Arc<Case>,
    among: &Arc<Case>,
    plan: &Plan,
) -> Result<(Figures, Figures)> {
    load::round(server, one, plan.warm_up).await?;
    let single = load::round(server, one, plan.round).await?;
    load::round(server, among, plan.warm_up).await?;
    Ok((single, load::round(server, among, plan.round).await?))
}

/// From just before a request is sent to one until its event is read from the other.
async fn elsewhere(
    one: &Server,
    two: &Server,
    update: &Case,
    plan: &Plan,
) -> Result<(Duration, Duration)> {
    let mut socket = fanout::open(two.address, 1, seed::CALENDAR).await?.remove(0);
    let mut client = Client::connect(one.address).await?;
    let mut ticks = interval(Duration::from_secs(1) / RATE);
    let mut latencies = Vec::new();
    for _ in 0..plan.changes * 10 {
        ticks.tick().await;
        let sent = Instant::now();
        let variables = update.variables();
        let asking = client.ask_for(one.api, update, variables);
        let hearing = async {
            let heard = timeout(LOST, socket.next()).await;
            heard
                .map_err(|_| "a change was not heard elsewhere")?
                .ok_or("a socket was closed")??;
            Result::Ok(sent.elapsed())
        };
        let (_, latency) = tokio::try_join!(asking, hearing)?;
        latencies.push(latency);
    }
    latencies.sort_unstable();
    Ok((percentile(&latencies, 50), percentile(&latencies, 99)))
}

/// Those among which writes are spread, and one on which nothing happens.
async fn make_calendars(server: &Server) -> Result<()> {
    let mut client = Client::connect(server.address).await?;
    for n in 1..=CALENDARS {
        let case = Case::create_calendar(n);
        client.ask(server.api, &case).await?;
    }
    sleep(Duration::from_millis(100)).await;
    Ok(())
}

/// A database that is made for a run, and dropped after it.
struct Fresh {
    server: String,
    name: String,
    url: String,
}

impl Fresh {
    async fn new(server: &str) -> Result<Self> {
        let name = format!("appointments_bench_{}", Uuid::now_v7().simple());
        let (place, _) = server.rsplit_once('/').ok_or("--database names no database")?;
        let fresh = Self { server: server.to_owned(), url: format!("{place}/{name}"), name };
        fresh.run(format!("create database {}", fresh.name)).await?;
        Ok(fresh)
    }

    async fn drop(self) -> Result<()> {
        self.run(format!("drop database {} with (force)", self.name)).await
    }

    async fn run(&self, sql: String) -> Result<()> {
        let mut connection = PgConnection::connect(&self.server).await?;
        query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }
}
