//! The Rust client's watches of single appointments and of many weeks.

use appointments_client::{AppointmentChanges, AppointmentView, Client, NewAppointment, Status};

use crate::rust_client::{TestServer, at, day, wait_for};

fn title(view: &AppointmentView) -> Option<&str> {
    view.appointment.as_ref().map(|it| &*it.title)
}

#[tokio::test]
async fn an_appointment_watch_follows_moves_and_restarts() {
    let mut server = TestServer::new().await;
    let (mine, ..) = server.client();
    let pending = mine.create(NewAppointment::new("Dentist", at(9), at(10)));
    let id = pending.appointment_id().clone();
    pending.await.unwrap();

    // A client that watches nothing else.
    let client = Client::builder(&server.url).build().unwrap();
    let mut watch = client.appointment(&id).watch();
    assert!(!watch.view().is_complete, "not fetched yet");
    wait_for(&mut watch, |it| title(it) == Some("Dentist")).await;
    mine.update(&id, AppointmentChanges::new().title("Moved").time(at(24 * 90), at(24 * 90 + 1)));
    wait_for(&mut watch, |it| title(it) == Some("Moved")).await;

    // Its own change is visible at once, and confirmed later.
    let calendar = client.calendar(&server.calendar);
    let renamed = calendar.update(&id, AppointmentChanges::new().title("Mine"));
    let view = watch.view();
    assert_eq!((title(&view), view.status), (Some("Mine"), Status::Pending));
    renamed.await.unwrap();
    wait_for(&mut watch, |it| it.status == Status::Confirmed).await;

    // The watch survives a restart of the server.
    server.restart().await;
    mine.update(&id, AppointmentChanges::new().title("Later"));
    wait_for(&mut watch, |it| title(it) == Some("Later")).await;
    mine.delete(&id).await.unwrap();
    let gone = wait_for(&mut watch, |it| it.appointment.is_none()).await;
    assert!(gone.is_complete);
}

#[tokio::test]
async fn a_missing_appointment_can_be_watched() {
    let server = TestServer::new().await;
    let client = Client::builder(&server.url).build().unwrap();
    let missing = "01a20c00-0000-7000-8000-00000000dead";
    let mut absent = client.appointment(missing).watch();
    wait_for(&mut absent, |it| it.is_complete).await;
    assert_eq!(absent.view().appointment, None);

    let calendar = client.calendar(&server.calendar);
    let pending = calendar.create(NewAppointment::new("New", at(9), at(10)));
    let mut watch = client.appointment(pending.appointment_id()).watch();
    assert_eq!(title(&watch.view()), Some("New"), "before the server has stored it");
    pending.await.unwrap();
    wait_for(&mut watch, |it| it.status == Status::Confirmed).await;
}

#[tokio::test]
async fn each_week_is_fetched_once() {
    let server = TestServer::new().await;
    let (calendar, mut first, traffic) = server.client();
    wait_for(&mut first, |it| it.is_complete).await;
    for week in (1..9).chain((0..9).rev()).chain(3..5) {
        let mut watch = calendar.watch(day(week * 7), day(week * 7 + 7));
        wait_for(&mut watch, |it| it.is_complete).await;
    }
    assert_eq!(traffic.range_requests(), 9);
    // A partly known range fetches only the rest, and adjacent known ranges merge.
    let mut watch = calendar.watch(day(-3), day(3));
    wait_for(&mut watch, |it| it.is_complete).await;
    let mut watch = calendar.watch(day(-3), day(60));
    wait_for(&mut watch, |it| it.is_complete).await;
    assert_eq!(traffic.range_requests(), 10);
}
