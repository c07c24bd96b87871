//! A transport to the model server in the same thread. Nothing moves until the test says so.
//!
//! A request may be processed late or never, its response may be lost, events wait, and the
//! connection can be lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_channel::{mpsc, oneshot};
use futures_util::future::{BoxFuture, ready};
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};

use crate::model::error::TransportError;
use crate::runtime;
use crate::tests::model_server::server::{Server, change};
use crate::transport::{Connection, ServerMessage, SubscriptionCommand, SubscriptionId, Transport};

/// A transport over a fake network. Clones share the network.
#[derive(Clone, Default)]
pub(crate) struct FakeTransport(Arc<Mutex<FakeNetwork>>);

/// The model server and everything in transit.
#[derive(Default)]
pub(crate) struct FakeNetwork {
    pub(in crate::tests) server: Server,
    /// Whether requests, responses and events are delivered at once.
    pub(crate) is_automatic: bool,
    /// Whether all requests and connections fail.
    pub(crate) is_offline: bool,
    /// Whether connections fail, as behind some proxies.
    pub(crate) blocks_connections: bool,
    /// Requests that the server has not processed, the oldest first.
    pub(crate) requests: Vec<Request>,
    /// Responses that are not delivered, the oldest first.
    responses: Vec<(ResponseSender, String)>,
    connection: Option<mpsc::UnboundedSender<ServerMessage>>,
    subscriptions: BTreeMap<SubscriptionId, CalendarSubscription>,
    /// The number of requests for ranges so far.
    pub(crate) range_requests: usize,
}

type ResponseSender = oneshot::Sender<Result<Vec<u8>, TransportError>>;

/// A request in transit.
pub(crate) struct Request {
    pub(crate) body: Value,
    sender: ResponseSender,
}

/// A subscription as the server sees it.
struct CalendarSubscription {
    calendar: String,
    /// The last revision that was delivered.
    position: u64,
    has_bookmark: bool,
}

impl FakeTransport {
    pub(crate) fn network(&self) -> MutexGuard<'_, FakeNetwork> {
        self.0.lock().expect("no test thread has panicked")
    }
}

impl Transport for FakeTransport {
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, TransportError>> {
        let body = serde_json::from_str(&body).expect("the body is JSON");
        let response = self.network().post(body);
        response.map(|it| it.unwrap_or_else(|_| Err(lost()))).boxed()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Connection, TransportError>> {
        let mut network = self.network();
        if network.is_offline || network.blocks_connections {
            return ready(Err(lost())).boxed();
        }
        let (commands, command_receiver) = mpsc::unbounded();
        let (message_sender, messages) = mpsc::unbounded();
        network.connection = Some(message_sender);
        runtime::spawn(handle_commands(self.clone(), command_receiver));
        ready(Ok(Connection { commands, messages })).boxed()
    }
}

/// Handles the commands of a connection until the client drops it.
async fn handle_commands(
    transport: FakeTransport,
    mut commands: mpsc::UnboundedReceiver<SubscriptionCommand>,
) {
    while let Some(command) = commands.next().await {
        let mut network = transport.network();
        match command {
            SubscriptionCommand::Unsubscribe { id } => _ = network.subscriptions.remove(&id),
            SubscriptionCommand::Subscribe { id, body } => network.subscribe(id, &body),
        }
    }
}

fn lost() -> TransportError {
    TransportError::new("lost")
}

impl FakeNetwork {
    fn post(&mut self, body: Value) -> oneshot::Receiver<Result<Vec<u8>, TransportError>> {
        let (sender, response) = oneshot::channel();
        if self.is_offline {
            // The dropped sender tells the client that the request is lost.
            return response;
        }
        let query = body["query"].as_str().unwrap_or_default();
        self.range_requests += usize::from(query.contains("appointments {"));
        self.requests.push(Request { body, sender });
        if self.is_automatic {
            self.process(0);
            self.deliver(0);
            self.deliver_events();
        }
        response
    }

    fn subscribe(&mut self, id: SubscriptionId, body: &str) {
        let body: Value = serde_json::from_str(body).expect("the body is JSON");
        let variables = &body["variables"];
        let calendar = variables["calendar"].as_str().unwrap_or_default().to_owned();
        let position = variables["after"].as_u64().unwrap_or_default();
        let subscription = CalendarSubscription { calendar, position, has_bookmark: false };
        self.subscriptions.insert(id, subscription);
        if self.is_automatic {
            self.deliver_events();
        }
    }

