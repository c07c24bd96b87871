//! WebSocket connections: opening, frames, keep-alive and closing. GraphQL is in [`session`].
//!
//! **Invariant:** at most one message is being sent, and meanwhile no operation is polled. So a
//! client that does not read falls behind in the log (S6), and costs no memory.
//!
//! [`session`]: super::session

use std::pin::pin;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message};
use axum::extract::{FromRequestParts, Request, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::App;
use super::connections::ConnectionSlot;
use super::protocol::NAME;
use super::session::{Close, Session};
use crate::auth;

/// The read buffer in bytes. The library's default of 128 KiB would be most of an idle socket's
/// memory, and clients send little.
const READ_BUFFER: usize = 512;
/// The time within which a client must send `connection_init`.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// The silence after which the server sends a ping, and the time that the client has to react.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// The time within which a message must be sent. Slow readers are fine: they hold at most one page
/// of the log.
const SEND_TIMEOUT: Duration = Duration::from_secs(300);
/// The time within which the close frame must be sent.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// The number of unsent replies, such as pongs, above which the server stops reading.
const MAX_PENDING_REPLIES: usize = 16;
/// The delay between closing one socket and the next at a stop, so that clients do not all
/// reconnect at once.
const CLOSE_STAGGER: Duration = Duration::from_millis(20);

/// Upgrades a request to a WebSocket and serves it.
pub(super) async fn upgrade(app: App, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    if !offers_protocol(&parts.headers) {
        let message = format!("Offer the WebSocket subprotocol {NAME}.\n");
        return (StatusCode::BAD_REQUEST, message).into_response();
    }
    let actor = auth::actor(&parts.headers);
    let mut session = Session::new(app.graphql, actor, app.limits.max_operations);
    if !app.origins.may_connect(&parts.headers) {
        session.forbid("This origin is not allowed; start the server with --allow-origin for it.");
    }
    let slot = parts.extensions.get::<ConnectionSlot>().cloned();
    let number = app.socket_numbers.next();
    upgrade
        .protocols([NAME])
        .read_buffer_size(READ_BUFFER)
        .max_message_size(app.limits.max_body)
        .max_frame_size(app.limits.max_body)
        .on_upgrade(move |socket| {
            let held_while_open = (slot, app.metrics.count_socket());
            app.tasks.track_future(async move {
                serve(socket, session, app.stopping, number).await;
                drop(held_while_open);
            })
        })
}

fn offers_protocol(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter();
    let mut names = offers.filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(','));
    names.any(|it| it.trim() == NAME)
}

/// An event that the loop of a socket handles.
enum Event {
    /// The client sent a frame, or closed the connection (`None`).
    Frame(Option<Message>),
    /// An operation has a message to send.
    Response(String),
    /// The server is stopping.
    Stopping,
    /// A timeout has passed.
    Timeout,
}

/// A WebSocket, or its replacement in tests.
trait Frames: Stream<Item = Result<Message, axum::Error>> + Sink<Message> {}

impl<S: Stream<Item = Result<Message, axum::Error>> + Sink<Message>> Frames for S {}

/// A socket, and the times of its last frames.
struct Connection<S> {
    sink: SplitSink<S, Message>,
    stream: SplitStream<S>,
    stopping: CancellationToken,
    /// When the last frame arrived.
    received_at: Instant,
    /// When the last ping was sent; `None` before the first.
    pinged_at: Option<Instant>,
}

async fn serve(
    socket: impl Frames,
    mut session: Session,
    stopping: CancellationToken,
    number: u64,
) {
    let (sink, stream) = socket.split();
    let opened_at = now();
    let mut connection =
        Connection { sink, stream, stopping, received_at: opened_at, pinged_at: None };
    let close = loop {
        while let Some(reply) = session.next_reply() {
            if !connection.send(Message::Text(reply.into()), &mut session).await {
                return;
            }
        }
        if let Some(close) = session.take_close() {
            break close;
        }
        let unanswered_ping = connection.pinged_at.filter(|it| *it > connection.received_at);
        let silent_at = unanswered_ping.unwrap_or(connection.received_at) + PING_INTERVAL;
        let times_out_at = if session.is_initialized() {
            silent_at
        } else {
            silent_at.min(opened_at + INIT_TIMEOUT)
        };
        let event = tokio::select! {
            biased;
            () = connection.stopping.cancelled() => Event::Stopping,
            frame = connection.stream.next() => Event::Frame(frame.and_then(Result::ok)),
            response = session.next_response() => Event::Response(response),
            () = tokio::time::sleep_until(times_out_at) => Event::Timeout,
        };
        match event {
            Event::Frame(None | Some(Message::Close(_))) => return,
            Event::Frame(Some(frame)) => {
                connection.received_at = now();
                handle_frame(&mut session, frame);
            }
            Event::Response(message) => {
                if !connection.send(Message::Text(message.into()), &mut session).await {
                    return;
                }
            }
            Event::Stopping => {
                tokio::time::sleep(CLOSE_STAGGER * (number % 100) as u32).await;
                let reason =
                    "Server is shutting down; reconnect and resume from your last revision.";
                break Close(1001, reason.to_owned());
            }
            Event::Timeout if !session.is_initialized() && now() >= opened_at + INIT_TIMEOUT => {
                break Close(4408, "Connection initialisation timeout".to_owned());
            }
            Event::Timeout if unanswered_ping.is_some() => {
                break Close(1001, "No reply to a ping.".to_owned());
            }
            Event::Timeout => {
                connection.pinged_at = Some(now());
                if !connection.send(Message::Ping(Default::default()), &mut session).await {
                    return;
                }
            }
        }
    };
    let Close(code, reason) = close;
    let frame = CloseFrame { code, reason: reason.into() };
    // The connection ends even if the client does not read the frame.
    let _ = timeout(CLOSE_TIMEOUT, connection.sink.send(Message::Close(Some(frame)))).await;
}

impl<S: Frames> Connection<S> {
    /// Sends a frame, and meanwhile handles received frames while few replies are pending.
    ///
    /// Returns whether it was sent. A stop of the server ends the attempt.
    async fn send(&mut self, frame: Message, session: &mut Session) -> bool {
        let Self { sink, stream, stopping, received_at, .. } = self;
        let mut sending = pin!(timeout(SEND_TIMEOUT, sink.send(frame)));
        loop {
            let may_read = session.pending_replies() < MAX_PENDING_REPLIES;
            tokio::select! {
                biased;
                sent = &mut sending => return matches!(sent, Ok(Ok(()))),
                () = stopping.cancelled() => return false,
                frame = stream.next(), if may_read => match frame {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
                    Some(Ok(frame)) => {
                        *received_at = now();
                        handle_frame(session, frame);
                    }
                },
            }
        }
    }
}

fn handle_frame(session: &mut Session, frame: Message) {
    match frame {
        Message::Text(text) => session.handle_message(&text),
        Message::Binary(_) => session.reject("Send text messages; binary is not supported."),
        // The library replies to pings of the WebSocket protocol.
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => {}
    }
}

#[allow(clippy::disallowed_methods, reason = "timeouts of sockets follow the machine's clock")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
