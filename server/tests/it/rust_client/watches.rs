//! What else programs do with the Rust client, against the real server: one appointment, and paging.

use appointments_client::{AppointmentChanges, AppointmentView, Client, NewAppointment, Status};

use crate::rust_client::{Place, at, day, until};

fn title(view: &AppointmentView) -> Option<&str> {
    view.appointment.as_ref().map(|it| &*it.title)
}

#[tokio::test]
async fn one_appointment_is_followed_wherever_it_goes() {
    let mut place = Place::new().await;
    let (mine, ..) = place.client();
    let pending = mine.create(NewAppointment::new("Dentist", at(9), at(10)));
    let id = pending.appointment_id().clone();
    pending.await.unwrap();

    // A program that watches nothing else.
    let client = Client::builder(&place.url).build().unwrap();
    let mut watch = client.appointment(&id).watch();
    assert!(!watch.view().is_complete, "it was not asked yet");
    until(&mut watch, |it| title(it) == Some("Dentist")).await;
    mine.update(&id, AppointmentChanges::new().title("Moved").time(at(24 * 90), at(24 * 90 + 1)));
    until(&mut watch, |it| title(it) == Some("Moved")).await;

    // What it does itself is seen at once, and is confirmed.
    let calendar = client.calendar(&place.calendar);
    let renamed = calendar.update(&id, AppointmentChanges::new().title("Mine"));
    let view = watch.view();
    assert_eq!((title(&view), view.status), (Some("Mine"), Status::Pending));
    renamed.await.unwrap();
    until(&mut watch, |it| it.status == Status::Confirmed).await;

    // Also over a restart of the server.
    place.is_restarted().await;
    mine.update(&id, AppointmentChanges::new().title("Later"));
    until(&mut watch, |it| title(it) == Some("Later")).await;
    mine.delete(&id).await.unwrap();
    let gone = until(&mut watch, |it| it.appointment.is_none()).await;
    assert!(gone.is_complete);
}

#[tokio::test]
async fn one_appointment_that_is_not_there_yet() {
    let place = Place::new().await;
    let client = Client::builder(&place.url).build().unwrap();
    let nobody = "01a20c00-0000-7000-8000-00000000dead";
    let mut absent = client.appointment(nobody).watch();
    until(&mut absent, |it| it.is_complete).await;
    assert_eq!(absent.view().appointment, None);

    let calendar = client.calendar(&place.calendar);
    let pending = calendar.create(NewAppointment::new("New", at(9), at(10)));
    let mut watch = client.appointment(pending.appointment_id()).watch();
    assert_eq!(title(&watch.view()), Some("New"), "before the server knows of it");
    pending.await.unwrap();
    until(&mut watch, |it| it.status == Status::Confirmed).await;
}

#[tokio::test]
async fn weeks_are_asked_for_once() {
    let place = Place::new().await;
    let (calendar, mut first, traffic) = place.client();
    until(&mut first, |it| it.is_complete).await;
    for week in (1..9).chain((0..9).rev()).chain(3..5) {
        let mut watch = calendar.watch(day(week * 7), day(week * 7 + 7));
        until(&mut watch, |it| it.is_complete).await;
    }
    assert_eq!(traffic.range_requests(), 9);
    // What overlaps what is known asks for the rest alone; both halves of what is known are one.
    let mut watch = calendar.watch(day(-3), day(3));
    until(&mut watch, |it| it.is_complete).await;
    let mut watch = calendar.watch(day(-3), day(60));
    until(&mut watch, |it| it.is_complete).await;
    assert_eq!(traffic.range_requests(), 10);
}
