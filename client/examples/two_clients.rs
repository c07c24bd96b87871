//! Two clients want the same time in a calendar that forbids overlaps. One of them is rolled back.
//!
//! Start a server first (`cargo xtask start`), with demo data (`cargo xtask start seed`).

#![allow(clippy::print_stdout, reason = "an example prints its results")]

use appointments_client::{Client, DateTime, NewAppointment, RangeWatch};
use chrono::TimeDelta;
use futures_util::StreamExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or("http://127.0.0.1:8080/graphql".to_owned());
    let our_client = Client::builder(&url).build()?;
    let their_client = Client::builder(&url).build()?;
    let calendars = our_client.calendars().await?;
    // The clinic of the demo data forbids overlaps.
    let clinic = calendars.iter().find(|it| it.name.contains("linic")).or(calendars.first());
    let Some(calendar) = clinic else { return Err("no calendar found; create one first".into()) };
    println!("in the calendar {}", calendar.name);

    let start: DateTime = "2030-01-07T09:00:00Z".parse()?;
    let end = start + TimeDelta::hours(1);
    let ours = our_client.calendar(&calendar.id);
    let theirs = their_client.calendar(&calendar.id);
    let mut our_week = ours.watch(start, start + TimeDelta::days(7));
    let mut their_week = theirs.watch(start, start + TimeDelta::days(7));
    for week in [&mut our_week, &mut their_week] {
        while let Some(false) = week.next().await.map(|view| view.is_complete) {}
    }

    let first = theirs.create(NewAppointment::new("Theirs", start, end));
    let first_id = first.appointment_id().clone();
    print_both("they create one", &mut our_week, &mut their_week);
    first.await?;
    our_week.next().await;
    print_both("the server has saved it", &mut our_week, &mut their_week);

    let second = ours.create(NewAppointment::new("Ours", start, end));
    let second_id = second.appointment_id().clone();
    print_both("we create one at the same time", &mut our_week, &mut their_week);
    let second = second.await;
    match &second {
        Ok(_) => println!("saved: this calendar allows overlaps"),
        Err(refusal) => println!("refused: {refusal}"),
    }
    print_both("afterwards", &mut our_week, &mut their_week);

    // Delete only what this example has created.
    theirs.delete(&first_id).await?;
    if second.is_ok() {
        ours.delete(&second_id).await?;
    }
    Ok(())
}

fn print_both(when: &str, ours: &mut RangeWatch, theirs: &mut RangeWatch) {
    let titles = |week: &mut RangeWatch| -> Vec<String> {
        week.view().appointments.iter().map(|it| it.title.clone()).collect()
    };
    println!("{when:32} ours {:?}  theirs {:?}", titles(ours), titles(theirs));
}
