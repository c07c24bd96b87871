//! Lines in virtual time: how they open, what goes over them, and how silence ends them (case 17).

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::transport::SubscriptionNumber;
use crate::transport::{OPENING, within};

/// A socket whose other end is in the test's hand.
struct Pipe {
    says: mpsc::UnboundedSender<String>,
    hears: mpsc::UnboundedReceiver<Result<String, TransportError>>,
}

/// The other end.
struct Far {
    hears: mpsc::UnboundedReceiver<String>,
    says: mpsc::UnboundedSender<Result<String, TransportError>>,
}

impl Stream for Pipe {
    type Item = Result<String, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.hears.poll_next_unpin(context)
    }
}

impl Sink<String> for Pipe {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, text: String) -> Result<(), TransportError> {
        self.says.unbounded_send(text).map_err(|it| TransportError::new(it.to_string()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }
}

fn pipe() -> (Pipe, Far) {
    let (one, two) = (mpsc::unbounded(), mpsc::unbounded());
    (Pipe { says: one.0, hears: two.1 }, Far { hears: one.1, says: two.0 })
}

impl Far {
    async fn hears(&mut self) -> String {
        self.hears.next().await.unwrap_or_default()
    }

    fn says(&self, message: serde_json::Value) {
        self.says.unbounded_send(Ok(message.to_string())).expect("somebody listens");
    }
}

/// A line that is carried, its far end, and its near one.
fn carried() -> (Far, mpsc::UnboundedSender<Command>, mpsc::UnboundedReceiver<Heard>) {
    let (pipe, far) = pipe();
    let ((commands, told), (hears, heard)) = (mpsc::unbounded(), mpsc::unbounded());
    runtime::spawn(carry(pipe, told, hears));
    (far, commands, heard)
}

#[tokio::test(start_paused = true)]
async fn it_opens_when_the_server_says_so() {
    let (pipe, mut far) = pipe();
    let opens = open(pipe, Some("t"));
    let server = async {
        assert!(far.hears().await.contains("Bearer t"));
        far.says(json!({"type": "ping"}));
        assert_eq!(far.hears().await, protocol::pong());
        far.says(json!({"type": "connection_ack"}));
    };
    assert!(future::join(opens, server).await.0.is_ok());
}

#[tokio::test(start_paused = true)]
async fn it_does_not_wait_for_ever() {
    let (pipe, _far) = pipe();
    assert!(within(OPENING, open(pipe, None)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_said_gets_there() {
    let (mut far, commands, mut heard) = carried();
    let number = SubscriptionNumber(3);
    commands.unbounded_send(Command::Subscribe { number, body: "{}".into() }).expect("it is open");
    assert_eq!(far.hears().await, r#"{"id":"3","type":"subscribe","payload":{}}"#);
    far.says(json!({"type": "next", "id": "3", "payload": {"data": null}}));
    let payload = r#"{"data":null}"#.to_owned();
    assert_eq!(heard.next().await, Some(Heard::Event { number, payload }));
    drop(commands);
    assert_eq!(heard.next().await, None, "nobody needs it any more");
}

#[tokio::test(start_paused = true)]
async fn silence_ends_it_and_any_word_keeps_it() {
    let (mut far, _commands, mut heard) = carried();
    for _ in 0..10 {
        assert_eq!(far.hears().await, protocol::ping());
        far.says(json!({"type": "pong"}));
    }
    // Half open: it can be written to, and nothing ever comes.
    let asked = tokio::time::Instant::now();
    assert_eq!(heard.next().await, None);
    let waited = asked.elapsed();
    assert!(waited <= Duration::from_millis(PING + SILENCE), "{waited:?}");
    assert_eq!(far.hears().await, protocol::ping(), "it was asked first");
}
