//! The world of most tests: a server on a free port with its own database and calendar, and a
//! GraphQL client.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use appointments_server::clock::Clock;
use appointments_server::config::{Cli, Serve};
use appointments_server::domain::Instant;
use appointments_server::server::Server;
use clap::Parser;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use uuid::Uuid;

use crate::database::TestDatabase;

/// The longest time that a test waits for something that must happen.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(20);

/// A server and a client.
pub struct World {
    pub server: Server,
    pub database: TestDatabase,
    pub calendar: String,
    http: reqwest::Client,
    clock: Arc<AtomicI64>,
}

impl World {
    /// Starts a server whose only calendar allows overlaps.
    pub async fn new() -> Self {
        Self::on(TestDatabase::selected().await).await
    }

    /// Starts a server on a given database.
    pub async fn on(database: TestDatabase) -> Self {
        Self::at(Instant::parse("2026-11-23T08:00:00Z").unwrap(), database).await
    }

    /// Starts a server whose only calendar rejects overlaps.
    pub async fn strict() -> Self {
        let world = Self::new().await;
        let input = json!({ "id": world.calendar, "overlaps": "REJECT" });
        world.mutate("updateCalendar", input).await;
        world
    }

    /// Starts a server on `database`. Its clock stays at `now` until [`World::advance_days`].
    async fn at(now: Instant, database: TestDatabase) -> Self {
        let clock = Arc::new(AtomicI64::new(now.unix()));
        let ticking = clock.clone();
        let now = Clock::from(move || Instant::from_unix(ticking.load(Ordering::Relaxed)));
        let server = Server::start(&settings(&database), now).await.unwrap();
        let mut world = Self {
            server,
            database,
            calendar: String::new(),
            http: appointments_testing::http_client(),
            clock,
        };
        let found = world.query("{ calendar { id } }", json!({})).await;
        world.calendar = text(&found["calendar"]["id"]);
        world
    }

    /// Stops the server, and starts another on the same database.
    pub async fn restart(self) -> Self {
        let now = Instant::from_unix(self.clock.load(Ordering::Relaxed));
        self.server.stop().await;
        Self::at(now, self.database).await
    }

