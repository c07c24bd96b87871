//! No server is there: everything is shown at once all the same, and is sent when one comes.
//!
//! Run it, and start the server a little later (`cargo xtask start`).

#![allow(clippy::print_stdout, reason = "an example speaks")]

use appointments_client::{Changes, Client, NewAppointment};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::builder("http://127.0.0.1:8080/graphql").build()?;
    // The calendar is known from an earlier time, say; here it is waited for.
    let info = loop {
        match client.calendars().await {
            Ok(all) => break all.first().cloned().ok_or("there is no calendar")?,
            Err(error) => println!("{error}"),
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    };
    println!("{} is there. Stop the server now, if you like: there are ten seconds.", info.name);
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    let calendar = client.calendar(info.id.inner());
    let start = "2030-01-08T09:00:00Z".parse()?;
    let mut day = calendar.watch(start, start + chrono::TimeDelta::days(1))?;
    let made =
        calendar.create(NewAppointment::new("Offline", start, start + chrono::TimeDelta::hours(1)));
    let id = made.appointment().clone();
    let changed = calendar.update(&id, Changes::new().title("Offline, and changed"));
    println!("shown: {:?}", day.view().appointments.iter().map(|it| &it.title).collect::<Vec<_>>());
    println!("to be sent: {:?}", client.pending());
    made.await?;
    changed.await?;
    println!("the server has it; {} are left to be sent", client.pending().len());
    calendar.delete(&id).await?;
    Ok(())
}
