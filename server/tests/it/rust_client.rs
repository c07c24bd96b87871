//! The Rust client against the real server, over real sockets.

mod watches;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use appointments_client::transport::Http;
use appointments_client::{
    AppointmentChanges, CalendarHandle, Client, DateTime, NewAppointment, OutboxState, RangeView,
    RangeWatch, Refusal, Status,
};
use appointments_testing::{CountingTransport, Traffic};
use futures_util::{Stream, StreamExt};
use tempfile::TempDir;

use crate::process::{self, ServerProcess, query};
use crate::world::PATIENCE;

/// A server as a process, and its one calendar.
pub(crate) struct Place {
    process: Option<ServerProcess>,
    pub(crate) url: String,
    folder: TempDir,
    pub(crate) calendar: String,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = process::start(&folder.path().join("a.db")).await;
        let url = process.url.clone();
        let found = query(&url, "{ calendar { id } }").await;
        let calendar = found["data"]["calendar"]["id"].as_str().unwrap().to_owned();
        Self { process: Some(process), url, folder, calendar }
    }

    async fn strict() -> Self {
        let place = Self::new().await;
        let id = &place.calendar;
        let text = format!(
            r#"mutation {{ updateCalendar(input: {{ id: "{id}", overlaps: REJECT }}) {{ calendar {{ id }} }} }}"#
        );
        query(&place.url, &text).await;
        place
    }

    /// Killed, and started again on the same database and at the same address.
    pub(crate) async fn is_restarted(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill().await.unwrap();
        }
        let address =
            self.url.trim_start_matches("http://").trim_end_matches("/graphql").to_owned();
        let database = self.folder.path().join("a.db");
        self.process = Some(process::start_at(&database, &address).await);
    }

    pub(crate) fn client(&self) -> (CalendarHandle, RangeWatch, Traffic) {
        let http = Http::new(&self.url, Arc::new(|| None)).unwrap();
        let (transport, traffic) = CountingTransport::new(http);
        let client = Client::builder(&self.url).transport(transport).build().unwrap();
        let calendar = client.calendar(&self.calendar);
        let watch = calendar.watch(day(0), day(7));
        (calendar, watch, traffic)
    }
}

pub(crate) fn day(number: i64) -> DateTime {
    DateTime::from_timestamp(1_795_392_000 + number * 86_400, 0).unwrap()
}

pub(crate) fn at(hour: i64) -> DateTime {
    day(0) + chrono::TimeDelta::hours(hour)
}

fn titles(view: &RangeView) -> Vec<&str> {
    view.appointments.iter().map(|it| &*it.title).collect()
}

/// Waits until a watch shows what is wanted.
pub(crate) async fn until<S: Stream + Unpin>(
    watch: &mut S,
    what: impl Fn(&S::Item) -> bool,
) -> S::Item {
    let shown = async {
        while let Some(view) = watch.next().await {
            if what(&view) {
                return view;
            }
        }
        panic!("a watch does not end");
    };
    tokio::time::timeout(PATIENCE, shown).await.expect("it should be seen in time")
}

#[tokio::test]
async fn two_windows_change_together() {
    let place = Place::new().await;
    let (mine, mut here, _) = place.client();
    let (theirs, mut there, traffic) = place.client();
    until(&mut there, |it| it.is_complete).await;

    let pending =
        mine.create(NewAppointment::new("Dentist", at(9), at(10)).location("Main street"));
    let id = pending.appointment_id().clone();
    // Nothing was awaited yet.
    assert_eq!(titles(&here.view()), ["Dentist"]);
    assert_eq!(mine.status(&id), Status::Pending);
    let made = pending.await.unwrap();
    assert_eq!((made.title.as_str(), made.revision), ("Dentist", 1));
    assert_eq!(mine.status(&id), Status::Confirmed);
    until(&mut there, |it| titles(it) == ["Dentist"]).await;

    theirs.update(
        &id,
        AppointmentChanges::new().title("Dentist, later").time(at(33), at(34)).location(None),
    );
    assert_eq!(titles(&there.view()), ["Dentist, later"]);
    let view = until(&mut here, |it| titles(it) == ["Dentist, later"]).await;
    assert_eq!((view.appointments[0].starts_at, &view.appointments[0].location), (at(33), &None));

    mine.delete(&id).await.unwrap();
    until(&mut there, |it| it.appointments.is_empty()).await;
    assert_eq!(traffic.range_requests(), 1, "all the rest was heard");
}

