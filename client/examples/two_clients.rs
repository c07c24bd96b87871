//! Two windows that change together: one takes the slot of the other, and is rolled back.
//!
//! Start a server first (`cargo xtask start`), with something in it (`cargo xtask start seed`).

#![allow(clippy::print_stdout, reason = "an example speaks")]

use appointments_client::{Client, DateTime, NewAppointment, RangeWatch};
use futures_util::StreamExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or("http://127.0.0.1:8080/graphql".to_owned());
    let (ours, theirs) = (Client::builder(&url).build()?, Client::builder(&url).build()?);
    let calendars = ours.calendars().await?;
    // One that lets nothing overlap, if there is one: the clinic of the demo data.
    let clinic = calendars.iter().find(|it| it.name.contains("linic")).or(calendars.first());
    let Some(info) = clinic else { return Err("there is no calendar; make one first".into()) };
    println!("in the calendar {}", info.name);

    let start: DateTime = "2030-01-07T09:00:00Z".parse()?;
    let (end, week) = (start + chrono::TimeDelta::hours(1), chrono::TimeDelta::days(7));
    let (one, other) = (ours.calendar(info.id.inner()), theirs.calendar(info.id.inner()));
    let (mut left, mut right) =
        (one.watch(start, start + week)?, other.watch(start, start + week)?);
    for watch in [&mut left, &mut right] {
        while let Some(false) = watch.next().await.map(|it| it.is_complete) {}
    }

    let first = other.create(NewAppointment::new("Theirs", start, end));
    show("they create one", &mut left, &mut right);
    let made = first.await;
    left.next().await;
    show("the server has it", &mut left, &mut right);

    let second = one.create(NewAppointment::new("Ours", start, end));
    show("we create one at the same time", &mut left, &mut right);
    match second.await {
        Ok(_) => println!("it was done: this calendar lets appointments overlap"),
        Err(refusal) => println!("refused: {refusal}"),
    }
    show("and now", &mut left, &mut right);

    // Leave nothing behind.
    for view in [left.view()] {
        for appointment in view.appointments {
            let _ = one.delete(&appointment.id).await;
        }
    }
    drop(made);
    Ok(())
}

fn show(when: &str, left: &mut RangeWatch, right: &mut RangeWatch) {
    let titles = |watch: &mut RangeWatch| -> Vec<String> {
        watch.view().appointments.iter().map(|it| it.title.clone()).collect()
    };
    println!("{when:32} ours {:?}  theirs {:?}", titles(left), titles(right));
}
