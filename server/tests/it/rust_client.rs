//! The Rust client against a real server, over real sockets.

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
use crate::world::TEST_TIMEOUT;

/// A server process with one calendar.
pub(crate) struct TestServer {
    process: Option<ServerProcess>,
    pub(crate) url: String,
    folder: TempDir,
    pub(crate) calendar: String,
}

impl TestServer {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = process::start(&folder.path().join("a.db")).await;
        let url = process.url.clone();
        let found = query(&url, "{ calendar { id } }").await;
        let calendar = found["data"]["calendar"]["id"].as_str().unwrap().to_owned();
        Self { process: Some(process), url, folder, calendar }
    }

    async fn strict() -> Self {
        let server = Self::new().await;
        let id = &server.calendar;
        let text = format!(
            r#"mutation {{ updateCalendar(input: {{ id: "{id}", overlaps: REJECT }}) {{
                calendar {{ id }} }} }}"#
        );
        query(&server.url, &text).await;
        server
    }

    /// Kills the server if it runs, and starts it on the same database and address.
    pub(crate) async fn restart(&mut self) {
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

/// Waits until a watch has a view that meets a condition, and returns the view.
pub(crate) async fn wait_for<S: Stream + Unpin>(
    watch: &mut S,
    condition: impl Fn(&S::Item) -> bool,
) -> S::Item {
    let matching_view = async {
        while let Some(view) = watch.next().await {
            if condition(&view) {
                return view;
            }
        }
        panic!("the watch has ended");
    };
    tokio::time::timeout(TEST_TIMEOUT, matching_view).await.expect("a matching view in time")
}

#[tokio::test]
async fn two_clients_see_each_others_changes() {
    let server = TestServer::new().await;
    let (mine, mut here, _) = server.client();
    let (theirs, mut there, traffic) = server.client();
    wait_for(&mut there, |it| it.is_complete).await;

    let pending =
        mine.create(NewAppointment::new("Dentist", at(9), at(10)).location("Main street"));
    let id = pending.appointment_id().clone();
    // Nothing was awaited yet.
    assert_eq!(titles(&here.view()), ["Dentist"]);
    assert_eq!(mine.status(&id), Status::Pending);
    let made = pending.await.unwrap();
    assert_eq!((made.title.as_str(), made.revision), ("Dentist", 1));
    assert_eq!(mine.status(&id), Status::Confirmed);
    wait_for(&mut there, |it| titles(it) == ["Dentist"]).await;

    theirs.update(
        &id,
        AppointmentChanges::new().title("Dentist, later").time(at(33), at(34)).location(None),
    );
    assert_eq!(titles(&there.view()), ["Dentist, later"]);
    let view = wait_for(&mut here, |it| titles(it) == ["Dentist, later"]).await;
    assert_eq!((view.appointments[0].starts_at, &view.appointments[0].location), (at(33), &None));

    mine.delete(&id).await.unwrap();
    wait_for(&mut there, |it| it.appointments.is_empty()).await;
    assert_eq!(traffic.range_requests(), 1, "all later changes arrived as events");
}

#[tokio::test]
async fn a_rejected_creation_is_rolled_back_and_lists_conflicts() {
    let server = TestServer::strict().await;
    let (mine, mut here, _) = server.client();
    let (theirs, mut there, _) = server.client();
    theirs.create(NewAppointment::new("Theirs", at(9), at(10))).await.unwrap();
    wait_for(&mut here, |it| titles(it) == ["Theirs"]).await;

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
async fn a_revision_conflict_has_the_current_appointment() {
    let server = TestServer::new().await;
    let (mine, mut here, _) = server.client();
    let (theirs, mut there, _) = server.client();
    let made = mine.create(NewAppointment::new("One", at(9), at(10))).await.unwrap();
    wait_for(&mut there, |it| titles(it) == ["One"]).await;
    // Both change the appointment they see, and one is first.
    let first = theirs.update(&made.id, AppointmentChanges::new().title("Theirs").if_unchanged());
    first.await.unwrap();
    let second = mine.update(&made.id, AppointmentChanges::new().title("Mine").if_unchanged());
    match second.await {
        // This client has not received the other change yet.
        Err(Refusal::Conflict { current, .. }) => assert_eq!(current.title, "Theirs"),
        // This client has received it.
        other => assert_eq!(other.unwrap().title, "Mine"),
    }
    let invalid = mine.update(&made.id, AppointmentChanges::new().title(""));
    let Err(Refusal::Invalid { problems, .. }) = invalid.await else {
        panic!("an empty title is invalid")
    };
    assert_eq!(problems[0].field, "title");
    mine.delete(&made.id).await.unwrap();
    assert!(!mine.delete(&made.id).await.unwrap_err().to_string().is_empty());
    wait_for(&mut here, |it| it.appointments.is_empty()).await;
}

#[tokio::test]
async fn offline_changes_are_sent_after_a_restart() {
    let mut server = TestServer::new().await;
    let (mine, mut here, traffic) = server.client();
    wait_for(&mut here, |it| it.is_complete).await;
    server.process.take().unwrap().kill().await.unwrap();
    let first = mine.create(NewAppointment::new("Offline", at(9), at(10)));
    let second =
        mine.update(first.appointment_id(), AppointmentChanges::new().title("Offline, changed"));
    assert_eq!(titles(&here.view()), ["Offline, changed"]);
    // Sending fails, the view reports it, and the optimistic changes stay.
    let is_retrying = |it: &RangeView| {
        it.pending.iter().any(|it| matches!(it.state, OutboxState::Retrying { .. }))
    };
    assert_eq!(titles(&wait_for(&mut here, is_retrying).await), ["Offline, changed"]);
    assert_eq!(mine.status(first.appointment_id()), Status::Failed);
    server.restart().await;
    first.await.unwrap();
    assert_eq!(second.await.unwrap().title, "Offline, changed");
    assert_eq!(traffic.range_requests(), 1, "the client resumes instead of fetching again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_clients_agree_after_the_server_is_killed_under_load() {
    let mut server = TestServer::new().await;
    let mut clients: Vec<_> = (0..20).map(|_| server.client()).collect();
    for (_, watch, _) in &mut clients {
        wait_for(watch, |it| it.is_complete).await;
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
            server.restart().await;
        }
    }
    let mut ids = BTreeSet::new();
    for pending in made {
        let result =
            tokio::time::timeout(TEST_TIMEOUT * 3, pending).await.expect("a result in time");
        assert!(ids.insert(result.unwrap().id.to_string()));
    }
    for (_, watch, traffic) in &mut clients {
        let view = wait_for(watch, |it| it.appointments.len() == 200).await;
        let seen: BTreeSet<_> = view.appointments.iter().map(|it| it.id.to_string()).collect();
        assert_eq!(seen, ids);
        assert_eq!(traffic.range_requests(), 1, "the client resumes instead of fetching again");
    }
}
