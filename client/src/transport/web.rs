//! Over fetch and WebSocket, in a browser.

use futures_channel::mpsc;
use futures_util::future::{BoxFuture, ready};
use futures_util::{FutureExt, SinkExt, StreamExt};
use gloo_net::websocket::Message as Frame;
use gloo_net::websocket::futures::WebSocket;
use reqwest::Url;
use send_wrapper::SendWrapper;

use super::{Line, Tokens, Transport, addresses, line, lost, post, protocol};
use crate::error::{BuildError, LineError};
use crate::runtime;

/// fetch and WebSocket.
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
        Ok(Self { http: reqwest::Client::new(), url, socket, tokens })
    }
}

// There is one thread, so what is not `Send` never leaves it.
impl Transport for Http {
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, LineError>> {
        SendWrapper::new(post(&self.http, &self.url, (self.tokens)(), body)).boxed()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Line, LineError>> {
        let (url, token) = (self.socket.clone(), (self.tokens)());
        let opening = async move {
            let socket =
                WebSocket::open_with_protocol(url.as_str(), protocol::NAME).map_err(lost)?;
            let texts = socket.sink_map_err(lost).with(|it| ready(Ok(Frame::Text(it))));
            let texts = texts.filter_map(|frame| {
                ready(match frame {
                    Ok(Frame::Text(text)) => Some(Ok(text)),
                    Ok(Frame::Bytes(_)) => None,
                    Err(error) => Some(Err(lost(error))),
                })
            });
            let mut texts = Box::pin(texts);
            line::open(&mut texts, token.as_deref()).await?;
            let (commands, told) = mpsc::unbounded();
            let (hears, heard) = mpsc::unbounded();
            runtime::spawn(line::carry(texts, told, hears));
            Ok(Line { commands, heard })
        };
        SendWrapper::new(opening).boxed()
    }
}
