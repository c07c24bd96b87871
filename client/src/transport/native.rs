//! Over HTTP and WebSocket, on tokio.

use std::time::Duration;

use futures_channel::mpsc;
use futures_util::future::{BoxFuture, ready};
use futures_util::{FutureExt, SinkExt, StreamExt};
use reqwest::Url;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::{Line, Tokens, Transport, addresses, line, lost, post, protocol};
use crate::error::{BuildError, LineError};
use crate::runtime;

/// A request that takes longer has failed.
const REQUEST: Duration = Duration::from_secs(30);

/// HTTP and WebSocket.
pub struct Http {
    http: reqwest::Client,
    url: Url,
    socket: Url,
    tokens: Tokens,
}

impl Http {
    /// The way to the service at an address.
    ///
    /// # Errors
    ///
    /// If the address is none.
    pub fn new(url: &str, tokens: Tokens) -> Result<Self, BuildError> {
        let (url, socket) = addresses(url)?;
        let http = reqwest::Client::builder().timeout(REQUEST).build();
        let http = http.map_err(|_| BuildError::Url(url.to_string()))?;
        Ok(Self { http, url, socket, tokens })
    }
}

impl Transport for Http {
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, LineError>> {
        post(&self.http, &self.url, (self.tokens)(), body).boxed()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Line, LineError>> {
        let (url, token) = (self.socket.clone(), (self.tokens)());
        async move {
            let mut request = url.as_str().into_client_request().map_err(lost)?;
            let name = HeaderValue::from_static(protocol::NAME);
            request.headers_mut().insert("sec-websocket-protocol", name);
            let (socket, _) = connect_async(request).await.map_err(lost)?;
            let texts = socket.sink_map_err(lost).with(|it| ready(Ok(Frame::text::<String>(it))));
            let mut texts = Box::pin(texts.filter_map(|it| ready(text(it))));
            line::open(&mut texts, token.as_deref()).await?;
            let (commands, told) = mpsc::unbounded();
            let (hears, heard) = mpsc::unbounded();
            runtime::spawn(line::carry(texts, told, hears));
            Ok(Line { commands, heard })
        }
        .boxed()
    }
}

/// What a frame says. (tungstenite answers the pings of WebSocket itself.)
fn text(
    frame: Result<Frame, tokio_tungstenite::tungstenite::Error>,
) -> Option<Result<String, LineError>> {
    match frame {
        Ok(Frame::Text(text)) => Some(Ok(text.to_string())),
        Ok(Frame::Close(frame)) => {
            let why = frame.map_or_else(String::new, |it| it.reason.to_string());
            Some(Err(LineError(why)))
        }
        Ok(_) => None,
        Err(error) => Some(Err(lost(error))),
    }
}
