//! One line sets up the world: a server on a free port with a database of its own, a calendar,
//! and somebody who speaks GraphQL to it.

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

use crate::database::Home;

/// No test waits longer than this for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A server, and somebody who uses it.
pub struct World {
    pub server: Server,
    pub home: Home,
    pub calendar: String,
    http: reqwest::Client,
    clock: Arc<AtomicI64>,
}

impl World {
    /// A server with one calendar, the default one, where appointments may overlap.
    pub async fn new() -> Self {
        Self::within(Home::any().await).await
    }

    /// The same, at a home of its own.
    pub async fn within(home: Home) -> Self {
        Self::at(Instant::parse("2026-11-23T08:00:00Z").unwrap(), home).await
    }

    /// A server whose one calendar lets nothing overlap.
    pub async fn strict() -> Self {
        let world = Self::new().await;
        let input = json!({ "id": world.calendar, "overlaps": "REJECT" });
        world.done("updateCalendar", input).await;
        world
    }

    /// A server on what is at `home`, whose clock shows `now` until days go by.
    async fn at(now: Instant, home: Home) -> Self {
        let clock = Arc::new(AtomicI64::new(now.unix()));
        let ticking = clock.clone();
        let now = Clock::from(move || Instant::from_unix(ticking.load(Ordering::Relaxed)));
        let server = Server::start(&settings(&home), now).await.unwrap();
        let mut world =
            Self { server, home, calendar: String::new(), http: reqwest::Client::new(), clock };
        let found = world.ask("{ calendar { id } }", json!({})).await;
        world.calendar = text(&found["calendar"]["id"]);
        world
    }

    /// Stops the server, and starts another on the same database.
    pub async fn restarted(self) -> Self {
        let now = Instant::from_unix(self.clock.load(Ordering::Relaxed));
        self.server.stop().await;
        Self::at(now, self.home).await
    }

    /// Days go by.
    pub fn pass(&self, days: i64) {
        self.clock.fetch_add(days * 86_400, Ordering::Relaxed);
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// The whole response.
    pub async fn send(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let sent = self.http.post(self.url("/graphql")).json(&body).send();
        sent.await.unwrap().json().await.unwrap()
    }

    /// The data of a response without errors.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let response = self.send(query, variables).await;
        assert_eq!(response.get("errors"), None, "{query}");
        response["data"].clone()
    }

    /// The code of each error of a response without data.
    pub async fn code(&self, query: &str, variables: Value) -> String {
        let response = self.send(query, variables).await;
        assert_eq!(response["data"], Value::Null, "{response}");
        let errors = response["errors"].as_array().unwrap().iter();
        let mut codes: Vec<_> = errors.map(|it| text(&it["extensions"]["code"])).collect();
        codes.dedup();
        codes.join(" ")
    }

    /// A mutation's payload: everything that its type has.
    pub async fn mutate(&self, field: &str, input: Value) -> Value {
        let what = field.trim_start_matches(char::is_lowercase);
        let verb = field.trim_end_matches(what);
        let done = match (verb, what) {
            ("delete", "Calendar") => "deletedCalendarId",
            ("delete", _) => "deletedAppointmentId calendarId revision",
            (_, "Calendar") => "calendar { ...Calendar }",
            _ => "appointment { ...Whole }",
        };
        let kind = field[..1].to_uppercase() + &field[1..] + "Input";
        let query = format!(
            "mutation($input: {kind}!) {{ {field}(input: $input) {{ {done} error {{ {ERROR} }} }} }}
             {WHOLE} {CALENDAR}"
        );
        self.ask(&query, json!({ "input": input })).await[field].clone()
    }

    /// What a mutation made that is not refused.
    pub async fn done(&self, field: &str, input: Value) -> Value {
        let payload = self.mutate(field, input).await;
        assert_eq!(payload["error"], Value::Null, "{field}");
        match field {
            "createAppointment" | "updateAppointment" => payload["appointment"].clone(),
            "createCalendar" | "updateCalendar" => payload["calendar"].clone(),
            _ => payload,
        }
    }

    /// Why a mutation was refused.
    pub async fn refused(&self, field: &str, input: Value) -> Value {
        let payload = self.mutate(field, input).await;
        assert_ne!(payload["error"], Value::Null, "{field}: {payload}");
        assert!(payload["appointment"].is_null() && payload["calendar"].is_null(), "{payload}");
        payload["error"].clone()
    }

    /// An appointment in the default calendar, given as `10:00-11:00` of 2026-11-23.
    pub async fn book(&self, title: &str, slot: &str) -> Value {
        self.done("createAppointment", booking(title, slot)).await
    }

    /// What the default calendar has in a slot of 2026-11-23: titles.
    pub async fn titles(&self, slot: &str) -> Vec<String> {
        let (start, end) = times(slot);
        let found = self.range(&start, &end).await;
        found["appointments"].as_array().unwrap().iter().map(|it| text(&it["title"])).collect()
    }

    /// What the default calendar has in a range.
    pub async fn range(&self, start: &str, end: &str) -> Value {
        let query = format!(
            "query($range: TimeRange!) {{ appointmentsInRange(range: $range) {{
                calendarId revision appointments {{ ...Whole }} }} }} {WHOLE}"
        );
        let range = json!({ "range": { "start": start, "end": end } });
        self.ask(&query, range).await["appointmentsInRange"].clone()
    }

    /// Where the default calendar's log ends.
    pub async fn revision(&self) -> u64 {
        self.range("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z").await["revision"]
            .as_u64()
            .unwrap()
    }

    /// Waits until the default calendar's first change is forgotten: a server prunes soon after it
    /// has started, and then every ten minutes.
    pub async fn pruned(&self) {
        let forgotten = async {
            while !self.follow(json!({ "after": 0 })).await.told().await.starts_with("RESET") {}
        };
        tokio::time::timeout(PATIENCE, forgotten).await.expect("it is old enough");
    }

    /// Follows the default calendar: `after: 3`, `range: {…}`, or nothing.
    pub async fn follow(&self, arguments: Value) -> Follower {
        Follower::new(&self.url("/graphql"), arguments).await
    }
}

