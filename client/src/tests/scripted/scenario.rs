//! A scenario: a program with the public client, and the model server. Nothing moves between them
//! until a step says so.

#![allow(clippy::print_stdout, reason = "the steps of a scenario are the test's output")]

use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::fake_transport::{FakeNetwork, FakeTransport};
use crate::api::calendar::CalendarHandle;
use crate::api::client::Client;
use crate::api::pending_mutation::PendingMutation;
use crate::api::range_watch::RangeWatch;
use crate::model::appointment::Appointment;
use crate::model::input::{AppointmentChanges, NewAppointment};
use crate::model::refusal::MutationResult;
use crate::model::scalars::{DateTime, Revision};
use crate::tests::model_server::server::{Server, change};

/// The program's client, a watch of one day, and all mutations so far.
pub(crate) struct Scenario {
    pub(crate) transport: FakeTransport,
    pub(crate) client: Client,
    pub(crate) calendar: CalendarHandle,
    pub(crate) watch: RangeWatch,
    pub(crate) pending: Vec<PendingMutation<Option<Appointment>>>,
}

/// The id of the only calendar.
pub(crate) const CALENDAR: &str = "c";

/// A step of a scenario.
pub(crate) type Step = fn(&mut Scenario);

/// Returns the instant of an hour, counted from the start of the watched day.
pub(crate) fn at(hour: i64) -> DateTime {
    DateTime::from_timestamp(1_795_392_000 + hour * 3_600, 0).unwrap_or_default()
}

/// Returns an appointment of one hour, as the server writes it.
pub(crate) fn appointment(id: &str, title: &str, hour: i64) -> Value {
    json!({
        "__typename": "Appointment", "id": id, "calendarId": CALENDAR, "title": title,
        "description": null, "location": null, "startsAt": at(hour), "endsAt": at(hour + 1),
        "allDay": false, "timeZone": "UTC", "status": "CONFIRMED", "attendees": [], "revision": 0,
    })
}

fn empty_server() -> Server {
    let mut server = Server::default();
    server.calendars.entry(CALENDAR.to_owned()).or_default();
    server
}

impl Scenario {
    /// Starts with the appointment "one" at 10 o'clock, which has the id "1", and a client that is
    /// live.
    pub(crate) async fn new() -> Self {
        let transport = FakeTransport::default();
        transport.network().server = empty_server();
        let mut scenario = Self::with_transport(transport);
        scenario.other_client_writes("1", "one", 10);
        scenario.run().await;
        scenario.respond(0);
        scenario.run().await;
        scenario.deliver_next_event();
        scenario.run().await;
        scenario.watch.delta();
        scenario
    }

    /// Starts a program that uses a transport.
    pub(crate) fn with_transport(transport: FakeTransport) -> Self {
        let client = Client::builder("http://localhost/graphql").transport(transport.clone());
        let client = client.build().expect("the URL is valid");
        let calendar = client.calendar(CALENDAR);
        let watch = calendar.watch(at(0), at(24));
        Self { transport, client, calendar, watch, pending: Vec::new() }
    }

    /// Lets all tasks run until they wait.
    pub(crate) async fn run(&self) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    /// Lets so much time pass that everything that failed is retried.
    pub(crate) async fn wait_a_minute(&self) {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }

    /// Plays steps, and checks after each of them what the watch shows.
    pub(crate) async fn play(&mut self, name: &str, steps: &[(Step, &str)]) {
        println!("{name}");
        for (step, expected) in steps {
            step(self);
            self.run().await;
            let shown = self.visible();
            println!("     {shown:32} expected: {expected}");
            assert_eq!(shown, *expected, "{name}");
        }
    }

    /// Returns what the watch shows, for example `one@10 two@11`.
    pub(crate) fn visible(&mut self) -> String {
        let view = self.watch.view();
        let format =
            |it: &Appointment| format!("{}@{}", it.title, (it.starts_at - at(0)).num_hours());
        view.appointments.iter().map(|it| format(it)).collect::<Vec<_>>().join(" ")
    }

    // The client.

    pub(crate) fn create(&mut self, title: &str, hour: i64) {
        let new = NewAppointment::new(title, at(hour), at(hour + 1));
        self.pending.push(self.calendar.create(new).untyped());
    }

