//! The driver: the only place that awaits. It performs the engine's actions and reports their
//! outcomes to the engine.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_channel::mpsc;
use futures_util::future::{self, BoxFuture, Either};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use crate::api::shared::Inner;
use crate::engine::{Action, Millis, RequestId};
use crate::model::error::TransportError;
use crate::runtime;
use crate::transport::{Connection, ServerMessage, SubscriptionCommand, Transport};

type Response = Result<Vec<u8>, TransportError>;

/// An event that the driver waits for.
enum Event {
    /// A handle has changed the engine.
    Woken,
    /// A request has finished.
    Response(RequestId, Response),
    /// An attempt to connect has finished.
    Connected(Result<Connection, TransportError>),
    /// A message has arrived; `None` if the connection is lost.
    Message(Option<ServerMessage>),
    /// The engine's timeout has passed.
    Timeout,
    /// The client was dropped.
    Dropped,
}

/// The requests and the connection of one client.
struct Driver {
    transport: Arc<dyn Transport>,
    wakes: mpsc::UnboundedReceiver<()>,
    requests: FuturesUnordered<BoxFuture<'static, (RequestId, Response)>>,
    connecting: Option<BoxFuture<'static, Result<Connection, TransportError>>>,
    connection: Option<Connection>,
}

/// Drives the engine of a client until the client is dropped.
pub(crate) async fn drive(
    client: Weak<Inner>,
    transport: Arc<dyn Transport>,
    wakes: mpsc::UnboundedReceiver<()>,
) {
    let requests = FuturesUnordered::new();
    let mut driver = Driver { transport, wakes, requests, connecting: None, connection: None };
    loop {
        let wait = {
            let Some(client) = client.upgrade() else { return };
            driver.perform_actions(&client);
            let now = client.clock.now();
            client.engine().timeout().map(|timeout| timeout.saturating_sub(now))
        };
        let event = driver.next_event(wait).await;
        let Some(client) = client.upgrade() else { return };
        let now = client.clock.now();
        match event {
            Event::Woken | Event::Timeout => {}
            Event::Response(id, response) => {
                let response = response.as_deref().map_err(Clone::clone);
                client.engine().handle_response(now, id, response);
            }
            Event::Connected(connection) => {
                match &connection {
                    Ok(_) => client.engine().handle_connected(now),
                    Err(_) => client.engine().handle_disconnected(now),
                }
                driver.connection = connection.ok();
            }
            Event::Message(Some(ServerMessage::Event { id, payload })) => {
                client.engine().handle_event(now, id, payload.as_bytes());
            }
            Event::Message(Some(ServerMessage::End { id, end })) => {
                client.engine().handle_end(now, id, &end);
            }
            Event::Message(None) => {
                driver.connection = None;
                client.engine().handle_disconnected(now);
            }
            Event::Dropped => return,
        }
        client.publish_status();
    }
}

impl Driver {
    /// Performs the engine's actions until it has none.
    fn perform_actions(&mut self, client: &Inner) {
        let now = client.clock.now();
        loop {
            // A separate statement, so that the engine is not locked while the action runs.
            let action = client.engine().poll(now);
            let Some(action) = action else { return };
            match action {
                Action::Send { id, body } => {
                    let response = self.transport.post(body);
                    self.requests.push(response.map(move |it| (id, it)).boxed());
                }
                Action::Connect => self.connecting = Some(self.transport.connect()),
                Action::Subscribe { id, body } => {
                    self.send(SubscriptionCommand::Subscribe { id, body });
                }
                Action::Unsubscribe { id } => self.send(SubscriptionCommand::Unsubscribe { id }),
            }
        }
    }

    fn send(&self, command: SubscriptionCommand) {
        if let Some(connection) = &self.connection {
            // If this fails, the connection is lost; its end is the next event.
            let _ = connection.commands.unbounded_send(command);
        }
    }

    async fn next_event(&mut self, wait: Option<Millis>) -> Event {
        let woken = self.wakes.next().map(|it| it.map_or(Event::Dropped, |()| Event::Woken));
        let response = if self.requests.is_empty() {
            Either::Left(future::pending())
        } else {
            Either::Right(self.requests.next().map(|response| match response {
                Some((id, response)) => Event::Response(id, response),
                None => Event::Timeout,
            }))
        };
        let connected = match &mut self.connecting {
            None => Either::Left(future::pending()),
            Some(connecting) => Either::Right(connecting.map(Event::Connected)),
        };
        let message = match &mut self.connection {
            None => Either::Left(future::pending()),
            Some(connection) => Either::Right(connection.messages.next().map(Event::Message)),
        };
        let timeout = match wait {
            None => Either::Left(future::pending()),
            Some(wait) => {
                Either::Right(runtime::sleep(Duration::from_millis(wait)).map(|()| Event::Timeout))
            }
        };
        let events =
            [woken.boxed(), response.boxed(), connected.boxed(), message.boxed(), timeout.boxed()];
        let (event, ..) = future::select_all(events).await;
        if matches!(event, Event::Connected(_)) {
            self.connecting = None;
        }
        event
    }
}
