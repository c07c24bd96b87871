//! Measures the SDK with a real server.
//!
//! The figures: the time until the own client and other clients show a change, the number of
//! requests for a year of weeks, and the bytes of the events. Clients, server and load share the
//! machine's cores.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![allow(clippy::disallowed_methods, reason = "real time is measured, and tasks end with the run")]

mod harness;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use appointments_bench::{Options, Report, Result, median, micros, millis, nanos};
use appointments_client::{AppointmentChanges, NewAppointment};
use chrono::TimeDelta;
use clap::Parser;
use serde_json::json;

use harness::{Harness, day, wait_for};

/// Longer than a full run, so that a server that hangs ends it.
const RUN_TIMEOUT: Duration = Duration::from_secs(300);

/// The time in which events still under way arrive, before the bytes of others are counted.
const QUIET_TIME: Duration = Duration::from_millis(200);

/// Measures the SDK with a real server.
#[derive(Debug, Parser)]
#[command(name = "bench-sdk")]
struct Cli {
    /// The server's binary.
    #[arg(long, value_name = "FILE")]
    server: PathBuf,
    #[command(flatten)]
    options: Options,
}

#[tokio::main]
async fn main() -> Result<()> {
    let run = tokio::time::timeout(RUN_TIMEOUT, run(Cli::parse())).await;
    run.map_err(|_| format!("not finished after {} s", RUN_TIMEOUT.as_secs()))?
}

async fn run(cli: Cli) -> Result<()> {
    let harness = Harness::start(&cli.server).await?;
    let mut report = Report::default();
    let (cached, watching, repeats) =
        if cli.options.smoke { (200, 5, 3) } else { (10_000, 100, 200) };

    let time = measure_create(&harness, cached, repeats).await?;
    println!(
        "create() until the delta, {cached} appointments cached: p50 {:.1} µs (limit 60)",
        micros(time)
    );
    let figures = json!({"n": cached, "p50_ns": nanos(time).round(), "bar_ns": 60_000});
    report.insert("create", figures);

    for (clients, target_ms) in [(1, 3), (watching, 15)] {
        let (time, bytes) = measure_delivery(&harness, clients, repeats.min(50)).await?;
        println!(
            "a change until {clients} other clients show it: p50 {:.2} ms (target {target_ms})",
            millis(time)
        );
        let bar_ns = target_ms * 1_000_000;
        let figures = json!({"n": clients, "p50_ns": nanos(time).round(), "bar_ns": bar_ns});
        report.insert(format!("elsewhere, {clients}"), figures);
        println!("a change of a title, received by {clients} clients: {bytes} bytes of events");
        report.insert(format!("bytes, {clients}"), json!({"n": clients, "bytes": bytes}));
    }

    let (forward, back) = count_requests(&harness).await?;
    println!("a year week by week: {forward} requests forward (limit 53), {back} back (limit 0)");
    report.insert("paging", json!({"n": 53, "forward": forward, "back": back}));
    report.write(&cli.options)
}

/// Returns the time from `create` until the watch has the delta, with `cached` appointments.
async fn measure_create(harness: &Harness, cached: usize, repeats: usize) -> Result<Duration> {
    let calendar = harness.create_calendar("creation").await?;
    harness.fill(&calendar, cached).await?;
    let mut client = harness.client(&calendar, day(0), day(365))?;
    wait_for(&mut client.watch, |it| it.is_complete && it.appointments.len() == cached).await?;
    let mut times = Vec::new();
    for _ in 0..repeats {
        client.watch.delta();
        let new = NewAppointment::new("Mine", day(100), day(100) + TimeDelta::hours(1));
        let start = Instant::now();
        let pending = client.calendar.create(new);
        let delta = client.watch.delta();
        times.push(start.elapsed());
        if delta.added.len() != 1 {
            return Err(format!("expected one added appointment: {delta:?}").into());
        }
        let id = pending.appointment_id().clone();
        pending.await?;
        client.calendar.delete(&id).await?;
    }
    Ok(median(times))
}

/// Returns the time from a change until all other clients show it, and the bytes of its events.
async fn measure_delivery(
    harness: &Harness,
    clients: usize,
    repeats: usize,
) -> Result<(Duration, usize)> {
    let calendar = harness.create_calendar(&format!("elsewhere {clients}")).await?;
    let mut writer = harness.client(&calendar, day(0), day(7))?;
    wait_for(&mut writer.watch, |it| it.is_complete).await?;
    let new = NewAppointment::new("0", day(1), day(1) + TimeDelta::hours(1));
    let created = writer.calendar.create(new).await?;
    let mut others = Vec::new();
    for _ in 0..clients {
        let mut other = harness.client(&calendar, day(0), day(7))?;
        wait_for(&mut other.watch, |it| it.appointments.len() == 1).await?;
        others.push(other);
    }
    tokio::time::sleep(QUIET_TIME).await;
    let mut times = Vec::new();
    let mut bytes = 0;
    for number in 1..=repeats {
        let title = number.to_string();
        let bytes_before: usize = others.iter().map(|it| it.traffic.event_bytes()).sum();
        let start = Instant::now();
        writer.calendar.update(&created.id, AppointmentChanges::new().title(&title)).await?;
        for other in &mut others {
            wait_for(&mut other.watch, |view| {
                view.appointments.first().is_some_and(|it| it.title == title)
            })
            .await?;
        }
        times.push(start.elapsed());
        bytes = others.iter().map(|it| it.traffic.event_bytes()).sum::<usize>() - bytes_before;
    }
    Ok((median(times), bytes))
}

/// Counts the requests for each week of a year, forward and then back.
async fn count_requests(harness: &Harness) -> Result<(usize, usize)> {
    let calendar = harness.create_calendar("paging").await?;
    harness.fill(&calendar, 500).await?;
    let client = harness.client(&calendar, day(0), day(7))?;
    let mut watch = client.watch;
    wait_for(&mut watch, |it| it.is_complete).await?;
    for week in 1..53 {
        // The old watch is dropped once the new one is complete.
        let mut next = client.calendar.watch(day(week * 7), day(week * 7 + 7));
        wait_for(&mut next, |it| it.is_complete).await?;
        watch = next;
    }
    let forward = client.traffic.range_requests();
    for week in (0..52).rev() {
        let mut next = client.calendar.watch(day(week * 7), day(week * 7 + 7));
        wait_for(&mut next, |it| it.is_complete).await?;
        watch = next;
    }
    drop(watch);
    Ok((forward, client.traffic.range_requests() - forward))
}
