//! A connection over server-sent events, where no WebSocket can be opened (C15).
//!
//! Each subscription is a request of its own, whose response is a stream of events (the "distinct
//! connections mode" of graphql-sse).

use std::collections::HashMap;
use std::time::Duration;

use futures_channel::mpsc;
use futures_util::future::{self, AbortHandle, BoxFuture, Either};
use futures_util::stream::{self, BoxStream, SelectAll, StreamExt};

use super::timeout::with_timeout;
use super::{Connection, ServerMessage, SubscriptionCommand, SubscriptionEnd, SubscriptionId};
use crate::model::error::TransportError;
use crate::runtime;

/// If nothing arrives for this long, the connection is lost. The server sends keep-alives more
/// often.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// The operation that tests whether events get through.
const PROBE: &str = r#"{"query":"{ __typename }"}"#;

/// The bytes of a response, as they arrive.
pub(super) type Chunks = BoxStream<'static, Result<Vec<u8>, TransportError>>;

/// Sends a request that accepts events, and returns the response as a stream. Each platform has its
/// own.
pub(super) trait SseClient: Send + Sync + 'static {
    fn open(&self, body: String) -> BoxFuture<'static, Result<Chunks, TransportError>>;
}

/// Fails unless the response is a stream of events.
pub(super) fn check_sse_response(
    status: u16,
    content_type: Option<&str>,
) -> Result<(), TransportError> {
    let is_events = content_type.is_some_and(|it| it.starts_with("text/event-stream"));
    if status == 200 && is_events {
        Ok(())
    } else {
        Err(TransportError::new(format!("expected a stream of events, got status {status}")))
    }
}

/// Opens a connection, if events get through.
pub(super) async fn open(client: impl SseClient) -> Result<Connection, TransportError> {
    let mut probe = EventReader::new(client.open(PROBE.to_owned()).await?);
    match probe.next().await {
        Some(Ok(SseEvent::Next(_))) => {}
        Some(Err(error)) => return Err(error),
        _ => return Err(TransportError::new("the server sent no event")),
    }
    let (commands, command_receiver) = mpsc::unbounded();
    let (message_sender, messages) = mpsc::unbounded();
    runtime::spawn(run(client, command_receiver, message_sender));
    Ok(Connection { commands, messages })
}

/// Starts and ends subscriptions and passes on their events. If one subscription is lost, the whole
/// connection is.
async fn run(
    client: impl SseClient,
    mut commands: mpsc::UnboundedReceiver<SubscriptionCommand>,
    messages: mpsc::UnboundedSender<ServerMessage>,
) {
    let mut streams: SelectAll<BoxStream<'static, Result<ServerMessage, TransportError>>> =
        SelectAll::new();
    let mut running: HashMap<SubscriptionId, AbortHandle> = HashMap::new();
    loop {
        let message = if streams.is_empty() {
            Either::Left(future::pending())
        } else {
            Either::Right(streams.next())
        };
        match future::select(commands.next(), message).await {
            Either::Left((Some(SubscriptionCommand::Subscribe { id, body }), _)) => {
                let (stream, handle) = stream::abortable(subscribe(client.open(body), id));
                streams.push(stream.boxed());
                running.insert(id, handle);
            }
            Either::Left((Some(SubscriptionCommand::Unsubscribe { id }), _)) => {
                running.remove(&id).iter().for_each(AbortHandle::abort);
            }
            Either::Left((None, _)) | Either::Right((Some(Err(_)), _)) => return,
            Either::Right((Some(Ok(message)), _)) => {
                if let ServerMessage::End { id, .. } = &message {
                    running.remove(id);
                }
                if messages.unbounded_send(message).is_err() {
                    return;
                }
            }
            // The last subscription has ended.
            Either::Right((None, _)) => {}
        }
    }
}

/// Returns the messages of one subscription.
fn subscribe(
    opening: BoxFuture<'static, Result<Chunks, TransportError>>,
    id: SubscriptionId,
) -> impl futures_util::Stream<Item = Result<ServerMessage, TransportError>> + Send {
    let opened = stream::once(with_timeout(SILENCE_TIMEOUT, opening));
    let events = opened.flat_map(|opened| match opened {
        Ok(chunks) => EventReader::new(chunks).into_stream(),
        Err(error) => stream::once(future::ready(Err(error))).boxed(),
    });
    events.map(move |event| {
        Ok(match event? {
            SseEvent::Next(payload) => ServerMessage::Event { id, payload },
            SseEvent::Complete => ServerMessage::End { id, end: SubscriptionEnd::Complete },
        })
    })
}