    /// The server processes a request; its response is in transit.
    pub(crate) fn process(&mut self, index: usize) {
        let Request { body, sender } = self.requests.remove(index);
        let response = self.server.respond(&body).to_string();
        self.responses.push((sender, response));
    }

    /// Delivers a response.
    pub(crate) fn deliver(&mut self, index: usize) {
        let (sender, response) = self.responses.remove(index);
        // A closed channel means that the client does not wait for the response.
        let _ = sender.send(Ok(response.into_bytes()));
    }

    /// Processes all requests and delivers their responses.
    pub(crate) fn respond_to_all(&mut self) {
        while !self.requests.is_empty() {
            self.process(0);
            self.deliver(0);
        }
    }

    /// The server processes a request, but its response is lost.
    pub(crate) fn process_and_lose_response(&mut self, index: usize) {
        let Request { body, sender } = self.requests.remove(index);
        self.server.respond(&body);
        drop(sender);
    }

    /// A request is lost before the server processes it.
    pub(crate) fn lose_request(&mut self, index: usize) {
        self.requests.remove(index);
    }

    /// Responds to a mutation that its appointment does not exist, with the revision of its
    /// deletion if that is known.
    pub(crate) fn refuse(&mut self, index: usize, revision: Option<u64>) {
        let query = self.requests[index].body["query"].as_str().unwrap_or_default();
        let fields = ["createAppointment", "updateAppointment", "deleteAppointment"];
        let field = fields.into_iter().find(|field| query.contains(field));
        let field = field.expect("the request is a mutation");
        let error = json!({"__typename": "NotFound", "message": "no", "revision": revision});
        let payload = json!({
            "appointment": null, "deletedAppointmentId": null, "revision": null, "error": error,
        });
        self.respond_with(index, &json!({"data": {field: payload}}));
    }

    /// Responds to a request with a response of the test.
    pub(crate) fn respond_with(&mut self, index: usize, response: &Value) {
        let Request { sender, .. } = self.requests.remove(index);
        self.responses.push((sender, response.to_string()));
    }

    /// Delivers all events.
    pub(crate) fn deliver_events(&mut self) {
        while self.deliver_next_events() {}
    }

    /// Delivers the next event of each subscription. Returns whether there was any.
    pub(crate) fn deliver_next_events(&mut self) -> bool {
        let Self { subscriptions, connection, server, .. } = self;
        let mut has_events = false;
        for (id, subscription) in subscriptions {
            if let Some(event) = subscription.next_event(server) {
                has_events = true;
                send(connection.as_ref(), *id, &event);
            }
        }
        has_events
    }

    /// Delivers an event of the test to all subscriptions.
    pub(crate) fn send_event(&mut self, event: &Value) {
        for id in self.subscriptions.keys() {
            send(self.connection.as_ref(), *id, event);
        }
    }

    /// Cuts the connection. Everything in transit is lost.
    pub(crate) fn disconnect(&mut self) {
        self.connection = None;
        self.subscriptions.clear();
        self.requests.clear();
        self.responses.clear();
    }
}

impl CalendarSubscription {
    fn next_event(&mut self, server: &Server) -> Option<Value> {
        let log = server.calendars.get(&self.calendar)?;
        let head = log.head();
        if self.position < log.pruned || self.position > head {
            let before = std::mem::replace(&mut self.position, head);
            self.has_bookmark = true;
            Some(change("RESET", head, before, json!({})))
        } else if self.position < head {
            self.position += 1;
            Some(server.event(&self.calendar, self.position))
        } else if !std::mem::replace(&mut self.has_bookmark, true) {
            Some(change("BOOKMARK", head, head, json!({})))
        } else {
            None
        }
    }
}

fn send(
    connection: Option<&mpsc::UnboundedSender<ServerMessage>>,
    id: SubscriptionId,
    event: &Value,
) {
    let message = ServerMessage::Event { id, payload: event.to_string() };
    if let Some(connection) = connection {
        // A closed channel means that the client has dropped the connection.
        let _ = connection.unbounded_send(message);
    }
}
