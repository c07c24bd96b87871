//! Over HTTP and WebSocket, on tokio.

use std::sync::Arc;
use std::time::Duration;

use futures_channel::mpsc;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, SinkExt, StreamExt};
use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::protocol::{self, Message};
use super::{Command, Heard, Line, Transport};
use crate::error::{BuildError, LineError};
use crate::runtime;

/// A request that takes longer has failed.
const REQUEST: Duration = Duration::from_secs(30);
/// A line that opens slower does not open.
const OPENING: Duration = Duration::from_secs(10);
/// After so much silence the server is asked whether it is there.
const PING: Duration = Duration::from_secs(10);
/// And after so much more the line is lost.
const SILENCE: Duration = Duration::from_secs(10);

/// Gives a token for each request and each line, if there is one.
pub type Tokens = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// HTTP and WebSocket.
pub struct Native {
    http: reqwest::Client,
    url: Url,
    socket: Url,
    tokens: Tokens,
}

impl Native {
    /// The way to the service at an address.
    ///
    /// # Errors
    ///
    /// If the address is none.
    pub fn new(url: &str, tokens: Tokens) -> Result<Self, BuildError> {
        let wrong = || BuildError::Url(url.to_owned());
        let parsed: Url = url.parse().map_err(|_| wrong())?;
        let scheme = match parsed.scheme() {
            "http" => "ws",
            "https" => "wss",
            _ => return Err(wrong()),
        };
        let mut socket = parsed.clone();
        socket.set_scheme(scheme).map_err(|()| wrong())?;
        let http = reqwest::Client::builder().timeout(REQUEST).build().map_err(|_| wrong())?;
        Ok(Self { http, url: parsed, socket, tokens })
    }
}

impl Transport for Native {
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, LineError>> {
        let request = self.http.post(self.url.clone()).body(body);
        let request = request.header(CONTENT_TYPE, "application/json");
        let mut request =
            request.header(ACCEPT, "application/graphql-response+json, application/json;q=0.9");
        if let Some(token) = (self.tokens)() {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        async move {
            let answer = request.send().await.map_err(lost)?;
            Ok(answer.bytes().await.map_err(lost)?.to_vec())
        }
        .boxed()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Line, LineError>> {
        let (url, token) = (self.socket.clone(), (self.tokens)());
        async move {
            let opening = timeout(OPENING, open(url, token));
            let socket = opening.await.map_err(|_| LineError("no answer in time".into()))??;
            let (commands, told) = mpsc::unbounded();
            let (hears, heard) = mpsc::unbounded();
            runtime::spawn(carry(socket, told, hears));
            Ok(Line { commands, heard })
        }
        .boxed()
    }
}

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

async fn open(url: Url, token: Option<String>) -> Result<Socket, LineError> {
    let mut request = url.as_str().into_client_request().map_err(lost)?;
    let name = HeaderValue::from_static(protocol::NAME);
    request.headers_mut().insert("sec-websocket-protocol", name);
    let (mut socket, _) = connect_async(request).await.map_err(lost)?;
    socket.send(Frame::text(protocol::init(token.as_deref()))).await.map_err(lost)?;
    loop {
        match socket.next().await {
            Some(Ok(Frame::Text(text))) => match protocol::read(&text) {
                Some(Message::Ack) => return Ok(socket),
                Some(Message::Ping) => {
                    socket.send(Frame::text(protocol::pong())).await.map_err(lost)?;
                }
                _ => {}
            },
            Some(Ok(Frame::Close(frame))) => {
                return Err(LineError(frame.map_or_else(String::new, |it| it.reason.to_string())));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(lost(error)),
            None => return Err(LineError("the line was closed".into())),
        }
    }
}

/// Carries messages both ways until either end is gone, or there is nothing but silence.
async fn carry(
    mut socket: Socket,
    mut told: mpsc::UnboundedReceiver<Command>,
    hears: mpsc::UnboundedSender<Heard>,
) {
    let mut is_asked = false;
    let mut until = Instant::now() + PING;
    loop {
        let next = async {
            tokio::select! {
                command = told.next() => Ok(command),
                frame = socket.next() => Err(frame),
            }
        };
        let done = match timeout_at(until, next).await {
            Ok(Ok(Some(command))) => socket.send(Frame::text(protocol::write(&command))).await,
            // Nobody needs the line any more.
            Ok(Ok(None)) => break,
            Ok(Err(Some(Ok(frame)))) => {
                (is_asked, until) = (false, Instant::now() + PING);
                match frame {
                    Frame::Text(text) => match protocol::read(&text) {
                        Some(Message::Heard(heard)) => match hears.unbounded_send(heard) {
                            Ok(()) => Ok(()),
                            Err(_) => break,
                        },
                        Some(Message::Ping) => socket.send(Frame::text(protocol::pong())).await,
                        _ => Ok(()),
                    },
                    Frame::Close(_) => break,
                    // (tungstenite answers the pings of WebSocket itself.)
                    _ => Ok(()),
                }
            }
            Ok(Err(Some(Err(_)) | None)) => break,
            Err(_) if is_asked => break,
            Err(_) => {
                (is_asked, until) = (true, Instant::now() + SILENCE);
                socket.send(Frame::text(protocol::ping())).await
            }
        };
        if done.is_err() {
            break;
        }
    }
    let _ = socket.close(None).await;
}

fn lost(error: impl std::fmt::Display) -> LineError {
    LineError(error.to_string())
}
