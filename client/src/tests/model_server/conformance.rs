//! The model server answers as the real one does, both asked over the transport's trait, so that the simulation means
//! something.

use std::sync::Arc;

use appointments_server::clock::Clock;
use appointments_server::domain::Instant;
use cynic::SubscriptionBuilder;
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::real_server::RealServer;
use crate::engine::Engine;
use crate::model::id::{AppointmentId, CalendarId};
use crate::model::input::{AppointmentChanges, NewAppointment, Precondition};
use crate::model::scalars::DateTime;
use crate::mutation::{MutationInput, PreparedMutation};
use crate::tests::scripted::fake_transport::FakeTransport;
use crate::transport::{Http, ServerMessage, SubscriptionCommand, SubscriptionId, Transport};
use crate::wire::operations::{ChangesSubscription, ChangesVariables, TimeRange};
use crate::wire::prepare::range_query;
use fastrand::Rng;

/// One that lets appointments overlap, and one that does not.
const CALENDARS: [&str; 2] =
    ["01a20c00-0000-7000-8000-000000000001", "01a20c00-0000-7000-8000-000000000002"];
/// The present of the real server: the 23rd of November 2026.
const NOW: i64 = 1_795_392_000;

/// Both servers, and what was sent to them.
struct Both {
    real: Http,
    model: FakeTransport,
    engine: Engine,
    rng: Rng,
    appointments: Vec<AppointmentId>,
    sent: Vec<String>,
}

impl Both {
    async fn ask(&mut self, body: String) {
        let (real, model) = (answer(&self.real, &body).await, answer(&self.model, &body).await);
        assert_eq!(normal(real), normal(model), "{body}");
        self.sent.push(body);
    }

    fn any(&mut self) -> Option<AppointmentId> {
        self.rng.choice(&self.appointments).cloned()
    }

    fn hours(&mut self) -> (DateTime, DateTime) {
        let from = self.rng.i64(0..40);
        let until = from + 1 + self.rng.i64(0..3);
        let at = |hour: i64| DateTime::from_timestamp(NOW + hour * 3_600, 0).unwrap_or_default();
        (at(from), at(until))
    }

    /// Anything that clients say.
    fn body(&mut self, step: u64) -> String {
        let calendar = CalendarId::from(CALENDARS[self.rng.usize(..2)]);
        let (start, end) = self.hours();
        let title = format!("t{}", self.rng.u64(..3));
        let now = DateTime::from_timestamp(NOW + step as i64, 0).unwrap_or_default();
        let id = self.engine.new_id(now).into();
        let cache = self.engine.cache().clone();
        let expected = (self.rng.u64(..4) == 0).then(|| self.rng.u64(..step + 1));
        let (appointment, what) = match (self.rng.u64(..8), self.any()) {
            (0, _) => {
                let range = TimeRange { start, end };
                return range_query(&cache, &calendar, range).body();
            }
            // Once more, as after a lost answer.
            (1, Some(_)) => {
                return self.sent[self.rng.usize(..self.sent.len())].clone();
            }
            (2..5, _) | (_, None) => {
                let appointment = AppointmentId::from(self.engine.new_id(now));
                self.appointments.push(appointment.clone());
                (
                    appointment,
                    MutationInput::Create(Box::new(NewAppointment::new(title, start, end))),
                )
            }
            (5, Some(it)) => {
                (it, MutationInput::Update(Box::new(AppointmentChanges::new().title(title))))
            }
            (6, Some(it)) => {
                (it, MutationInput::Update(Box::new(AppointmentChanges::new().time(start, end))))
            }
            (_, Some(it)) => (it, MutationInput::Delete(Precondition::None)),
        };
        let expected = expected.filter(|_| !matches!(what, MutationInput::Create(_)));
        let mutation = PreparedMutation::new(&cache, &calendar, &appointment, &what, expected, &id);
        mutation.expect("it fits").body()
    }
}

async fn answer(of: &dyn Transport, body: &str) -> Value {
    let answer = of.post(body.to_owned()).await.expect("it is there");
    serde_json::from_slice(&answer).expect("JSON")
}

/// Every event of a calendar, over a line, until the backlog's end.
async fn events(of: &dyn Transport, engine: &Engine, calendar: &str) -> Vec<Value> {
    let mut connection = of.connect().await.expect("it opens");
    let changes = ChangesVariables { calendar: calendar.into(), after: Some(0) };
    let changes = ChangesSubscription::build(changes);
    let body = engine.cache().prepare(&changes).expect("it fits").body();
    let id = SubscriptionId(1);
    connection
        .commands
        .unbounded_send(SubscriptionCommand::Subscribe { id, body })
        .expect("it is open");
    let mut events = Vec::new();
    while let Some(ServerMessage::Event { payload, .. }) = connection.messages.next().await {
        let event: Value = serde_json::from_str(&payload).expect("JSON");
        let is_last = event["data"]["appointmentChanges"]["kind"] == "BOOKMARK";
        events.push(normal(event));
        if is_last {
            break;
        }
    }
    events
}

/// Without words for people, and with lists in an order of their own.
fn normal(mut answer: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("message");
                fields.values_mut().for_each(walk);
            }
            Value::Array(items) => {
                items.iter_mut().for_each(walk);
                items.sort_by_key(ToString::to_string);
            }
            _ => {}
        }
    }
    walk(&mut answer);
    answer
}

#[tokio::test]
async fn the_model_answers_as_the_server_does() {
    let server = RealServer::start(Clock::from(|| Instant::from_unix(NOW + 3_600))).await;
    let url = server.url();
    let real = Http::new(&url, Arc::new(|| None)).expect("it is an address");
    let model = FakeTransport::default();
    model.network().is_automatic = true;
    for (id, overlaps) in CALENDARS.into_iter().zip(["ALLOW", "REJECT"]) {
        let input = json!({"id": id, "name": overlaps, "overlaps": overlaps});
        let query = "mutation($input: CreateCalendarInput!) { createCalendar(input: $input) { calendar { id } } }";
        let body = json!({"query": query, "variables": {"input": input}}).to_string();
        let made = real.post(body).await.expect("it is there");
        assert!(String::from_utf8_lossy(&made).contains(id));
        let mut network = model.network();
        network.server.calendars.entry(id.to_owned()).or_default().is_strict = overlaps == "REJECT";
    }
    let engine = Engine::new(7).expect("the contract fits");
    let (appointments, sent) = (Vec::new(), Vec::new());
    let mut both = Both { real, model, engine, rng: Rng::with_seed(7), appointments, sent };
    for step in 0..600 {
        let body = both.body(step);
        both.ask(body).await;
    }
    for calendar in CALENDARS {
        let told = events(&both.real, &both.engine, calendar).await;
        assert!(told.len() > 10, "{told:?}");
        assert_eq!(told, events(&both.model, &both.engine, calendar).await);
    }
    server.stop().await;
}
