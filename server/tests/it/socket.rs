//! The rules of the `graphql-transport-ws` protocol.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::world::{Subscription, TEST_TIMEOUT, World};

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// The next message, or the end of the connection.
#[derive(Debug, PartialEq)]
enum Received {
    Message(Value),
    Closed(u16, String),
    /// The connection ended without a close frame.
    Disconnected,
}

impl Client {
    async fn new(world: &World) -> Self {
        Self::connect(world, "graphql-transport-ws").await.unwrap()
    }

    async fn connect(world: &World, protocols: &str) -> Result<Self, Error> {
        let url = world.url("/graphql").replacen("http", "ws", 1);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
        Ok(Self(connect_async(request).await?.0))
    }

    async fn initialized(world: &World) -> Self {
        let mut client = Self::new(world).await;
        client.send(json!({"type": "connection_init"})).await;
        assert_eq!(client.receive().await, Received::Message(json!({"type": "connection_ack"})));
        client
    }

    async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn start_operation(&mut self, id: &str, query: &str) {
        self.send(json!({"type": "subscribe", "id": id, "payload": {"query": query}})).await;
    }

    async fn receive(&mut self) -> Received {
        loop {
            let next = tokio::time::timeout(TEST_TIMEOUT, self.0.next());
            match next.await.expect("something in time") {
                Some(Ok(Message::Text(text))) => {
                    return Received::Message(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    let code: CloseCode = frame.code;
                    return Received::Closed(code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Received::Disconnected,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn receive_message(&mut self) -> Value {
        match self.receive().await {
            Received::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn expect_close(received: Received, code: u16, reason: &str) {
        let Received::Closed(closed, text) = &received else { panic!("{received:?}") };
        assert_eq!(*closed, code);
        assert!(text.starts_with(reason), "{text}");
    }
}

#[tokio::test]
async fn the_subprotocol_must_be_offered() {
    let world = World::new().await;
    assert!(Client::connect(&world, "graphql-ws").await.is_err());
    // The server picks its protocol in any order.
    let mut client = Client::connect(&world, "graphql-ws, graphql-transport-ws").await.unwrap();
    client.send(json!({"type": "connection_init", "payload": {"authorization": "x"}})).await;
    assert_eq!(client.receive_message().await["type"], "connection_ack");
}

/// Browsers show the page the reason of a close frame, but not that of a failed handshake.
#[tokio::test]
async fn a_foreign_origin_is_closed_with_a_reason() {
    let world = World::new().await;
    let from = async |origin: &str| {
        let mut request =
            world.url("/graphql").replacen("http", "ws", 1).into_client_request().unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let mut client = Client(connect_async(request).await.unwrap().0);
        // The server may have closed the socket already.
        let _ = client.0.send(Message::text(r#"{"type":"connection_init"}"#)).await;
        client.receive().await
    };
    assert!(matches!(
        from("http://localhost:3000").await,
        Received::Message(it) if it["type"] == "connection_ack"
    ));
    let reason = "This origin is not allowed; start the server with --allow-origin for it.";
    Client::expect_close(from("https://evil.example.org").await, 4403, reason);
}

#[tokio::test]
async fn invalid_messages_close_the_socket() {
    let world = World::new().await;
    for message in [
        "nonsense",
        "{}",
        "[]",
        r#"{"type":"start","id":"1"}"#,
        r#"{"type":"next","id":"1","payload":{}}"#,
        r#"{"type":"complete"}"#,
        r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":7}}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":[]}}"#,
        r#"{"type":"ping","payload":7}"#,
    ] {
        let mut client = Client::initialized(&world).await;
        client.0.send(Message::text(message)).await.unwrap();
        let received = client.receive().await;
        assert!(
            matches!(&received, Received::Closed(4400, why) if why.ends_with(['.', ':'])),
            "{message}: {received:?}"
        );
    }
    let mut client = Client::initialized(&world).await;
    client.0.send(Message::binary(b"{}".to_vec())).await.unwrap();
    Client::expect_close(client.receive().await, 4400, "Send text messages");
    let mut client = Client::initialized(&world).await;
    let long = json!({"type": "x".repeat(2_000_000)}).to_string();
    let _ = client.0.send(Message::text(long)).await;
    assert!(!matches!(client.receive().await, Received::Message(_)), "the message is too long");
}

#[tokio::test]
async fn a_client_initializes_once_and_first() {
    let world = World::new().await;
    let mut client = Client::new(&world).await;
    client.start_operation("1", "{ __typename }").await;
    Client::expect_close(client.receive().await, 4401, "Unauthorized");
    let mut client = Client::initialized(&world).await;
    client.send(json!({"type": "connection_init"})).await;
    Client::expect_close(client.receive().await, 4429, "Too many initialisation requests");
    // Pings are allowed before the initialisation.
    let mut client = Client::new(&world).await;
    client.send(json!({"type": "ping"})).await;
    assert_eq!(client.receive_message().await, json!({"type": "pong"}));
    client.send(json!({"type": "pong"})).await;
    client.send(json!({"type": "connection_init"})).await;
    assert_eq!(client.receive_message().await["type"], "connection_ack");
}

#[tokio::test]
async fn a_client_that_does_not_initialize_is_closed() {
    let world = World::new().await;
    let mut client = Client::new(&world).await;
    let waited = std::time::Instant::now();
    Client::expect_close(client.receive().await, 4408, "Connection initialisation timeout");
    assert!(waited.elapsed().as_secs() < 15);
}

#[tokio::test]
async fn an_id_can_be_reused_after_its_operation() {
    let world = World::new().await;
    let mut client = Client::initialized(&world).await;
    let follow = "subscription { appointmentChanges { kind } }";
    client.start_operation("1", follow).await;
    assert_eq!(
        client.receive_message().await["payload"]["data"]["appointmentChanges"]["kind"],
        "BOOKMARK"
    );
    // After `complete` the operation sends nothing more, and its id is free.
    client.send(json!({"type": "complete", "id": "1"})).await;
    client.send(json!({"type": "complete", "id": "unknown"})).await;
    client.start_operation("1", "{ __typename }").await;
    let next = json!({"type": "next", "id": "1", "payload": {"data": {"__typename": "Query"}}});
    assert_eq!(client.receive_message().await, next);
    assert_eq!(client.receive_message().await, json!({"type": "complete", "id": "1"}));
    client.start_operation("1", follow).await;
    client.receive_message().await;
    client.start_operation("1", follow).await;
    Client::expect_close(client.receive().await, 4409, "Subscriber for 1 already exists");
}

#[tokio::test]
async fn an_invalid_operation_ends_with_an_error() {
    let world = World::new().await;
    let mut client = Client::initialized(&world).await;
    for query in [
        "{ nothing }",
        "{",
        "subscription { nothing }",
        "subscription { a: appointmentChanges { kind } b: appointmentChanges { kind } }",
        "subscription { ...Two }
            fragment Two on Subscription { appointmentChanges { kind } __typename }",
        "subscription { __typename }",
    ] {
        client.start_operation("1", query).await;
        let received = client.receive_message().await;
        assert_eq!(received["type"], "error", "{query}: {received}");
        let code = &received["payload"][0]["extensions"]["code"];
        assert!(code == "VALIDATION_FAILED" || code == "PARSE_FAILED", "{received}");
    }
    // Nothing follows an error: the next message belongs to the next operation.
    client.start_operation("1", "{ __typename }").await;
    assert_eq!(client.receive_message().await["type"], "next");
}

#[tokio::test]
async fn operations_per_socket_are_limited() {
    let world = World::new().await;
    let mut client = Client::initialized(&world).await;
    for id in 0..101 {
        client
            .start_operation(&id.to_string(), "subscription { appointmentChanges { kind } }")
            .await;
    }
    let mut refused = Vec::new();
    let mut begun = 0;
    while begun < 100 {
        let received = client.receive_message().await;
        if received["type"] == "error" {
            refused.push(received);
        } else {
            begun += 1;
        }
    }
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(
        (&refused[0]["id"], &refused[0]["payload"][0]["extensions"]["code"]),
        (&json!("100"), &json!("TOO_COMPLEX"))
    );
}

#[tokio::test]
async fn a_long_operation_does_not_block_a_short_one() {
    let world = World::new().await;
    for number in 0..50 {
        world.book(&format!("t{number}"), "09:00-10:00").await;
    }
    let mut client = Client::initialized(&world).await;
    // Send both at once.
    let long = "subscription { appointmentChanges(after: 0) { kind revision } }";
    for (id, query) in [("long", long), ("short", "{ __typename }")] {
        let message = json!({"type": "subscribe", "id": id, "payload": {"query": query}});
        client.0.feed(Message::text(message.to_string())).await.unwrap();
    }
    client.0.flush().await.unwrap();
    let mut before = 0;
    while client.receive_message().await["id"] != "short" {
        before += 1;
    }
    assert!(before < 50, "the short operation did not wait for the long one");
}

#[tokio::test]
async fn a_stop_closes_sockets_and_clients_resume() {
    let world = World::new().await;
    world.book("One", "09:00-10:00").await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = Client::initialized(&world).await;
        client.start_operation("1", "subscription { appointmentChanges { kind revision } }").await;
        client.receive_message().await;
        clients.push(client);
    }
    let closes = async {
        for client in &mut clients {
            let received = client.receive().await;
            Client::expect_close(
                received,
                1001,
                "Server is shutting down; reconnect and resume from your last revision.",
            );
        }
    };
    let (world, ()) = tokio::join!(world.restart(), closes);
    world.book("Two", "10:00-11:00").await;
    let mut subscription = Subscription::new(&world.url("/graphql"), json!({"after": 1})).await;
    assert_eq!(subscription.next_summary().await, "CREATED 2 Two");
}
