//! Compares the model server with the real server: both get the same requests, and must respond
//! alike. Otherwise the random tests would prove little.

use std::sync::Arc;

use appointments_server::clock::Clock;
use appointments_server::domain::Instant;
use cynic::SubscriptionBuilder;
use fastrand::Rng;
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

/// The calendar that allows overlaps, and the one that rejects them.
const CALENDARS: [&str; 2] =
    ["01a20c00-0000-7000-8000-000000000001", "01a20c00-0000-7000-8000-000000000002"];
/// The time of the requests in Unix seconds: 23 November 2026.
const NOW: i64 = 1_795_392_000;

/// Both servers, and the requests that were sent to them.
struct Comparison {
    real: Http,
    model: FakeTransport,
    engine: Engine,
    rng: Rng,
    appointments: Vec<AppointmentId>,
    sent: Vec<String>,
}

impl Comparison {
    /// Sends a request to both servers, and compares the responses.
    async fn compare(&mut self, body: String) {
        let real = post(&self.real, &body).await;
        let model = post(&self.model, &body).await;
        assert_eq!(normalize(real), normalize(model), "{body}");
        self.sent.push(body);
    }

    fn random_hours(&mut self) -> TimeRange {
        let start = self.rng.i64(0..40);
        let end = start + 1 + self.rng.i64(0..3);
        let at = |hour: i64| DateTime::from_timestamp(NOW + hour * 3_600, 0).unwrap_or_default();
        TimeRange { start: at(start), end: at(end) }
    }

    /// Returns a random request of a client.
    fn random_request(&mut self, step: u64) -> String {
        let calendar = CalendarId::from(CALENDARS[self.rng.usize(..2)]);
        let range = self.random_hours();
        let kind = self.rng.u64(..8);
        if kind == 0 {
            return range_query(self.engine.cache(), &calendar, range).body();
        }
        if kind == 1 && !self.sent.is_empty() {
            // A retry, as after a lost response.
            return self.sent[self.rng.usize(..self.sent.len())].clone();
        }
        let (appointment, input) = self.random_mutation(kind, step, range);
        let is_create = matches!(input, MutationInput::Create(_));
        let is_conditional = self.rng.u64(..4) == 0 && !is_create;
        let expected = is_conditional.then(|| self.rng.u64(..=step));
        let id = self.new_id(step).into();
        let cache = self.engine.cache();
        let mutation = PreparedMutation::new(cache, &calendar, &appointment, &input, expected, &id);
        mutation.expect("the mutation is valid").body()
    }

    fn random_mutation(
        &mut self,
        kind: u64,
        step: u64,
        TimeRange { start, end }: TimeRange,
    ) -> (AppointmentId, MutationInput) {
        let title = format!("t{}", self.rng.u64(..3));
        let existing = self.rng.choice(&self.appointments).cloned();
        let update = |changes: AppointmentChanges| MutationInput::Update(Box::new(changes));
        match (kind, existing) {
            (0..5, _) | (_, None) => {
                let id = AppointmentId::from(self.new_id(step));
                self.appointments.push(id.clone());
                (id, MutationInput::Create(Box::new(NewAppointment::new(title, start, end))))
            }
            (5, Some(id)) => (id, update(AppointmentChanges::new().title(title))),
            (6, Some(id)) => (id, update(AppointmentChanges::new().time(start, end))),
            (_, Some(id)) => (id, MutationInput::Delete(Precondition::None)),
        }
    }

    fn new_id(&mut self, step: u64) -> String {
        let now = DateTime::from_timestamp(NOW + step as i64, 0).unwrap_or_default();
        self.engine.new_id(now)
    }
}

async fn post(transport: &dyn Transport, body: &str) -> Value {
    let response = transport.post(body.to_owned()).await.expect("the server responds");
    serde_json::from_slice(&response).expect("the response is JSON")
}

/// Returns all events of a calendar so far, up to the bookmark.
async fn events(transport: &dyn Transport, engine: &Engine, calendar: &str) -> Vec<Value> {
    let mut connection = transport.connect().await.expect("the connection opens");
    let changes = ChangesVariables { calendar: calendar.into(), after: Some(0) };
    let changes = ChangesSubscription::build(changes);
    let body = engine.cache().prepare(&changes).expect("the subscription is valid").body();
    let subscribe = SubscriptionCommand::Subscribe { id: SubscriptionId(1), body };
    connection.commands.unbounded_send(subscribe).expect("the connection is open");
    let mut events = Vec::new();
    while let Some(ServerMessage::Event { payload, .. }) = connection.messages.next().await {
        let event: Value = serde_json::from_str(&payload).expect("the event is JSON");
        let is_last = event["data"]["appointmentChanges"]["kind"] == "BOOKMARK";
        events.push(normalize(event));
        if is_last {
            break;
        }
    }
    events
}

/// Removes texts for people, and sorts lists.
fn normalize(mut response: Value) -> Value {
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
    walk(&mut response);
    response
}

#[tokio::test]
async fn the_model_server_responds_like_the_real_one() {
    let server = RealServer::start(Clock::from(|| Instant::from_unix(NOW + 3_600))).await;
    let real = Http::new(&server.url(), Arc::new(|| None)).expect("the URL is valid");
    let model = FakeTransport::default();
    model.network().is_automatic = true;
    for (id, overlaps) in CALENDARS.into_iter().zip(["ALLOW", "REJECT"]) {
        let input = json!({"id": id, "name": overlaps, "overlaps": overlaps});
        let query = "mutation($input: CreateCalendarInput!) \
            { createCalendar(input: $input) { calendar { id } } }";
        let body = json!({"query": query, "variables": {"input": input}}).to_string();
        let response = real.post(body).await.expect("the server responds");
        assert!(String::from_utf8_lossy(&response).contains(id));
        let mut network = model.network();
        let log = network.server.calendars.entry(id.to_owned()).or_default();
        log.is_strict = overlaps == "REJECT";
    }
    let engine = Engine::new(7).expect("the contract fits");
    let mut comparison = Comparison {
        real,
        model,
        engine,
        rng: Rng::with_seed(7),
        appointments: Vec::new(),
        sent: Vec::new(),
    };
    for step in 0..600 {
        let body = comparison.random_request(step);
        comparison.compare(body).await;
    }
    let Comparison { real, model, engine, .. } = &comparison;
    for calendar in CALENDARS {
        let expected = events(real, engine, calendar).await;
        assert!(expected.len() > 10, "{expected:?}");
        assert_eq!(events(model, engine, calendar).await, expected);
    }
    server.stop().await;
}
