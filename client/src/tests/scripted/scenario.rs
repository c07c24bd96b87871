//! A program with the public client, and a model server; nothing moves between them but by a step. In virtual time.

use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::fake_transport::{Memory, Place};
use crate::api::calendar::CalendarHandle;
use crate::api::client::Client;
use crate::api::pending_mutation::PendingMutation;
use crate::api::range_watch::RangeWatch;
use crate::model::appointment::Appointment;
use crate::model::input::{AppointmentChanges, NewAppointment};
use crate::model::refusal::MutationResult;
use crate::model::scalars::{DateTime, Revision};
use crate::tests::model_server::server::{Server, change};

/// Both, and what is shown.
pub(crate) struct Duel {
    pub(crate) memory: Memory,
    pub(crate) client: Client,
    pub(crate) calendar: CalendarHandle,
    pub(crate) watch: RangeWatch,
    pub(crate) pending: Vec<PendingMutation<Option<Appointment>>>,
}

pub(crate) const CALENDAR: &str = "c";

/// A step of a story.
pub(crate) type Step = fn(&mut Duel);

pub(crate) fn at(hour: i64) -> DateTime {
    DateTime::from_timestamp(1_795_392_000 + hour * 3_600, 0).unwrap_or_default()
}

pub(crate) fn appointment(id: &str, title: &str, hour: i64) -> Value {
    json!({"__typename": "Appointment", "id": id, "calendarId": CALENDAR, "title": title, "description": null,
           "location": null, "startsAt": at(hour), "endsAt": at(hour + 1), "allDay": false, "timeZone": "UTC",
           "status": "CONFIRMED", "attendees": [], "revision": 0})
}

fn server() -> Server {
    let mut server = Server::default();
    server.calendars.entry(CALENDAR.to_owned()).or_default();
    server
}

impl Duel {
    /// A day with `1:one@10` in it, which is followed.
    pub(crate) async fn new() -> Self {
        let memory = Memory::default();
        memory.place().server = server();
        let mut it = Self::of(memory);
        it.somebody("1", "one", 10);
        it.settle().await;
        it.answers(0);
        it.settle().await;
        it.hears();
        it.settle().await;
        it.watch.delta();
        it
    }

    /// A program that begins.
    pub(crate) fn of(memory: Memory) -> Self {
        let client = Client::builder("http://localhost/graphql").transport(memory.clone());
        let client = client.build().expect("it is an address");
        let calendar = client.calendar(CALENDAR);
        let watch = calendar.watch(at(0), at(24));
        Self { memory, client, calendar, watch, pending: Vec::new() }
    }

    /// Everybody does what there is to be done at once.
    pub(crate) async fn settle(&self) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    /// So much later that everything that failed is tried again.
    pub(crate) async fn later(&self) {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }

    /// Plays steps, and checks what is shown after each.
    pub(crate) async fn play(&mut self, name: &str, steps: &[(Step, &str)]) {
        println!("{name}");
        for (step, expected) in steps {
            step(self);
            self.settle().await;
            let shown = self.shown();
            println!("     {shown:32} must be {expected}");
            assert_eq!(shown, *expected, "{name}");
        }
    }

    pub(crate) fn shown(&mut self) -> String {
        let view = self.watch.view();
        let word =
            |it: &Appointment| format!("{}@{}", it.title, (it.starts_at - at(0)).num_hours());
        view.appointments.iter().map(|it| word(it)).collect::<Vec<_>>().join(" ")
    }

    /// What a mutation of mine came to, if it is decided.
    pub(crate) fn came(&mut self, number: usize) -> Option<MutationResult> {
        (&mut self.pending[number]).now_or_never()
    }

    /// The revision that a mutation of mine has left.
    pub(crate) fn left(&mut self, number: usize) -> Revision {
        match self.came(number) {
            Some(Ok(Some(it))) => it.revision,
            other => panic!("{other:?}"),
        }
    }

    /// Does something to the server, and to what is under way.
    pub(crate) fn there<R>(&self, act: impl FnOnce(&mut Place) -> R) -> R {
        act(&mut self.memory.place())
    }

    /// The server takes one of the requests that were sent, and its answer arrives.
    pub(crate) fn answers(&mut self, at: usize) {
        self.there(|it| {
            it.reads(at);
            it.arrives(0);
        });
    }

    pub(crate) fn refuses(&mut self, at: usize) {
        self.there(|it| {
            it.refuses(at, None);
            it.arrives(0);
        });
    }

    /// The next event of the log arrives.
    pub(crate) fn hears(&mut self) {
        assert!(self.there(Place::tells_next), "there is something to be heard");
    }

    pub(crate) fn somebody(&mut self, id: &str, title: &str, hour: i64) {
        let it = appointment(id, title, hour);
        self.there(|there| there.server.commit_by_others(CALENDAR, id, Some(it)));
    }

    pub(crate) fn somebody_deletes(&mut self, id: &str) {
        self.there(|there| there.server.commit_by_others(CALENDAR, id, None));
    }

    pub(crate) fn create(&mut self, title: &str, hour: i64) {
        self.pending.push(
            self.calendar.create(NewAppointment::new(title, at(hour), at(hour + 1))).untyped(),
        );
    }

    pub(crate) fn update(&mut self, id: &str, changes: AppointmentChanges) {
        self.pending.push(self.calendar.update(&id.into(), changes).untyped());
    }

    pub(crate) fn rename(&mut self, title: &str) {
        self.update("1", AppointmentChanges::new().title(title));
    }

    pub(crate) fn shift(&mut self, hour: i64) {
        self.update("1", AppointmentChanges::new().time(at(hour), at(hour + 1)));
    }

    /// The id of what I created as the mutation of this number.
    pub(crate) fn mine(&self, number: usize) -> String {
        self.pending[number].appointment_id().to_string()
    }

    /// The log does not reach back, so all is asked for again.
    pub(crate) fn is_reset(&mut self) {
        let head = self.head();
        self.there(|it| it.tells_this(&change("RESET", head, head, json!({}))));
    }

    pub(crate) fn head(&self) -> u64 {
        self.there(|it| it.server.calendars[CALENDAR].head())
    }

    /// Nothing may overlap any more.
    pub(crate) fn is_strict(&mut self) {
        self.there(|it| {
            it.server.calendars.entry(CALENDAR.to_owned()).or_default().is_strict = true;
        });
    }

    pub(crate) fn is_forgotten(&mut self) {
        self.there(|it| it.server = server());
    }
}