    pub(crate) fn update(&mut self, id: &str, changes: AppointmentChanges) {
        self.pending.push(self.calendar.update(&id.into(), changes).untyped());
    }

    /// Changes the title of "one".
    pub(crate) fn rename(&mut self, title: &str) {
        self.update("1", AppointmentChanges::new().title(title));
    }

    /// Moves "one" to another hour.
    pub(crate) fn move_to(&mut self, hour: i64) {
        self.update("1", AppointmentChanges::new().time(at(hour), at(hour + 1)));
    }

    pub(crate) fn delete(&mut self, id: &str) {
        self.pending.push(self.calendar.delete(&id.into()).untyped());
    }

    /// Returns the outcome of the mutation with this number, if it is settled.
    pub(crate) fn outcome(&mut self, number: usize) -> Option<MutationResult> {
        (&mut self.pending[number]).now_or_never()
    }

    /// Returns the revision of the appointment that a settled mutation resulted in.
    pub(crate) fn revision_after(&mut self, number: usize) -> Revision {
        match self.outcome(number) {
            Some(Ok(Some(appointment))) => appointment.revision,
            other => panic!("{other:?}"),
        }
    }

    /// Returns the id of the appointment that the mutation with this number created.
    pub(crate) fn created_id(&self, number: usize) -> String {
        self.pending[number].appointment_id().to_string()
    }

    // The network. An index counts requests or responses in transit, the oldest first.

    /// Changes the network.
    pub(crate) fn network<R>(&self, change: impl FnOnce(&mut FakeNetwork) -> R) -> R {
        change(&mut self.transport.network())
    }

    /// The server processes a request; its response is in transit.
    pub(crate) fn process(&mut self, index: usize) {
        self.network(|network| network.process(index));
    }

    /// Delivers a response.
    pub(crate) fn deliver(&mut self, index: usize) {
        self.network(|network| network.deliver(index));
    }

    /// The server processes a request, and its response is delivered before those in transit.
    pub(crate) fn respond(&mut self, index: usize) {
        self.process(index);
        self.deliver(0);
    }

    pub(crate) fn respond_to_all(&mut self) {
        self.network(FakeNetwork::respond_to_all);
    }

    /// The server refuses a mutation: its appointment does not exist.
    pub(crate) fn refuse(&mut self, index: usize) {
        self.network(|network| {
            network.refuse(index, None);
            network.deliver(0);
        });
    }

    /// Delivers the next event of the log.
    pub(crate) fn deliver_next_event(&mut self) {
        assert!(self.network(FakeNetwork::deliver_next_events), "there is no event");
    }

    pub(crate) fn deliver_events(&mut self) {
        self.network(FakeNetwork::deliver_events);
    }

    /// Delivers an event that says that changes were missed.
    pub(crate) fn send_reset(&mut self) {
        let head = self.head();
        let reset = change("RESET", head, head, json!({}));
        self.network(|network| network.send_event(&reset));
    }

    pub(crate) fn disconnect(&mut self) {
        self.network(FakeNetwork::disconnect);
    }

    /// Returns the number of requests in transit.
    pub(crate) fn request_count(&self) -> usize {
        self.network(|network| network.requests.len())
    }

    /// Returns the number of requests for ranges so far.
    pub(crate) fn range_request_count(&self) -> usize {
        self.network(|network| network.range_requests)
    }

    // The server.

    /// Another client creates or changes an appointment of one hour.
    pub(crate) fn other_client_writes(&mut self, id: &str, title: &str, hour: i64) {
        let appointment = appointment(id, title, hour);
        self.network(|network| network.server.commit_other(CALENDAR, id, Some(appointment)));
    }

    pub(crate) fn other_client_deletes(&mut self, id: &str) {
        self.network(|network| network.server.commit_other(CALENDAR, id, None));
    }

    /// Returns the revision of the calendar.
    pub(crate) fn head(&self) -> u64 {
        self.network(|network| network.server.calendars[CALENDAR].head())
    }

    /// Makes the calendar reject overlapping appointments.
    pub(crate) fn make_strict(&mut self) {
        self.network(|network| {
            network.server.calendars.entry(CALENDAR.to_owned()).or_default().is_strict = true;
        });
    }

    /// Replaces the server by an empty one, as after the restore of an old backup.
    pub(crate) fn restore_backup(&mut self) {
        self.network(|network| network.server = empty_server());
    }
}
