//! The driver: the only place that awaits. It performs the engine's actions and reports what comes
//! of them.

use std::sync::{Arc, Weak};

use futures_channel::mpsc;
use futures_util::future::{self, BoxFuture, Either};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use crate::api::shared::Inner;
use crate::engine::{Action, Millis, RequestNumber};
use crate::model::error::TransportError;
use crate::runtime;
use crate::transport::{Command, Heard, Line, Transport};

type Response = Result<Vec<u8>, TransportError>;

/// What the driver waits for.
enum Event {
    /// A handle has changed the engine.
    Woken,
    /// A request has finished.
    Response(RequestNumber, Response),
    /// An attempt to connect has finished.
    Connected(Result<Line, TransportError>),
    /// A message has arrived; `None` if the connection is lost.
    Message(Option<Heard>),
    /// The engine's timeout has passed.
    Timeout,
    /// The client was dropped.
    Dropped,
}

/// The requests and the connection of one client.
struct Driver {
    transport: Arc<dyn Transport>,
    wakes: mpsc::UnboundedReceiver<()>,
    requests: FuturesUnordered<BoxFuture<'static, (RequestNumber, Response)>>,
    connecting: Option<BoxFuture<'static, Result<Line, TransportError>>>,
    connection: Option<Line>,
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
            Event::Response(number, response) => {
                let response = response.as_deref().map_err(Clone::clone);
                client.engine().handle_answer(now, number, response);
            }
            Event::Connected(connection) => {
                client.engine().handle_line(now, connection.is_ok());
                driver.connection = connection.ok();
            }
            Event::Message(Some(Heard::Event { number, payload })) => {
                client.engine().handle_event(now, number, payload.as_bytes());
            }
            Event::Message(Some(Heard::End { number, end })) => {
                client.engine().handle_end(now, number, end);
            }
            Event::Message(None) => {
                driver.connection = None;
                client.engine().handle_line(now, false);
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
                Action::Send { number, body } => {
                    let response = self.transport.post(body);
                    self.requests.push(response.map(move |it| (number, it)).boxed());
                }
                Action::Connect => self.connecting = Some(self.transport.connect()),
                Action::Subscribe { number, body } => {
                    self.send(Command::Subscribe { number, body });
                }
                Action::Unsubscribe { number } => self.send(Command::Unsubscribe { number }),
            }
        }
    }

    fn send(&self, command: Command) {
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
                Some((number, response)) => Event::Response(number, response),
                None => Event::Timeout,
            }))
        };
        let connected = match &mut self.connecting {
            None => Either::Left(future::pending()),
            Some(connecting) => Either::Right(connecting.map(Event::Connected)),
        };
        let message = match &mut self.connection {
            None => Either::Left(future::pending()),
            Some(connection) => Either::Right(connection.heard.next().map(Event::Message)),
        };
        let timeout = match wait {
            None => Either::Left(future::pending()),
            Some(wait) => Either::Right(runtime::sleep(wait).map(|()| Event::Timeout)),
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
