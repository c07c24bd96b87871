//! A line for subscriptions over any socket that carries texts: how it opens, and how it is kept.

use futures_channel::mpsc;
use futures_util::future::{self, Either};
use futures_util::{Sink, SinkExt, Stream, StreamExt};

use super::protocol::{self, Message};
use super::{Command, Heard, Line};
use crate::engine::Millis;
use crate::model::error::TransportError;
use crate::runtime::{self, Moves};

/// After so much silence the server is asked whether it is there.
const PING: Millis = 10_000;
/// And after so much more the line is lost.
const SILENCE: Millis = 10_000;

/// What carries texts both ways.
pub(super) trait Socket:
    Stream<Item = Result<String, TransportError>> + Sink<String, Error = TransportError> + Unpin
{
}

impl<S> Socket for S where
    S: Stream<Item = Result<String, TransportError>> + Sink<String, Error = TransportError> + Unpin
{
}

/// Says hello, waits until the server does, and carries what is said from then on.
pub(super) async fn open(
    mut socket: impl Socket + Moves,
    token: Option<&str>,
) -> Result<Line, TransportError> {
    greet(&mut socket, token).await?;
    let ((commands, told), (hears, heard)) = (mpsc::unbounded(), mpsc::unbounded());
    runtime::spawn(carry(socket, told, hears));
    Ok(Line { commands, heard })
}

async fn greet(socket: &mut impl Socket, token: Option<&str>) -> Result<(), TransportError> {
    socket.send(protocol::init(token)).await?;
    while let Some(text) = socket.next().await {
        match protocol::read(&text?) {
            Some(Message::Ack) => return Ok(()),
            Some(Message::Ping) => socket.send(protocol::pong()).await?,
            _ => {}
        }
    }
    Err(TransportError::new("the line was closed"))
}

/// Carries messages both ways until either end is gone, or there is nothing but silence.
async fn carry(
    mut socket: impl Socket,
    mut told: mpsc::UnboundedReceiver<Command>,
    hears: mpsc::UnboundedSender<Heard>,
) {
    let mut is_asked = false;
    let mut silence = Box::pin(runtime::sleep(PING));
    loop {
        let next = future::select(told.next(), socket.next());
        let done = match future::select(next, &mut silence).await {
            Either::Left((Either::Left((Some(command), _)), _)) => {
                socket.send(protocol::write(&command)).await
            }
            Either::Left((Either::Right((Some(Ok(text)), _)), _)) => {
                (is_asked, silence) = (false, Box::pin(runtime::sleep(PING)));
                match protocol::read(&text) {
                    Some(Message::Heard(heard)) => match hears.unbounded_send(heard) {
                        Ok(()) => Ok(()),
                        Err(_) => break,
                    },
                    Some(Message::Ping) => socket.send(protocol::pong()).await,
                    _ => Ok(()),
                }
            }
            // Nobody needs the line any more, or it is gone.
            Either::Left(_) => break,
            Either::Right(_) if is_asked => break,
            Either::Right(_) => {
                (is_asked, silence) = (true, Box::pin(runtime::sleep(SILENCE)));
                socket.send(protocol::ping()).await
            }
        };
        if done.is_err() {
            break;
        }
    }
    let _ = socket.close().await;
}

#[cfg(test)]
mod tests;
