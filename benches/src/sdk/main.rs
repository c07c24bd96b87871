//! What the SDK costs, against the real server as a process: how soon a creation is seen, here and elsewhere; how
//! often a year is asked for; how much goes over the wire.
//!
//! Clients, server and load share the machine's cores.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is where people are spoken to")]
#![allow(clippy::disallowed_methods, reason = "real time is measured, and tasks end with the run")]

mod harness;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use appointments_client::{Changes, NewAppointment};
use clap::Parser;
use serde_json::{Map, Value, json};

use harness::{Place, day, until};

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Failure> = std::result::Result<T, E>;

/// More than a full run takes, so that a hanging server ends it.
const LIMIT: Duration = Duration::from_secs(300);

/// Measures what the SDK costs.
#[derive(Debug, Parser)]
#[command(name = "bench-sdk")]
struct Cli {
    /// The server's binary.
    #[arg(long, value_name = "FILE")]
    server: PathBuf,
    /// Where the figures go, as JSON.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A moment of each, to see that it runs; its figures mean nothing.
    #[arg(long)]
    smoke: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    tokio::time::timeout(LIMIT, run(cli)).await.map_err(|_| "it took too long")?
}

async fn run(cli: Cli) -> Result<()> {
    let place = Place::start(&cli.server).await?;
    let mut figures = Map::new();
    let (cached, watching, times) = if cli.smoke { (200, 5, 3) } else { (10_000, 100, 200) };

    let took = creation(&place, cached, times).await?;
    println!("create() until its delta, {cached} cached: p50 {:.1} µs (bar 60)", micros(took));
    figures.insert("create".into(), json!({"n": cached, "p50_ns": nanos(took), "bar_ns": 60_000}));

    for (clients, aim_ms) in [(1, 3), (watching, 15)] {
        let (took, bytes) = elsewhere(&place, clients, times.min(50)).await?;
        println!(
            "a change until {clients} others see it: p50 {:.2} ms (aim {aim_ms})",
            micros(took) / 1e3
        );
        let all = json!({"n": clients, "p50_ns": nanos(took), "bar_ns": aim_ms * 1_000_000});
        figures.insert(format!("elsewhere, {clients}"), all);
        println!("one title, seen by {clients}: {bytes} bytes of events");
        figures.insert(format!("bytes, {clients}"), json!({"n": clients, "bytes": bytes}));
    }

    let (forward, back) = paging(&place).await?;
    println!("a year, week by week: {forward} requests forward, {back} back (bar 53 and 0)");
    figures.insert("paging".into(), json!({"n": 53, "forward": forward, "back": back}));

    if let Some(folder) = cli.out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let text = serde_json::to_string_pretty(&Value::Object(figures))? + "\n";
    Ok(std::fs::write(cli.out, text)?)
}

/// How long from `create` until the watch knows, with many cached.
async fn creation(place: &Place, cached: usize, times: usize) -> Result<Duration> {
    let calendar = place.calendar("creation").await?;
    place.fill(&calendar, cached).await?;
    let mut here = place.client(&calendar, day(0), day(365))?;
    until(&mut here.watch, |it| it.is_complete && it.appointments.len() == cached).await?;
    let mut took = Vec::new();
    for _ in 0..times {
        here.watch.delta();
        let new = NewAppointment::new("Mine", day(100), day(100) + chrono::TimeDelta::hours(1));
        let begin = Instant::now();
        let pending = here.calendar.create(new);
        let delta = here.watch.delta();
        took.push(begin.elapsed());
        if delta.added.len() != 1 {
            return Err(format!("one should be added: {delta:?}").into());
        }
        let id = pending.appointment().clone();
        pending.await?;
        here.calendar.delete(&id).await?;
    }
    Ok(middle(took))
}

/// How long from a change until all other clients see it, and the bytes that told them.
async fn elsewhere(place: &Place, clients: usize, times: usize) -> Result<(Duration, usize)> {
    let calendar = place.calendar(&format!("elsewhere {clients}")).await?;
    let mut mine = place.client(&calendar, day(0), day(7))?;
    until(&mut mine.watch, |it| it.is_complete).await?;
    let new = NewAppointment::new("0", day(1), day(1) + chrono::TimeDelta::hours(1));
    let made = mine.calendar.create(new).await?.ok_or("it was made")?;
    let mut others = Vec::new();
    for _ in 0..clients {
        let mut other = place.client(&calendar, day(0), day(7))?;
        until(&mut other.watch, |it| it.appointments.len() == 1).await?;
        others.push(other);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (mut took, mut bytes) = (Vec::new(), 0);
    for time in 1..=times {
        let title = time.to_string();
        let heard: usize = others.iter().map(|it| it.heard()).sum();
        let begin = Instant::now();
        mine.calendar.update(&made.id, Changes::new().title(&title)).await?;
        for other in &mut others {
            until(&mut other.watch, |it| {
                it.appointments.first().is_some_and(|it| it.title == title)
            })
            .await?;
        }
        took.push(begin.elapsed());
        bytes = others.iter().map(|it| it.heard()).sum::<usize>() - heard;
    }
    Ok((middle(took), bytes))
}

/// How many requests it takes to look at every week of a year, and to come back.
async fn paging(place: &Place) -> Result<(usize, usize)> {
    let calendar = place.calendar("paging").await?;
    place.fill(&calendar, 500).await?;
    let pager = place.client(&calendar, day(0), day(7))?;
    let mut watch = pager.watch;
    until(&mut watch, |it| it.is_complete).await?;
    for week in 1..53 {
        // The one before is let go when the next is there.
        let mut next = pager.calendar.watch(day(week * 7), day(week * 7 + 7))?;
        until(&mut next, |it| it.is_complete).await?;
        watch = next;
    }
    let forward = pager.asked.load(std::sync::atomic::Ordering::Relaxed);
    for week in (0..52).rev() {
        let mut next = pager.calendar.watch(day(week * 7), day(week * 7 + 7))?;
        until(&mut next, |it| it.is_complete).await?;
        watch = next;
    }
    drop(watch);
    Ok((forward, pager.asked.load(std::sync::atomic::Ordering::Relaxed) - forward))
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn nanos(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e9).round()
}