#[tokio::test]
async fn a_taken_slot_is_given_back_and_says_what_is_there() {
    let place = Place::strict().await;
    let (mine, mut here, _) = place.client();
    let (theirs, mut there, _) = place.client();
    theirs.create(NewAppointment::new("Theirs", at(9), at(10))).await.unwrap();
    until(&mut here, |it| titles(it) == ["Theirs"]).await;

    let pending = mine.create(NewAppointment::new("Mine", at(9), at(11)));
    assert_eq!(titles(&here.view()), ["Mine", "Theirs"], "the longer comes first");
    let refusal = pending.await.unwrap_err();
    let Refusal::SlotTaken { conflicts, count, .. } = &refusal else { panic!("{refusal:?}") };
    assert_eq!((conflicts[0].starts_at, *count), (at(9), 1));
    assert!(refusal.is_user_facing());
    assert_eq!(titles(&here.view()), ["Theirs"]);
    assert_eq!(titles(&there.view()), ["Theirs"]);
}

#[tokio::test]
async fn a_conflict_says_what_stands() {
    let place = Place::new().await;
    let (mine, mut here, _) = place.client();
    let (theirs, mut there, _) = place.client();
    let made = mine.create(NewAppointment::new("One", at(9), at(10))).await.unwrap();
    until(&mut there, |it| titles(it) == ["One"]).await;
    // Both change what they see; one comes first.
    let first = theirs.update(&made.id, AppointmentChanges::new().title("Theirs").if_unchanged());
    first.await.unwrap();
    let second = mine.update(&made.id, AppointmentChanges::new().title("Mine").if_unchanged());
    match second.await {
        // It has not heard of theirs yet.
        Err(Refusal::Conflict { current, .. }) => assert_eq!(current.title, "Theirs"),
        // It has.
        other => assert_eq!(other.unwrap().title, "Mine"),
    }
    let invalid = mine.update(&made.id, AppointmentChanges::new().title(""));
    let Err(Refusal::Invalid { problems, .. }) = invalid.await else { panic!("it has no title") };
    assert_eq!(problems[0].field, "title");
    mine.delete(&made.id).await.unwrap();
    assert!(!mine.delete(&made.id).await.unwrap_err().to_string().is_empty());
    until(&mut here, |it| it.appointments.is_empty()).await;
}

#[tokio::test]
async fn without_a_server_it_works_and_catches_up() {
    let mut place = Place::new().await;
    let (mine, mut here, traffic) = place.client();
    until(&mut here, |it| it.is_complete).await;
    place.process.take().unwrap().kill().await.unwrap();
    let first = mine.create(NewAppointment::new("Offline", at(9), at(10)));
    let second =
        mine.update(first.appointment_id(), AppointmentChanges::new().title("Offline, changed"));
    assert_eq!(titles(&here.view()), ["Offline, changed"]);
    // Nobody was there, which is said of what is shown, and nothing goes back.
    let tried = |it: &RangeView| {
        it.pending.iter().any(|it| matches!(it.state, OutboxState::Retrying { .. }))
    };
    assert_eq!(titles(&until(&mut here, tried).await), ["Offline, changed"]);
    assert_eq!(mine.status(first.appointment_id()), Status::Failed);
    place.is_restarted().await;
    first.await.unwrap();
    assert_eq!(second.await.unwrap().title, "Offline, changed");
    assert_eq!(traffic.range_requests(), 1, "it goes on from where it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_clients_agree_though_the_server_is_killed_under_load() {
    let mut place = Place::new().await;
    let mut clients: Vec<_> = (0..20).map(|_| place.client()).collect();
    for (_, watch, _) in &mut clients {
        until(watch, |it| it.is_complete).await;
    }
    let mut made = Vec::new();
    for round in 0..10 {
        for (number, (calendar, ..)) in clients.iter().enumerate() {
            let title = format!("{number}/{round}");
            let hour = (number * 10 + round) as i64 % 160;
            made.push(calendar.create(NewAppointment::new(title, at(hour), at(hour + 1))));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        if round == 3 || round == 7 {
            place.is_restarted().await;
        }
    }
    let mut ids = BTreeSet::new();
    for pending in made {
        let decided =
            tokio::time::timeout(PATIENCE * 3, pending).await.expect("a decision in time");
        assert!(ids.insert(decided.unwrap().id.to_string()));
    }
    for (_, watch, traffic) in &mut clients {
        let view = until(watch, |it| it.appointments.len() == 200).await;
        let seen: BTreeSet<_> = view.appointments.iter().map(|it| it.id.to_string()).collect();
        assert_eq!(seen, ids);
        assert_eq!(traffic.range_requests(), 1, "a resume was enough");
    }
}