/// The settings of a server on what is at `home`.
pub fn settings(home: &Home) -> Serve {
    let database = home.database();
    let flags = ["appointments-server", "--listen", "127.0.0.1:0", "--database"];
    Cli::parse_from(flags.into_iter().chain(database.to_str())).serve
}

/// The input of an appointment on 2026-11-23.
pub fn booking(title: &str, slot: &str) -> Value {
    let (start, end) = times(slot);
    json!({ "title": title, "startsAt": start, "endsAt": end })
}

/// `10:00-11:00` on 2026-11-23.
pub fn times(slot: &str) -> (String, String) {
    let (start, end) = slot.split_once('-').unwrap();
    let at = |time| format!("2026-11-23T{time}:00Z");
    (at(start), at(end))
}

/// `base` with the fields of `more`.
pub fn and(mut base: Value, more: Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// A new id, as a client makes one.
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}

/// The fields that an `InvalidInput` names.
pub fn wrong_fields(error: &Value) -> Vec<String> {
    assert_eq!(error["__typename"], "InvalidInput", "{error}");
    error["problems"].as_array().unwrap().iter().map(|it| text(&it["field"])).collect()
}

const ERROR: &str = "__typename message ... on InvalidInput { problems { field message } }
    ... on TimeSlotTaken { conflictCount conflicts { startsAt endsAt appointment { ...Whole } } }
    ... on RevisionConflict { current { ...Whole } }
    ... on CalendarRevisionConflict { currentCalendar: current { ...Calendar } }
    ... on IdAlreadyUsed { existing { __typename id } }
    ... on CalendarNotEmpty { appointmentCount }
    ... on NotFound { id calendarId revision }";

pub const WHOLE: &str = "fragment Whole on Appointment { id calendarId title description location
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

/// A subscription over graphql-transport-ws that checks of each event that it continues the last.
pub struct Follower {
    socket: Socket,
    last: Option<u64>,
}

impl Follower {
    pub async fn new(url: &str, arguments: Value) -> Self {
        Self::try_new(url, arguments).await.expect("a connection")
    }

    /// `None` if the line is cut before the server has taken the subscription.
    pub async fn try_new(url: &str, arguments: Value) -> Option<Self> {
        let mut follower = Self::try_connected(url).await?;
        follower.subscribe(arguments).await?;
        Some(follower)
    }

    async fn subscribe(&mut self, arguments: Value) -> Option<()> {
        self.last = arguments["after"].as_u64();
        let query = "subscription($calendarId: ID, $range: TimeRange, $after: Revision) {
            appointmentChanges(calendarId: $calendarId, range: $range, after: $after) {
                kind calendarId revision previousRevision appointmentId deletedAppointmentId
                mutationId appointment { id title description revision }
                calendar { name } } }";
        let payload = json!({ "query": query, "variables": arguments });
        self.try_say(json!({ "id": "1", "type": "subscribe", "payload": payload })).await
    }

    /// One whose line takes a few kilobytes and then no more, until it is read.
    pub async fn narrow(url: &str, arguments: Value) -> Self {
        let address = url.trim_start_matches("http://").split('/').next().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        let line = socket.connect(address.parse().unwrap()).await.unwrap();
        let line = MaybeTlsStream::Plain(line);
        let socket = tokio_tungstenite::client_async(handshake(url), line).await.unwrap().0;
        let mut follower = Self::greeted(socket).await.unwrap();
        follower.subscribe(arguments).await.unwrap();
        follower
    }

    /// A socket that was acknowledged.
    pub async fn connected(url: &str) -> Self {
        Self::try_connected(url).await.expect("a connection")
    }

    async fn try_connected(url: &str) -> Option<Self> {
        let (socket, _) = tokio_tungstenite::connect_async(handshake(url)).await.ok()?;
        Self::greeted(socket).await
    }

    async fn greeted(socket: Socket) -> Option<Self> {
        let mut follower = Self { socket, last: None };
        follower.try_say(json!({ "type": "connection_init" })).await?;
        assert_eq!(follower.hear().await?["type"], "connection_ack");
        Some(follower)
    }

    pub async fn say(&mut self, message: Value) {
        self.try_say(message).await.expect("an open line");
    }

    async fn try_say(&mut self, message: Value) -> Option<()> {
        self.socket.send(Message::text(message.to_string())).await.ok()
    }

    /// The next message; `None` when the line is cut.
    pub async fn hear(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next());
            match message.await.expect("a message in time")?.ok()? {
                Message::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// The next event; `None` when the stream has ended or the line is cut, or who came was told to come again.
    pub async fn event(&mut self) -> Option<Value> {
        let message = self.hear().await?;
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

    /// The next event as `CREATED 3 Dentist`.
    pub async fn told(&mut self) -> String {
        let event = self.event().await.expect("an event");
        let what = [&event["appointment"]["title"], &event["calendar"]["name"]];
        let what = what.into_iter().find_map(Value::as_str).map(|it| format!(" {it}"));
        format!("{} {}{}", text(&event["kind"]), event["revision"], what.unwrap_or_default())
    }
}
