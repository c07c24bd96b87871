//! graphql-transport-ws, rule by rule.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::world::{Follower, PATIENCE, World};

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What comes.
#[derive(Debug, PartialEq)]
enum Heard {
    Message(Value),
    Closed(u16, String),
    /// Without a word.
    Gone,
}

impl Client {
    async fn new(world: &World) -> Self {
        Self::offering(world, "graphql-transport-ws").await.unwrap()
    }

    async fn offering(world: &World, protocols: &str) -> Result<Self, Error> {
        let url = world.url("/graphql").replacen("http", "ws", 1);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
        Ok(Self(connect_async(request).await?.0))
    }

    async fn greeted(world: &World) -> Self {
        let mut client = Self::new(world).await;
        client.say(json!({"type": "connection_init"})).await;
        assert_eq!(client.hear().await, Heard::Message(json!({"type": "connection_ack"})));
        client
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn ask(&mut self, id: &str, query: &str) {
        self.say(json!({"type": "subscribe", "id": id, "payload": {"query": query}})).await;
    }

    async fn hear(&mut self) -> Heard {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next());
            match next.await.expect("something in time") {
                Some(Ok(Message::Text(text))) => {
                    return Heard::Message(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    let code: CloseCode = frame.code;
                    return Heard::Closed(code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Heard::Gone,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn message(&mut self) -> Value {
        match self.hear().await {
            Heard::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn is_closed(heard: Heard, code: u16, reason: &str) {
        let Heard::Closed(closed, why) = &heard else { panic!("{heard:?}") };
        assert_eq!(*closed, code);
        assert!(why.starts_with(reason), "{why}");
    }
}

#[tokio::test]
async fn a_socket_speaks_one_protocol() {
    let world = World::new().await;
    assert!(Client::offering(&world, "graphql-ws").await.is_err());
    // Of several it takes the one that it speaks, whatever their order.
    let mut client = Client::offering(&world, "graphql-ws, graphql-transport-ws").await.unwrap();
    client.say(json!({"type": "connection_init", "payload": {"authorization": "x"}})).await;
    assert_eq!(client.message().await["type"], "connection_ack");
}

/// A browser shows its page the code and the reason of a close, and nothing of an answer that is no handshake.
#[tokio::test]
async fn a_page_of_somebody_elses_is_told_to_go() {
    let world = World::new().await;
    let from = async |origin: &str| {
        let mut request =
            world.url("/graphql").replacen("http", "ws", 1).into_client_request().unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let mut client = Client(connect_async(request).await.unwrap().0);
        // (It may be closed already.)
        let _ = client.0.send(Message::text(r#"{"type":"connection_init"}"#)).await;
        client.hear().await
    };
    assert!(
        matches!(from("http://localhost:3000").await, Heard::Message(it) if it["type"] == "connection_ack")
    );
    let reason = "This origin is not allowed; start the server with --allow-origin for it.";
    Client::is_closed(from("https://evil.example.org").await, 4403, reason);
}

#[tokio::test]
async fn what_is_no_message_closes_it() {
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
        let mut client = Client::greeted(&world).await;
        client.0.send(Message::text(message)).await.unwrap();
        let heard = client.hear().await;
        assert!(
            matches!(&heard, Heard::Closed(4400, why) if why.ends_with(['.', ':'])),
            "{message}: {heard:?}"
        );
    }
    let mut client = Client::greeted(&world).await;
    client.0.send(Message::binary(b"{}".to_vec())).await.unwrap();
    Client::is_closed(client.hear().await, 4400, "Messages are texts.");
    let mut client = Client::greeted(&world).await;
    let long = json!({"type": "x".repeat(2_000_000)}).to_string();
    let _ = client.0.send(Message::text(long)).await;
    assert!(!matches!(client.hear().await, Heard::Message(_)), "it is too long");
}

#[tokio::test]
async fn hello_is_said_once_and_first() {
    let world = World::new().await;
    let mut client = Client::new(&world).await;
    client.ask("1", "{ __typename }").await;
    Client::is_closed(client.hear().await, 4401, "Unauthorized");
    let mut client = Client::greeted(&world).await;
    client.say(json!({"type": "connection_init"})).await;
    Client::is_closed(client.hear().await, 4429, "Too many initialisation requests");
    // Pings need no hello.
    let mut client = Client::new(&world).await;
    client.say(json!({"type": "ping"})).await;
    assert_eq!(client.message().await, json!({"type": "pong"}));
    client.say(json!({"type": "pong"})).await;
    client.say(json!({"type": "connection_init"})).await;
    assert_eq!(client.message().await["type"], "connection_ack");
}

#[tokio::test]
async fn who_says_no_hello_is_sent_away() {
    let world = World::new().await;
    let mut client = Client::new(&world).await;
    let waited = std::time::Instant::now();
    Client::is_closed(client.hear().await, 4408, "Connection initialisation timeout");
    assert!(waited.elapsed().as_secs() < 15);
}

#[tokio::test]
async fn an_id_names_one_operation_at_a_time() {
    let world = World::new().await;
    let mut client = Client::greeted(&world).await;
    let follow = "subscription { appointmentChanges { kind } }";
    client.ask("1", follow).await;
    assert_eq!(client.message().await["payload"]["data"]["appointmentChanges"]["kind"], "BOOKMARK");
    // Completed by the client it says nothing more, and its id is free again.
    client.say(json!({"type": "complete", "id": "1"})).await;
    client.say(json!({"type": "complete", "id": "unknown"})).await;
    client.ask("1", "{ __typename }").await;
    let next = json!({"type": "next", "id": "1", "payload": {"data": {"__typename": "Query"}}});
    assert_eq!(client.message().await, next);
    assert_eq!(client.message().await, json!({"type": "complete", "id": "1"}));
    client.ask("1", follow).await;
    client.message().await;
    client.ask("1", follow).await;
    Client::is_closed(client.hear().await, 4409, "Subscriber for 1 already exists");
}

#[tokio::test]
async fn what_is_not_executed_ends_with_an_error() {
    let world = World::new().await;
    let mut client = Client::greeted(&world).await;
    for query in [
        "{ nothing }",
        "{",
        "subscription { nothing }",
        "subscription { a: appointmentChanges { kind } b: appointmentChanges { kind } }",
        "subscription { ...Two } fragment Two on Subscription { appointmentChanges { kind } __typename }",
        "subscription { __typename }",
    ] {
        client.ask("1", query).await;
        let heard = client.message().await;
        assert_eq!(heard["type"], "error", "{query}: {heard}");
        let code = &heard["payload"][0]["extensions"]["code"];
        assert!(code == "VALIDATION_FAILED" || code == "PARSE_FAILED", "{heard}");
    }
    // Nothing follows an error: the next thing is the answer to the next question.
    client.ask("1", "{ __typename }").await;
    assert_eq!(client.message().await["type"], "next");
}

#[tokio::test]
async fn a_socket_carries_so_many_operations() {
    let world = World::new().await;
    let mut client = Client::greeted(&world).await;
    for id in 0..101 {
        client.ask(&id.to_string(), "subscription { appointmentChanges { kind } }").await;
    }
    let mut refused = Vec::new();
    let mut begun = 0;
    while begun < 100 {
        let heard = client.message().await;
        match heard["type"] == "error" {
            true => refused.push(heard),
            false => begun += 1,
        }
    }
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(
        (&refused[0]["id"], &refused[0]["payload"][0]["extensions"]["code"]),
        (&json!("100"), &json!("TOO_COMPLEX"))
    );
}

#[tokio::test]
async fn every_operation_gets_its_turn() {
    let world = World::new().await;
    for number in 0..50 {
        world.book(&format!("t{number}"), "09:00-10:00").await;
    }
    let mut client = Client::greeted(&world).await;
    // Both come at once.
    let long = "subscription { appointmentChanges(after: 0) { kind revision } }";
    for (id, query) in [("long", long), ("short", "{ __typename }")] {
        let message = json!({"type": "subscribe", "id": id, "payload": {"query": query}});
        client.0.feed(Message::text(message.to_string())).await.unwrap();
    }
    client.0.flush().await.unwrap();
    let mut before = 0;
    while client.message().await["id"] != "short" {
        before += 1;
    }
    assert!(before < 50, "it did not wait for the end of the other");
}

#[tokio::test]
async fn a_stop_says_goodbye_and_clients_go_on() {
    let world = World::new().await;
    world.book("One", "09:00-10:00").await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = Client::greeted(&world).await;
        client.ask("1", "subscription { appointmentChanges { kind revision } }").await;
        client.message().await;
        clients.push(client);
    }
    let goodbyes = async {
        for client in &mut clients {
            let heard = client.hear().await;
            Client::is_closed(
                heard,
                1001,
                "Server is shutting down; reconnect and resume from your last revision.",
            );
        }
    };
    let (world, ()) = tokio::join!(world.restarted(), goodbyes);
    world.book("Two", "10:00-11:00").await;
    let mut follower = Follower::new(&world.url("/graphql"), json!({"after": 1})).await;
    assert_eq!(follower.told().await, "CREATED 2 Two");
}