    /// Advances the server's clock.
    pub fn advance_days(&self, days: i64) {
        self.clock.fetch_add(days * 86_400, Ordering::Relaxed);
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// Sends a request, and returns the whole response.
    pub async fn send(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let sent = self.http.post(self.url("/graphql")).json(&body).send();
        sent.await.unwrap().json().await.unwrap()
    }

    /// Sends a request that must succeed, and returns its data.
    pub async fn query(&self, query: &str, variables: Value) -> Value {
        let response = self.send(query, variables).await;
        assert_eq!(response.get("errors"), None, "{query}");
        response["data"].clone()
    }

    /// Sends a request that must fail without data, and returns the codes of its errors.
    pub async fn expect_error(&self, query: &str, variables: Value) -> String {
        let response = self.send(query, variables).await;
        assert_eq!(response["data"], Value::Null, "{response}");
        let errors = response["errors"].as_array().unwrap().iter();
        let mut codes: Vec<_> = errors.map(|it| text(&it["extensions"]["code"])).collect();
        codes.dedup();
        codes.join(" ")
    }

    /// Sends a mutation, and returns its payload with all fields.
    pub async fn send_mutation(&self, field: &str, input: Value) -> Value {
        let entity = field.trim_start_matches(char::is_lowercase);
        let verb = field.trim_end_matches(entity);
        let fields = match (verb, entity) {
            ("delete", "Calendar") => "deletedCalendarId",
            ("delete", _) => "deletedAppointmentId calendarId revision",
            (_, "Calendar") => "calendar { ...Calendar }",
            _ => "appointment { ...AllFields }",
        };
        let kind = field[..1].to_uppercase() + &field[1..] + "Input";
        let query = format!(
            "mutation($input: {kind}!) {{
                {field}(input: $input) {{ {fields} error {{ {ERROR} }} }} }}
             {APPOINTMENT_FIELDS} {CALENDAR}"
        );
        self.query(&query, json!({ "input": input })).await[field].clone()
    }

    /// Sends a mutation that must succeed, and returns its result.
    pub async fn mutate(&self, field: &str, input: Value) -> Value {
        let payload = self.send_mutation(field, input).await;
        assert_eq!(payload["error"], Value::Null, "{field}");
        match field {
            "createAppointment" | "updateAppointment" => payload["appointment"].clone(),
            "createCalendar" | "updateCalendar" => payload["calendar"].clone(),
            _ => payload,
        }
    }

    /// Sends a mutation that must be rejected, and returns the error.
    pub async fn expect_refusal(&self, field: &str, input: Value) -> Value {
        let payload = self.send_mutation(field, input).await;
        assert_ne!(payload["error"], Value::Null, "{field}: {payload}");
        assert!(payload["appointment"].is_null() && payload["calendar"].is_null(), "{payload}");
        payload["error"].clone()
    }

    /// Creates an appointment in a slot of 2026-11-23, such as `10:00-11:00`.
    pub async fn book(&self, title: &str, slot: &str) -> Value {
        self.mutate("createAppointment", appointment_input(title, slot)).await
    }

    /// Returns the titles of the appointments in a slot of 2026-11-23.
    pub async fn titles(&self, slot: &str) -> Vec<String> {
        let (start, end) = slot_times(slot);
        let found = self.range(&start, &end).await;
        found["appointments"].as_array().unwrap().iter().map(|it| text(&it["title"])).collect()
    }

    /// Returns the default calendar's appointments in a range.
    pub async fn range(&self, start: &str, end: &str) -> Value {
        let query = format!(
            "query($range: TimeRange!) {{ appointmentsInRange(range: $range) {{
                calendarId revision appointments {{ ...AllFields }} }} }} {APPOINTMENT_FIELDS}"
        );
        let range = json!({ "range": { "start": start, "end": end } });
        self.query(&query, range).await["appointmentsInRange"].clone()
    }

    /// Returns the head revision of the default calendar.
    pub async fn revision(&self) -> u64 {
        self.range("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z").await["revision"]
            .as_u64()
            .unwrap()
    }

    /// Waits until the default calendar's first change is pruned. A server prunes soon after its
    /// start, and then every ten minutes.
    pub async fn wait_until_pruned(&self) {
        let pruned = async {
            while !self
                .subscribe(json!({ "after": 0 }))
                .await
                .next_summary()
                .await
                .starts_with("RESET")
            {}
        };
        tokio::time::timeout(TEST_TIMEOUT, pruned).await.expect("a pruned log");
    }

    /// Subscribes to the default calendar, with arguments such as `after: 3` or `range: {…}`.
    pub async fn subscribe(&self, arguments: Value) -> Subscription {
        Subscription::new(&self.url("/graphql"), arguments).await
    }
}

/// Returns the settings of a server on `database`.
pub fn settings(database: &TestDatabase) -> Serve {
    let location = database.location();
    let flags = ["appointments-server", "--listen", "127.0.0.1:0", "--database"];
    Cli::parse_from(flags.into_iter().chain(location.to_str())).serve
}

/// Returns the input of an appointment in a slot of 2026-11-23.
pub fn appointment_input(title: &str, slot: &str) -> Value {
    let (start, end) = slot_times(slot);
    json!({ "title": title, "startsAt": start, "endsAt": end })
}

/// Returns the start and end of a slot of 2026-11-23, such as `10:00-11:00`.
pub fn slot_times(slot: &str) -> (String, String) {
    let (start, end) = slot.split_once('-').unwrap();
    let at = |time| format!("2026-11-23T{time}:00Z");
    (at(start), at(end))
}

/// Returns `base` with the fields of `more`.
pub fn merge(mut base: Value, more: Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

/// Returns the string in a JSON value.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string")).to_owned()
}

/// Returns a new id, as a client creates it.
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}

/// Returns the fields that an `InvalidInput` names.
pub fn invalid_fields(error: &Value) -> Vec<String> {
    assert_eq!(error["__typename"], "InvalidInput", "{error}");
    error["problems"].as_array().unwrap().iter().map(|it| text(&it["field"])).collect()
}

const ERROR: &str = "__typename message ... on InvalidInput { problems { field message } }
    ... on TimeSlotTaken { conflictCount conflicts {
        startsAt endsAt appointment { ...AllFields } } }
    ... on RevisionConflict { current { ...AllFields } }
    ... on CalendarRevisionConflict { currentCalendar: current { ...Calendar } }
    ... on IdAlreadyUsed { existing { __typename id } }
    ... on CalendarNotEmpty { appointmentCount }
    ... on NotFound { id calendarId revision }";

