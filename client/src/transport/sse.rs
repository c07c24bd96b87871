//! A line over server-sent events, where no WebSocket gets through (C15): a request for each subscription, whose answer
//! comes bit by bit (graphql-sse, distinct connections).

use std::collections::HashMap;

use futures_channel::mpsc;
use futures_util::future::{self, AbortHandle, BoxFuture, Either};
use futures_util::stream::{self, BoxStream, SelectAll, StreamExt};

use super::{Command, Heard, Line, within};
use crate::engine::Millis;
use crate::model::error::TransportError;
use crate::runtime;
use crate::transport::{SubscriptionEnd, SubscriptionNumber};

/// A server says something more often than that, if only that it is there.
const SILENCE: Millis = 30_000;
/// What is asked to see whether events get through.
const PROBE: &str = r#"{"query":"{ __typename }"}"#;

/// The bytes of an answer, as they come.
pub(super) type Chunks = BoxStream<'static, Result<Vec<u8>, TransportError>>;

/// What a platform must be able to do: send a request that accepts events, and hand on what comes.
pub(super) trait Streams: Send + Sync + 'static {
    fn open(&self, body: String) -> BoxFuture<'static, Result<Chunks, TransportError>>;
}

/// Whether an answer is one of events.
pub(super) fn is_events(status: u16, media: Option<&str>) -> Result<(), TransportError> {
    match status == 200 && media.is_some_and(|it| it.starts_with("text/event-stream")) {
        true => Ok(()),
        false => Err(TransportError::new(format!("no events, but status {status}"))),
    }
}

/// A line of events, if they get through.
pub(super) async fn open(streams: impl Streams) -> Result<Line, TransportError> {
    let mut probe = Events::of(streams.open(PROBE.to_owned()).await?);
    match probe.next().await {
        Some(Ok(Said::Next(_))) => {}
        Some(Err(error)) => return Err(error),
        _ => return Err(TransportError::new("no events get through")),
    }
    let ((commands, told), (hears, heard)) = (mpsc::unbounded(), mpsc::unbounded());
    runtime::spawn(carry(streams, told, hears));
    Ok(Line { commands, heard })
}

/// Begins and ends subscriptions, and hands on what they say, until one of them is lost: then all are.
async fn carry(
    streams: impl Streams,
    mut told: mpsc::UnboundedReceiver<Command>,
    hears: mpsc::UnboundedSender<Heard>,
) {
    let mut running: SelectAll<BoxStream<'static, Result<Heard, TransportError>>> =
        SelectAll::new();
    let mut wanted: HashMap<SubscriptionNumber, AbortHandle> = HashMap::new();
    loop {
        let heard = match running.is_empty() {
            true => Either::Left(future::pending()),
            false => Either::Right(running.next()),
        };
        match future::select(told.next(), heard).await {
            Either::Left((Some(Command::Subscribe { number, body }), _)) => {
                let (events, handle) = stream::abortable(follow(streams.open(body), number));
                running.push(events.boxed());
                wanted.insert(number, handle);
            }
            Either::Left((Some(Command::Unsubscribe { number }), _)) => {
                wanted.remove(&number).iter().for_each(AbortHandle::abort);
            }
            Either::Left((None, _)) | Either::Right((Some(Err(_)), _)) => return,
            Either::Right((Some(Ok(heard)), _)) => {
                if let Heard::End { number, .. } = &heard {
                    wanted.remove(number);
                }
                if hears.unbounded_send(heard).is_err() {
                    return;
                }
            }
            // One has ended, and that was said.
            Either::Right((None, _)) => {}
        }
    }
}

