//! The network between clients and server: latencies, faults, and the delivery of messages.

use serde_json::{Value, json};

use super::world::World;
use crate::engine::{Action, Millis, RequestId};
use crate::model::error::TransportError;
use crate::tests::model_server::server::change;
use crate::transport::SubscriptionId;

/// A message in transit, with the number of its client.
pub(super) enum Message {
    Request {
        client: usize,
        id: RequestId,
        body: Value,
    },
    Response {
        client: usize,
        id: RequestId,
        response: Result<String, TransportError>,
    },
    /// The attempt to open a connection has succeeded or failed.
    ConnectResult {
        client: usize,
        is_open: bool,
    },
    Subscribe {
        client: usize,
        connection: u64,
        id: SubscriptionId,
        body: Value,
    },
    Event {
        client: usize,
        connection: u64,
        id: SubscriptionId,
        event: String,
    },
    Disconnected {
        client: usize,
    },
}

/// A subscription as the server sees it.
#[derive(Clone)]
pub(super) struct CalendarSubscription {
    calendar: String,
    /// The last revision that was sent.
    position: u64,
    has_bookmark: bool,
}

impl World {
    /// Lets every engine act, and the server send its events.
    pub(super) fn run_engines(&mut self) {
        for client in 0..self.clients.len() {
            while let Some(action) = self.clients[client].engine.poll(self.now) {
                self.perform(client, action);
            }
        }
        self.send_events();
    }

    /// Decides whether a fault occurs that has a chance of one in `times`.
    fn has_fault(&mut self, times: u64) -> bool {
        !self.is_reliable && self.below(times) == 0
    }

    pub(super) fn latency(&mut self) -> Millis {
        match self.below(10) {
            0 => 500 + self.below(3_000),
            _ => 5 + self.below(100),
        }
    }

    pub(super) fn send_after(&mut self, latency: Millis, message: Message) {
        self.messages_sent += 1;
        self.in_transit.insert((self.now + latency, self.messages_sent), message);
    }

    /// Sends a message over the connection of a client, behind all earlier ones.
    fn send_in_order(&mut self, client: usize, latency: Millis, message: Message) {
        let arrival = (self.now + latency).max(self.clients[client].last_arrival);
        self.clients[client].last_arrival = arrival;
        self.messages_sent += 1;
        self.in_transit.insert((arrival, self.messages_sent), message);
    }

    fn perform(&mut self, client: usize, action: Action) {
        let latency = self.latency();
        match action {
            Action::Send { id, body } => {
                let body: Value = serde_json::from_str(&body).expect("the body is JSON");
                if self.has_fault(12) {
                    self.record(format!("a request of client {client} is lost"));
                    let response = Err(TransportError::new("lost"));
                    return self.send_after(latency, Message::Response { client, id, response });
                }
                if self.has_fault(30) {
                    // A second copy arrives later: a request that seems lost may still arrive.
                    let later = latency + self.latency();
                    self.send_after(later, Message::Request { client, id, body: body.clone() });
                }
                self.send_after(latency, Message::Request { client, id, body });
            }
            Action::Connect => {
                let is_open = !self.has_fault(4) && !self.clients[client].is_blocked;
                self.send_after(latency, Message::ConnectResult { client, is_open });
            }
            Action::Subscribe { id, body } => {
                let Some(connection) = self.clients[client].connection else { return };
                let body = serde_json::from_str(&body).expect("the body is JSON");
                self.send_after(latency, Message::Subscribe { client, connection, id, body });
            }
            Action::Unsubscribe { id } => {
                self.clients[client].subscriptions.remove(&id);
            }
        }
    }

