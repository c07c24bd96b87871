//! Works without a server: changes are visible at once, and get sent when a server is reachable.
//!
//! Run it, and start the server a little later (`cargo xtask start`).

#![allow(clippy::print_stdout, reason = "an example prints its results")]

use std::time::Duration;

use appointments_client::{AppointmentChanges, Client, NewAppointment};
use chrono::TimeDelta;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::builder("http://127.0.0.1:8080/graphql").build()?;
    // The example needs the id of a calendar, so it waits until the server can be reached once.
    let calendar = loop {
        match client.calendars().await {
            Ok(all) => break all.first().cloned().ok_or("no calendar found; create one first")?,
            Err(error) => println!("{error}"),
        }
        sleep(Duration::from_secs(1)).await;
    };
    println!("Found the calendar {}. You have ten seconds to stop the server.", calendar.name);
    sleep(Duration::from_secs(10)).await;

    let calendar = client.calendar(&calendar.id);
    let start = "2030-01-08T09:00:00Z".parse()?;
    let mut day = calendar.watch(start, start + TimeDelta::days(1));
    let created =
        calendar.create(NewAppointment::new("Offline", start, start + TimeDelta::hours(1)));
    let id = created.appointment_id().clone();
    let updated = calendar.update(&id, AppointmentChanges::new().title("Offline, changed"));
    let titles: Vec<_> = day.view().appointments.iter().map(|it| it.title.clone()).collect();
    println!("visible: {titles:?}");
    println!("in the outbox: {:#?}", client.pending());

    created.await?;
    updated.await?;
    println!("The server has both changes; {} are pending.", client.pending().len());
    calendar.delete(&id).await?;
    Ok(())
}