/// What a subscription says, and its end.
fn follow(
    opening: BoxFuture<'static, Result<Chunks, TransportError>>,
    number: SubscriptionNumber,
) -> impl futures_util::Stream<Item = Result<Heard, TransportError>> + Send {
    let events = stream::once(within(SILENCE, opening)).flat_map(|opened| match opened {
        Ok(chunks) => Events::of(chunks).into_stream(),
        Err(error) => stream::once(future::ready(Err(error))).boxed(),
    });
    events.map(move |said| {
        Ok(match said? {
            Said::Next(payload) => Heard::Event { number, payload },
            Said::Complete => Heard::End { number, end: SubscriptionEnd::Complete },
        })
    })
}

/// What an event says.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Next(String),
    Complete,
}

/// Events, read from bytes.
struct Events {
    chunks: Chunks,
    buffer: Vec<u8>,
    /// Nothing more comes.
    is_over: bool,
}

impl Events {
    fn of(chunks: Chunks) -> Self {
        Self { chunks, buffer: Vec::new(), is_over: false }
    }

    fn into_stream(self) -> BoxStream<'static, Result<Said, TransportError>> {
        stream::unfold(self, |mut it| async move { it.next().await.map(|said| (said, it)) }).boxed()
    }

    /// The next event. The end without one that says so is a loss.
    async fn next(&mut self) -> Option<Result<Said, TransportError>> {
        loop {
            if self.is_over {
                return None;
            }
            while let Some(end) = self.buffer.windows(2).position(|it| it == b"\n\n") {
                let event: Vec<u8> = self.buffer.drain(..end + 2).collect();
                if let Some(said) = read(&String::from_utf8_lossy(&event)) {
                    self.is_over = said == Said::Complete;
                    return Some(Ok(said));
                }
            }
            let silence = Box::pin(runtime::sleep(SILENCE));
            let error = match future::select(self.chunks.next(), silence).await {
                Either::Left((Some(Ok(chunk)), _)) => {
                    self.buffer.extend(chunk);
                    continue;
                }
                Either::Left((Some(Err(error)), _)) => error,
                Either::Left((None, _)) => TransportError::new("the line was closed"),
                Either::Right(_) => TransportError::new("nothing was heard for long"),
            };
            self.is_over = true;
            return Some(Err(error));
        }
    }
}

/// One event: its name and its data; nothing for a comment.
fn read(event: &str) -> Option<Said> {
    let (mut name, mut data) = ("", Vec::new());
    for line in event.lines() {
        match line.split_once(':') {
            Some(("event", it)) => name = it.trim(),
            Some(("data", it)) => data.push(it.strip_prefix(' ').unwrap_or(it)),
            _ => {}
        }
    }
    match name {
        "next" => Some(Said::Next(data.join("\n"))),
        "complete" => Some(Said::Complete),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of bytes that come in these pieces.
    async fn heard(pieces: &[&'static str]) -> Vec<Result<Said, TransportError>> {
        let chunks: Vec<_> = pieces.iter().map(|it| Ok(it.as_bytes().to_vec())).collect();
        Events::of(stream::iter(chunks).boxed()).into_stream().collect().await
    }

    #[tokio::test]
    async fn events_come_in_any_pieces() {
        let next = |text: &str| Ok(Said::Next(text.to_owned()));
        let whole = "event: next\ndata: {\"a\":1}\n\n:\n\nevent: complete\ndata: \n\n";
        assert_eq!(heard(&[whole]).await, [next("{\"a\":1}"), Ok(Said::Complete)]);
        for at in 0..whole.len() {
            let (one, other) = whole.split_at(at);
            assert_eq!(heard(&[one, other]).await, [next("{\"a\":1}"), Ok(Said::Complete)], "{at}");
        }
        let cut = heard(&["event: next\ndata: 1\n\nevent: ne"]).await;
        assert_eq!(cut[0], next("1"));
        assert!(cut[1].is_err() && cut.len() == 2, "what does not say that it ends is lost");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_it() {
        let mut events = Events::of(stream::pending().boxed());
        assert!(matches!(events.next().await, Some(Err(_))));
        assert!(events.next().await.is_none());
    }
}