    /// Sends all new events of all subscriptions.
    fn send_events(&mut self) {
        for client in 0..self.clients.len() {
            let Some(connection) = self.clients[client].connection else { continue };
            let ids: Vec<_> = self.clients[client].subscriptions.keys().copied().collect();
            for id in ids {
                let events = self.take_events(client, id);
                let last = events.len().saturating_sub(1);
                for (index, event) in events.into_iter().enumerate() {
                    if index < last && self.has_fault(40) {
                        self.record(format!("an event to client {client} is dropped"));
                        continue;
                    }
                    let latency = self.latency();
                    let event = event.to_string();
                    if self.has_fault(40) {
                        let event = event.clone();
                        let duplicate = Message::Event { client, connection, id, event };
                        self.send_in_order(client, latency, duplicate);
                    }
                    let message = Message::Event { client, connection, id, event };
                    self.send_in_order(client, latency, message);
                }
            }
        }
    }

    /// Returns the new events of a subscription, and moves its position.
    fn take_events(&mut self, client: usize, id: SubscriptionId) -> Vec<Value> {
        let Some(subscription) = self.clients[client].subscriptions.get_mut(&id) else {
            return Vec::new();
        };
        let log = &self.server.calendars[&subscription.calendar];
        let head = log.head();
        let mut events = Vec::new();
        if subscription.position < log.pruned || subscription.position > head {
            events.push(change("RESET", head, subscription.position, json!({})));
            subscription.position = head;
            subscription.has_bookmark = true;
        }
        while subscription.position < head {
            subscription.position += 1;
            events.push(self.server.event(&subscription.calendar, subscription.position));
        }
        if !subscription.has_bookmark {
            subscription.has_bookmark = true;
            events.push(change("BOOKMARK", head, head, json!({})));
        }
        events
    }

    pub(super) fn deliver(&mut self, message: Message) {
        let now = self.now;
        match message {
            Message::Request { client, id, body } => self.process(client, id, &body),
            Message::Response { client, id, response } => {
                self.record(format!("client {client} gets the response to {id:?}"));
                let response = response.as_ref().map(String::as_bytes).map_err(Clone::clone);
                self.clients[client].engine.handle_response(now, id, response);
            }
            Message::ConnectResult { client, is_open } => {
                self.record(format!("client {client} opens a connection: {is_open}"));
                let client = &mut self.clients[client];
                client.connections += 1;
                client.connection = is_open.then_some(client.connections);
                if is_open {
                    client.engine.handle_connected(now);
                } else {
                    client.engine.handle_disconnected(now);
                }
            }
            Message::Subscribe { client, connection, id, body } => {
                if self.clients[client].connection == Some(connection) {
                    let variables = &body["variables"];
                    let calendar = variables["calendar"].as_str().unwrap_or_default().to_owned();
                    let position = variables["after"].as_u64().unwrap_or_default();
                    let line = format!("client {client} subscribes to {calendar} after {position}");
                    self.record(line);
                    let subscription =
                        CalendarSubscription { calendar, position, has_bookmark: false };
                    self.clients[client].subscriptions.insert(id, subscription);
                }
            }
            Message::Event { client, connection, id, event } => {
                if self.clients[client].connection == Some(connection) {
                    self.record(format!("client {client} receives {event}"));
                    self.clients[client].engine.handle_event(now, id, event.as_bytes());
                }
            }
            Message::Disconnected { client } => {
                self.record(format!("client {client} notices the lost connection"));
                self.clients[client].engine.handle_disconnected(now);
            }
        }
    }

    /// Lets the server process a request, and sends its response.
    fn process(&mut self, client: usize, id: RequestId, body: &Value) {
        let response = self.server.respond(body).to_string();
        self.record(format!("the server responds to client {client}: {response}"));
        let latency = self.latency();
        if self.has_fault(10) {
            self.record(format!("the response to client {client} is lost"));
            let response = Err(TransportError::new("lost"));
            return self.send_after(latency, Message::Response { client, id, response });
        }
        if self.has_fault(10) {
            let later = latency + self.latency();
            let response = Ok(response.clone());
            self.send_after(later, Message::Response { client, id, response });
        }
        self.send_after(latency, Message::Response { client, id, response: Ok(response) });
    }
}