pub const APPOINTMENT_FIELDS: &str =
    "fragment AllFields on Appointment { id calendarId title description location
    startsAt endsAt allDay timeZone status attendees { email name response } revision createdAt
    updatedAt }";
const CALENDAR: &str =
    "fragment Calendar on Calendar { id name color timeZone overlaps isDefault revision }";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

fn handshake(url: &str) -> Request {
    let mut request = url.replacen("http", "ws", 1).into_client_request().unwrap();
    let protocol = "graphql-transport-ws".parse().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    request
}

/// A subscription over WebSocket. It checks that each event continues the last one.
pub struct Subscription {
    socket: Socket,
    last: Option<u64>,
}

impl Subscription {
    pub async fn new(url: &str, arguments: Value) -> Self {
        Self::try_new(url, arguments).await.expect("a connection")
    }

    /// Returns `None` if the connection is lost before the subscription is sent.
    pub async fn try_new(url: &str, arguments: Value) -> Option<Self> {
        let mut subscription = Self::try_connect(url).await?;
        subscription.subscribe(arguments).await?;
        Some(subscription)
    }

    async fn subscribe(&mut self, arguments: Value) -> Option<()> {
        self.last = arguments["after"].as_u64();
        let query = "subscription($calendarId: ID, $range: TimeRange, $after: Revision) {
            appointmentChanges(calendarId: $calendarId, range: $range, after: $after) {
                kind calendarId revision previousRevision appointmentId deletedAppointmentId
                mutationId appointment { id title description revision }
                calendar { name } } }";
        let payload = json!({ "query": query, "variables": arguments });
        self.try_send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await
    }

    /// Subscribes over a connection that buffers only a few kilobytes.
    pub async fn with_small_buffer(url: &str, arguments: Value) -> Self {
        let address = url.trim_start_matches("http://").split('/').next().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        let connection = socket.connect(address.parse().unwrap()).await.unwrap();
        let connection = MaybeTlsStream::Plain(connection);
        let socket = tokio_tungstenite::client_async(handshake(url), connection).await.unwrap().0;
        let mut subscription = Self::initialize(socket).await.unwrap();
        subscription.subscribe(arguments).await.unwrap();
        subscription
    }

    /// Opens a socket and initializes it.
    pub async fn connect(url: &str) -> Self {
        Self::try_connect(url).await.expect("a connection")
    }

    async fn try_connect(url: &str) -> Option<Self> {
        let (socket, _) = tokio_tungstenite::connect_async(handshake(url)).await.ok()?;
        Self::initialize(socket).await
    }

    async fn initialize(socket: Socket) -> Option<Self> {
        let mut subscription = Self { socket, last: None };
        subscription.try_send(json!({ "type": "connection_init" })).await?;
        assert_eq!(subscription.receive().await?["type"], "connection_ack");
        Some(subscription)
    }

    pub async fn send(&mut self, message: Value) {
        self.try_send(message).await.expect("an open connection");
    }

    async fn try_send(&mut self, message: Value) -> Option<()> {
        self.socket.send(Message::text(message.to_string())).await.ok()
    }

    /// Returns the next message, or `None` if the connection is lost.
    pub async fn receive(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(TEST_TIMEOUT, self.socket.next());
            match message.await.expect("a message in time")?.ok()? {
                Message::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// Returns the next event.
    ///
    /// `None` if the subscription has ended, the connection is lost, or the server is unavailable.
    pub async fn next_event(&mut self) -> Option<Value> {
        let message = self.receive().await?;
        if message["type"] == "complete" {
            return None;
        }
        assert_eq!(message["type"], "next", "{message}");
        if message["payload"]["errors"][0]["extensions"]["code"] == "UNAVAILABLE" {
            return None;
        }
        assert_eq!(message["payload"].get("errors"), None, "{message}");
        let event = message["payload"]["data"]["appointmentChanges"].clone();
        if let Some(last) = self.last {
            assert_eq!(event["previousRevision"].as_u64(), Some(last), "{event}");
        }
        self.last = event["revision"].as_u64();
        Some(event)
    }

    /// Returns the next event as text, such as `CREATED 3 Dentist`.
    pub async fn next_summary(&mut self) -> String {
        let event = self.next_event().await.expect("an event");
        let names = [&event["appointment"]["title"], &event["calendar"]["name"]];
        let name = names.into_iter().find_map(Value::as_str).map(|it| format!(" {it}"));
        format!("{} {}{}", text(&event["kind"]), event["revision"], name.unwrap_or_default())
    }
}
