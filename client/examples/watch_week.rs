//! A live table of the week in the terminal. Rows that the server has not confirmed yet have a `…` in front.
//!
//! Start a server first (`cargo xtask start`), with something in it (`cargo xtask start seed`).

#![allow(clippy::print_stdout, reason = "an example speaks")]

use appointments_client::{Client, DateTime, Status};
use chrono::{Datelike, TimeDelta};
use futures_util::StreamExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or("http://127.0.0.1:8080/graphql".to_owned());
    let client = Client::builder(url).build()?;
    let calendars = client.calendars().await?;
    let Some(info) = calendars.first() else { return Err("there is no calendar".into()) };
    let calendar = client.calendar(info.id.inner());
    #[allow(clippy::disallowed_methods, reason = "it is this week that people want to see")]
    let now: DateTime = std::time::SystemTime::now().into();
    let today = now.date_naive();
    let monday = today - TimeDelta::days(i64::from(today.weekday().num_days_from_monday()));
    let start = monday.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc();
    let mut week = calendar.watch(start, start + TimeDelta::days(7))?;
    while let Some(view) = week.next().await {
        // From the top of an empty screen.
        println!("\x1b[2J\x1b[H{}, the week from {monday} ({:?})", info.name, client.status());
        if !view.is_complete {
            println!("loading …");
        }
        for it in &view.appointments {
            let mark = if calendar.status(&it.id) == Status::Confirmed { ' ' } else { '…' };
            println!(
                "{mark} {} – {}  {}",
                it.starts_at.format("%a %H:%M"),
                it.ends_at.format("%H:%M"),
                it.title
            );
        }
    }
    Ok(())
}