/// An event of graphql-sse.
#[derive(Debug, PartialEq, Eq)]
enum SseEvent {
    /// The payload as JSON.
    Next(String),
    Complete,
}

/// Reads events from the bytes of a response.
struct EventReader {
    chunks: Chunks,
    buffer: Vec<u8>,
    is_finished: bool,
}

impl EventReader {
    fn new(chunks: Chunks) -> Self {
        Self { chunks, buffer: Vec::new(), is_finished: false }
    }

    fn into_stream(self) -> BoxStream<'static, Result<SseEvent, TransportError>> {
        let next = |mut reader: Self| async move {
            let event = reader.next().await?;
            Some((event, reader))
        };
        stream::unfold(self, next).boxed()
    }

    /// Returns the next event. A response that ends without a `complete` event is an error.
    async fn next(&mut self) -> Option<Result<SseEvent, TransportError>> {
        loop {
            if self.is_finished {
                return None;
            }
            while let Some(end) = self.buffer.windows(2).position(|it| it == b"\n\n") {
                let text: Vec<u8> = self.buffer.drain(..end + 2).collect();
                if let Some(event) = parse(&String::from_utf8_lossy(&text)) {
                    self.is_finished = event == SseEvent::Complete;
                    return Some(Ok(event));
                }
            }
            let silence = Box::pin(runtime::sleep(SILENCE_TIMEOUT));
            let error = match future::select(self.chunks.next(), silence).await {
                Either::Left((Some(Ok(chunk)), _)) => {
                    self.buffer.extend(chunk);
                    continue;
                }
                Either::Left((Some(Err(error)), _)) => error,
                Either::Left((None, _)) => TransportError::new("the server closed the connection"),
                Either::Right(_) => TransportError::new("the connection was silent for too long"),
            };
            self.is_finished = true;
            return Some(Err(error));
        }
    }
}

/// Parses the text of one event. Returns `None` for a comment or an unknown event.
fn parse(text: &str) -> Option<SseEvent> {
    let mut name = "";
    let mut data = Vec::new();
    for line in text.lines() {
        match line.split_once(':') {
            Some(("event", value)) => name = value.trim(),
            Some(("data", value)) => data.push(value.strip_prefix(' ').unwrap_or(value)),
            _ => {}
        }
    }
    match name {
        "next" => Some(SseEvent::Next(data.join("\n"))),
        "complete" => Some(SseEvent::Complete),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads all events from bytes that arrive in the given pieces.
    async fn read(pieces: &[&'static str]) -> Vec<Result<SseEvent, TransportError>> {
        let chunks: Vec<_> = pieces.iter().map(|it| Ok(it.as_bytes().to_vec())).collect();
        EventReader::new(stream::iter(chunks).boxed()).into_stream().collect().await
    }

    #[tokio::test]
    async fn events_are_read_from_bytes_cut_at_any_place() {
        let next = |text: &str| Ok(SseEvent::Next(text.to_owned()));
        let whole = "event: next\ndata: {\"a\":1}\n\n:\n\nevent: complete\ndata: \n\n";
        let expected = [next("{\"a\":1}"), Ok(SseEvent::Complete)];
        assert_eq!(read(&[whole]).await, expected);
        for at in 0..whole.len() {
            let (first, second) = whole.split_at(at);
            assert_eq!(read(&[first, second]).await, expected, "{at}");
        }
        let truncated = read(&["event: next\ndata: 1\n\nevent: ne"]).await;
        assert_eq!(truncated[0], next("1"));
        assert!(truncated[1].is_err() && truncated.len() == 2, "there was no `complete` event");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_a_subscription() {
        let mut events = EventReader::new(stream::pending().boxed());
        assert!(matches!(events.next().await, Some(Err(_))));
        assert!(events.next().await.is_none());
    }
}
