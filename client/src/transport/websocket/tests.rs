//! WebSocket connections in virtual time: the handshake, messages, and how silence ends a
//! connection (case 17).

use std::pin::Pin;
use std::task::{Context, Poll};

use serde_json::json;

use super::*;
use crate::transport::SubscriptionId;
use crate::transport::http::CONNECT_TIMEOUT;
use crate::transport::timeout::with_timeout;

/// The client's end of a socket in memory.
struct FakeSocket {
    outgoing: mpsc::UnboundedSender<String>,
    incoming: mpsc::UnboundedReceiver<Result<String, TransportError>>,
}

/// The server's end, which the test controls.
struct FakeServer {
    incoming: mpsc::UnboundedReceiver<String>,
    outgoing: mpsc::UnboundedSender<Result<String, TransportError>>,
}

impl Stream for FakeSocket {
    type Item = Result<String, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.incoming.poll_next_unpin(context)
    }
}

impl Sink<String> for FakeSocket {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, text: String) -> Result<(), TransportError> {
        self.outgoing.unbounded_send(text).map_err(|it| TransportError::new(it.to_string()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }
}

fn socket_pair() -> (FakeSocket, FakeServer) {
    let (to_server, from_client) = mpsc::unbounded();
    let (to_client, from_server) = mpsc::unbounded();
    let socket = FakeSocket { outgoing: to_server, incoming: from_server };
    (socket, FakeServer { incoming: from_client, outgoing: to_client })
}

impl FakeServer {
    async fn receive(&mut self) -> String {
        self.incoming.next().await.unwrap_or_default()
    }

    fn send(&self, message: serde_json::Value) {
        self.outgoing.unbounded_send(Ok(message.to_string())).expect("the client is connected");
    }
}

/// Starts a connection after its handshake.
fn connection() -> (FakeServer, Connection) {
    let (socket, server) = socket_pair();
    let (commands, command_receiver) = mpsc::unbounded();
    let (message_sender, messages) = mpsc::unbounded();
    runtime::spawn(run(socket, command_receiver, message_sender));
    (server, Connection { commands, messages })
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_open_after_the_acknowledgement() {
    let (socket, mut server) = socket_pair();
    let client = open(socket, Some("t"));
    let script = async {
        assert!(server.receive().await.contains("Bearer t"));
        server.send(json!({"type": "ping"}));
        assert_eq!(server.receive().await, protocol::pong());
        server.send(json!({"type": "connection_ack"}));
    };
    assert!(future::join(client, script).await.0.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_handshake_without_an_answer_times_out() {
    let (socket, _server) = socket_pair();
    assert!(with_timeout(CONNECT_TIMEOUT, open(socket, None)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn commands_and_events_are_delivered() {
    let (mut server, Connection { commands, mut messages }) = connection();
    let id = SubscriptionId(3);
    let subscribe = SubscriptionCommand::Subscribe { id, body: "{}".into() };
    commands.unbounded_send(subscribe).expect("the connection is open");
    assert_eq!(server.receive().await, r#"{"id":"3","type":"subscribe","payload":{}}"#);
    server.send(json!({"type": "next", "id": "3", "payload": {"data": null}}));
    let payload = r#"{"data":null}"#.to_owned();
    assert_eq!(messages.next().await, Some(ServerMessage::Event { id, payload }));
    drop(commands);
    assert_eq!(messages.next().await, None, "the client has dropped the connection");
}

#[tokio::test(start_paused = true)]
async fn silence_ends_a_connection_and_any_message_keeps_it() {
    let (mut server, mut connection) = connection();
    for _ in 0..10 {
        assert_eq!(server.receive().await, protocol::ping());
        server.send(json!({"type": "pong"}));
    }
    // A half-open connection: the client can send, and never receives.
    let silent_since = tokio::time::Instant::now();
    assert_eq!(connection.messages.next().await, None);
    let waited = silent_since.elapsed();
    assert!(waited <= PING_INTERVAL + PONG_TIMEOUT, "{waited:?}");
    assert_eq!(server.receive().await, protocol::ping(), "the client has sent a ping first");
}
