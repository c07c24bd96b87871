//! A connection for subscriptions over a WebSocket: its handshake, its messages and its pings.
//!
//! The platform provides the socket, as a stream and a sink of text messages.

use std::time::Duration;

use futures_channel::mpsc;
use futures_util::future::{self, Either};
use futures_util::{Sink, SinkExt, Stream, StreamExt};

use super::protocol::{self, ProtocolMessage};
use super::{Connection, ServerMessage, SubscriptionCommand};
use crate::model::error::TransportError;
use crate::runtime::{self, MaybeSend};

/// After this long without a message the client sends a ping.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// If no message follows a ping for this long, the connection is lost.
const PONG_TIMEOUT: Duration = Duration::from_secs(10);

/// A stream and a sink of text messages.
pub(super) trait TextSocket:
    Stream<Item = Result<String, TransportError>> + Sink<String, Error = TransportError> + Unpin
{
}

impl<S> TextSocket for S where
    S: Stream<Item = Result<String, TransportError>> + Sink<String, Error = TransportError> + Unpin
{
}

/// Performs the handshake over an open socket, and starts the task that runs the connection.
pub(super) async fn open(
    mut socket: impl TextSocket + MaybeSend,
    token: Option<&str>,
) -> Result<Connection, TransportError> {
    handshake(&mut socket, token).await?;
    let (commands, command_receiver) = mpsc::unbounded();
    let (message_sender, messages) = mpsc::unbounded();
    runtime::spawn(run(socket, command_receiver, message_sender));
    Ok(Connection { commands, messages })
}

async fn handshake(
    socket: &mut impl TextSocket,
    token: Option<&str>,
) -> Result<(), TransportError> {
    socket.send(protocol::init(token)).await?;
    while let Some(text) = socket.next().await {
        match protocol::parse(&text?) {
            Some(ProtocolMessage::Ack) => return Ok(()),
            Some(ProtocolMessage::Ping) => socket.send(protocol::pong()).await?,
            _ => {}
        }
    }
    Err(TransportError::new("the server closed the connection"))
}

/// Sends commands and receives messages until either end is closed, or the server stays silent
/// after a ping.
async fn run(
    mut socket: impl TextSocket,
    mut commands: mpsc::UnboundedReceiver<SubscriptionCommand>,
    messages: mpsc::UnboundedSender<ServerMessage>,
) {
    let mut is_ping_pending = false;
    let mut silence = Box::pin(runtime::sleep(PING_INTERVAL));
    loop {
        let next = future::select(commands.next(), socket.next());
        let sent = match future::select(next, &mut silence).await {
            Either::Left((Either::Left((Some(command), _)), _)) => {
                socket.send(protocol::format_command(&command)).await
            }
            Either::Left((Either::Right((Some(Ok(text)), _)), _)) => {
                is_ping_pending = false;
                silence = Box::pin(runtime::sleep(PING_INTERVAL));
                match protocol::parse(&text) {
                    Some(ProtocolMessage::Subscription(message)) => {
                        if messages.unbounded_send(message).is_err() {
                            break;
                        }
                        Ok(())
                    }
                    Some(ProtocolMessage::Ping) => socket.send(protocol::pong()).await,
                    _ => Ok(()),
                }
            }
            // The client has dropped the connection, or the socket is closed.
            Either::Left(_) => break,
            Either::Right(_) if is_ping_pending => break,
            Either::Right(_) => {
                is_ping_pending = true;
                silence = Box::pin(runtime::sleep(PONG_TIMEOUT));
                socket.send(protocol::ping()).await
            }
        };
        if sent.is_err() {
            break;
        }
    }
    let _ = socket.close().await;
}

#[cfg(test)]
mod tests;
