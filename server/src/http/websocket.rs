//! WebSocket: opening one, and what of it is not GraphQL's: frames, life, and the end.
//!
//! **Invariant:** at most one message is on its way out, and while it is, no operation is asked for more. So whoever does not
//! read is behind in the log (S6), and costs no memory.

use std::pin::pin;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message};
use axum::extract::{FromRequestParts, Request, WebSocketUpgrade};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::App;
use super::connections::Place;
use super::protocol::NAME;
use super::session::{Close, Session};
use crate::auth;

/// So much is read at once; the library's own 128 KiB would be most of an idle socket. Clients say little.
const SOCKET_BUFFER: usize = 512;
/// Who has opened a socket must say hello by then.
const INIT: Duration = Duration::from_secs(10);
/// After so much silence it is asked whether anybody is there, and if nothing is heard for as long again nobody is.
const SILENCE: Duration = Duration::from_secs(20);
/// Who does not take a message in this time is gone. (One who is only slow costs a page of the log.)
const PATIENCE: Duration = Duration::from_secs(300);
/// Who does not take the last word in this time does not get it.
const GOODBYE: Duration = Duration::from_secs(2);
/// Answers that a client is owed at once (to its pings), before it is not heard any longer.
const OWED: usize = 16;
/// When the server stops, sockets are closed one after the other in steps of this, so that not all come back at once.
const STEP: Duration = Duration::from_millis(20);

/// Opens a socket.
pub(super) async fn follow(app: App, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let offered = parts.headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let mut offered = offered.iter().filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(','));
    if !offered.any(|it| it.trim() == NAME) {
        let message = format!("Offer the WebSocket subprotocol {NAME}.\n");
        return (StatusCode::BAD_REQUEST, message).into_response();
    }
    let actor = auth::actor(&parts.headers);
    let mut session = Session::new(app.graphql, actor, app.limits.max_operations);
    if !app.origins.may_open(&parts.headers) {
        session
            .forbid("Pages of this origin may not use the server; its --allow-origin lets them.");
    }
    let place = parts.extensions.get::<Place>().cloned();
    let (tasks, stopping, number) = (app.tasks, app.stopping, app.sockets.next());
    upgrade
        .protocols([NAME])
        .read_buffer_size(SOCKET_BUFFER)
        .max_message_size(app.limits.max_body)
        .max_frame_size(app.limits.max_body)
        .on_upgrade(move |socket| {
            let open = (place, app.metrics.socket());
            tasks.track_future(async move {
                serve(socket, session, stopping, number).await;
                drop(open);
            })
        })
}

/// What has happened.
enum Happened {
    /// A frame, or `None`: the client is gone.
    Heard(Option<Message>),
    /// An operation has something to say.
    Answered(String),
    Stopping,
    Time,
}

/// What a WebSocket does, as far as this is concerned.
trait Frames: Stream<Item = Result<Message, axum::Error>> + Sink<Message> {}

impl<S: Stream<Item = Result<Message, axum::Error>> + Sink<Message>> Frames for S {}

/// A socket, and what is known of its other end.
struct Wire<S> {
    sink: SplitSink<S, Message>,
    stream: SplitStream<S>,
    stopping: CancellationToken,
    heard_at: Instant,
    /// When it was asked whether anybody is there.
    asked_at: Option<Instant>,
}

async fn serve(
    socket: impl Frames,
    mut session: Session,
    stopping: CancellationToken,
    number: u64,
) {
    let (sink, stream) = socket.split();
    let opened = now();
    let mut wire = Wire { sink, stream, stopping, heard_at: opened, asked_at: None };
    let end = loop {
        while let Some(message) = session.owed() {
            if !wire.send(Message::Text(message.into()), &mut session).await {
                return;
            }
        }
        if let Some(close) = session.ended() {
            break close;
        }
        let asked = wire.asked_at.filter(|it| *it > wire.heard_at);
        let silent_at = asked.unwrap_or(wire.heard_at) + SILENCE;
        let wakes = if session.is_open() { silent_at } else { silent_at.min(opened + INIT) };
        let happened = tokio::select! {
            biased;
            () = wire.stopping.cancelled() => Happened::Stopping,
            frame = wire.stream.next() => Happened::Heard(frame.and_then(Result::ok)),
            answer = session.next() => Happened::Answered(answer),
            () = tokio::time::sleep_until(wakes) => Happened::Time,
        };
        match happened {
            Happened::Heard(None | Some(Message::Close(_))) => return,
            Happened::Heard(Some(frame)) => {
                wire.heard_at = now();
                hear(&mut session, frame);
            }
            Happened::Answered(message) => {
                if !wire.send(Message::Text(message.into()), &mut session).await {
                    return;
                }
            }
            Happened::Stopping => {
                tokio::time::sleep(STEP * (number % 100) as u32).await;
                break Close(1001, "The server stops; go on from your revision.".to_owned());
            }
            Happened::Time if !session.is_open() && now() >= opened + INIT => {
                break Close(4408, "Connection initialisation timeout".to_owned());
            }
            Happened::Time if asked.is_some() => {
                break Close(1001, "Nothing was heard for long.".to_owned());
            }
            Happened::Time => {
                wire.asked_at = Some(now());
                if !wire.send(Message::Ping(Default::default()), &mut session).await {
                    return;
                }
            }
        }
    };
    let Close(code, reason) = end;
    let frame = CloseFrame { code, reason: reason.into() };
    // Whoever does not take it is gone anyway.
    let _ = timeout(GOODBYE, wire.sink.send(Message::Close(Some(frame)))).await;
}

impl<S: Frames> Wire<S> {
    /// Sends a frame, and hears meanwhile what is said, as long as little is owed for it. Whether it was taken; who
    /// does not take it holds up no stop.
    async fn send(&mut self, frame: Message, session: &mut Session) -> bool {
        let Self { sink, stream, stopping, heard_at, .. } = self;
        let mut sending = pin!(timeout(PATIENCE, sink.send(frame)));
        loop {
            tokio::select! {
                biased;
                sent = &mut sending => return matches!(sent, Ok(Ok(()))),
                () = stopping.cancelled() => return false,
                frame = stream.next(), if session.owes() < OWED => match frame {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
                    Some(Ok(frame)) => {
                        *heard_at = now();
                        hear(session, frame);
                    }
                },
            }
        }
    }
}

fn hear(session: &mut Session, frame: Message) {
    match frame {
        Message::Text(text) => session.hear(&text),
        Message::Binary(_) => session.refuse("Messages are texts."),
        // (Pings of the socket itself are answered by the library.)
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => {}
    }
}

#[allow(clippy::disallowed_methods, reason = "a socket's silence is the machine's time")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
