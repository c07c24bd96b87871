//! Creates an appointment: `create TITLE START END`, the times as in 2026-11-23T09:30:00Z.

#![allow(clippy::print_stdout, reason = "an example speaks")]

use appointments_client::{Client, NewAppointment};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [title, start, end] = &arguments[..] else {
        return Err(
            "say what and when: create Dentist 2026-11-23T09:30:00Z 2026-11-23T10:00:00Z".into()
        );
    };
    let client = Client::builder("http://127.0.0.1:8080/graphql").build()?;
    let calendars = client.calendars().await?;
    let Some(info) = calendars.iter().find(|it| it.is_default) else {
        return Err("there is no default calendar".into());
    };
    let pending = client.calendar(info.id.inner()).create(NewAppointment::new(
        title,
        start.parse()?,
        end.parse()?,
    ));
    println!("{} is shown as {}", title, pending.appointment().inner());
    match pending.await {
        Ok(_) => println!("and the server has it"),
        Err(refusal) => println!("but it was refused: {refusal}"),
    }
    Ok(())
}
