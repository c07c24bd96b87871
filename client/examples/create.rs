//! Creates an appointment in the default calendar.
//!
//! Usage: `create TITLE START END`, with times such as `2026-11-23T09:30:00Z`. Start a server first
//! (`cargo xtask start`).

#![allow(clippy::print_stdout, reason = "an example prints its results")]

use appointments_client::{Client, NewAppointment};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [title, start, end] = &arguments[..] else {
        return Err("usage: create Dentist 2026-11-23T09:30:00Z 2026-11-23T10:00:00Z".into());
    };
    let client = Client::builder("http://127.0.0.1:8080/graphql").build()?;
    let calendars = client.calendars().await?;
    let Some(calendar) = calendars.iter().find(|it| it.is_default) else {
        return Err("no default calendar found; create a calendar first".into());
    };
    let new = NewAppointment::new(title, start.parse()?, end.parse()?);
    let pending = client.calendar(&calendar.id).create(new);
    println!("{title} is visible as {}", pending.appointment_id());
    match pending.await {
        Ok(appointment) => println!("saved at revision {}", appointment.revision),
        Err(refusal) => println!("not saved: {refusal}"),
    }
    Ok(())
}
