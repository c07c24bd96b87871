//! Over HTTP and WebSocket, on tokio; with TLS where the address says so.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};
use futures_util::{FutureExt, SinkExt, StreamExt, stream};
use reqwest::{RequestBuilder, Url};
use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

use super::sse::{Chunks, Streams, is_events};
use super::{
    ACCEPT, ACCEPT_EVENTS, JSON, Line, REQUEST, Tokens, Transport, line_of, lost, open, protocol,
    websocket,
};
use crate::model::error::{BuildError, TransportError};

/// HTTP and WebSocket. Clones are one.
#[derive(Clone)]
pub struct Http {
    http: reqwest::Client,
    url: Url,
    socket: String,
    tls: Arc<ClientConfig>,
    tokens: Tokens,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Http").finish_non_exhaustive()
    }
}

impl Http {
    /// The way to the service at an address. Behind `https` it must show a certificate that this machine trusts.
    ///
    /// # Errors
    ///
    /// If the address is none, or the machine does not say whom it trusts.
    pub fn new(url: &str, tokens: Tokens) -> Result<Self, BuildError> {
        let tls = trust(url.starts_with("https:"))?.with_no_client_auth();
        Self::with_tls(url, tokens, tls)
    }

    /// The same, with a configuration of the caller's own: other roots, or a certificate to show.
    ///
    /// # Errors
    ///
    /// If the address is none.
    pub fn with_tls(url: &str, tokens: Tokens, tls: ClientConfig) -> Result<Self, BuildError> {
        let socket = line_of(url)?;
        let url: Url = url.parse().map_err(|_| BuildError::Url(url.to_owned()))?;
        let http = reqwest::Client::builder()
            .timeout(Duration::from_millis(REQUEST))
            .tls_backend_preconfigured(tls.clone());
        let http = http.build().map_err(|_| BuildError::Url(url.to_string()))?;
        Ok(Self { http, url, socket, tls: tls.into(), tokens })
    }

    /// A request, about to be sent.
    fn request(&self, accept: (&str, &str), body: String) -> RequestBuilder {
        let mut request = self.http.post(self.url.clone()).body(body);
        for (name, value) in [JSON, accept] {
            request = request.header(name, value);
        }
        match (self.tokens)() {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn socket(&self) -> Result<Line, TransportError> {
        let token = (self.tokens)();
        let mut request = self.socket.as_str().into_client_request().map_err(lost)?;
        let name = HeaderValue::from_static(protocol::NAME);
        request.headers_mut().insert("sec-websocket-protocol", name);
        // Small messages are not held back.
        let tls = Connector::Rustls(self.tls.clone());
        let opening = connect_async_tls_with_config(request, None, true, Some(tls));
        let (socket, _) = opening.await.map_err(lost)?;
        let texts = socket.sink_map_err(lost).with(|it| ready(Ok(Frame::text::<String>(it))));
        websocket::open(Box::pin(texts.filter_map(|it| ready(text(it)))), token.as_deref()).await
    }
}

/// Whose certificates are taken: those that the machine trusts, or nobody's where none is to be shown.
fn trust(is_needed: bool) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, BuildError> {
    let trust = |error: rustls::Error| BuildError::Trust(error.to_string());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let any = ClientConfig::builder_with_provider(provider);
    let any = any.with_safe_default_protocol_versions().map_err(trust)?;
    match is_needed {
        true => any.with_platform_verifier().map_err(trust),
        false => Ok(any.with_root_certificates(RootCertStore::empty())),
    }
}

impl Transport for Http {
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, TransportError>> {
        let request = self.request(ACCEPT, body);
        async move {
            let answer = request.send().await.map_err(lost)?;
            Ok(answer.bytes().await.map_err(lost)?.to_vec())
        }
        .boxed()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Line, TransportError>> {
        let this = self.clone();
        async move { open(this.socket(), this.clone()).await }.boxed()
    }
}

impl Streams for Http {
    fn open(&self, body: String) -> BoxFuture<'static, Result<Chunks, TransportError>> {
        // (It ends with the line, and silence ends that.)
        let request = self.request(ACCEPT_EVENTS, body).timeout(Duration::MAX);
        async move {
            let answer = request.send().await.map_err(lost)?;
            let media = answer.headers().get("content-type").and_then(|it| it.to_str().ok());
            is_events(answer.status().as_u16(), media)?;
            let chunks = stream::unfold(answer, |mut answer| async move {
                let chunk = answer.chunk().await.map_err(lost).transpose()?;
                Some((chunk.map(|it| it.to_vec()), answer))
            });
            Ok(chunks.boxed())
        }
        .boxed()
    }
}

/// What a frame says. (tungstenite answers the pings of WebSocket itself.)
fn text(
    frame: Result<Frame, tokio_tungstenite::tungstenite::Error>,
) -> Option<Result<String, TransportError>> {
    match frame {
        Ok(Frame::Text(text)) => Some(Ok(text.to_string())),
        Ok(Frame::Close(frame)) => {
            let why = frame.map_or_else(String::new, |it| it.reason.to_string());
            Some(Err(TransportError::new(why)))
        }
        Ok(_) => None,
        Err(error) => Some(Err(lost(error))),
    }
}

#[cfg(test)]
mod tests;
