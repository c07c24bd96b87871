//! Prints a live table of the week. Rows that the server has not confirmed yet begin with `…`.
//!
//! Start a server first (`cargo xtask start`), with demo data (`cargo xtask start seed`).

#![allow(clippy::print_stdout, reason = "an example prints its results")]

use appointments_client::{Client, DateTime, Status};
use chrono::{Datelike, TimeDelta};
use futures_util::StreamExt;

/// Clears the terminal and moves the cursor to its first line.
const CLEAR_SCREEN: &str = "\x1b[2J\x1b[H";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or("http://127.0.0.1:8080/graphql".to_owned());
    let client = Client::builder(url).build()?;
    let calendars = client.calendars().await?;
    let Some(calendar) = calendars.first() else {
        return Err("no calendar found; create one first".into());
    };
    let handle = client.calendar(&calendar.id);
    #[allow(clippy::disallowed_methods, reason = "the example shows the current week")]
    let now: DateTime = std::time::SystemTime::now().into();
    let today = now.date_naive();
    let monday = today - TimeDelta::days(i64::from(today.weekday().num_days_from_monday()));
    let start = monday.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc();
    let mut week = handle.watch(start, start + TimeDelta::days(7));
    while let Some(view) = week.next().await {
        let status = client.connection_status();
        println!("{CLEAR_SCREEN}{}, the week from {monday} ({status:?})", calendar.name);
        if !view.is_complete {
            println!("loading…");
        }
        for appointment in &view.appointments {
            let is_confirmed = handle.status(&appointment.id) == Status::Confirmed;
            println!(
                "{} {} – {}  {}",
                if is_confirmed { ' ' } else { '…' },
                appointment.starts_at.format("%a %H:%M"),
                appointment.ends_at.format("%H:%M"),
                appointment.title
            );
        }
    }
    Ok(())
}
