//! HTTP and WebSocket on tokio, with TLS for `https` addresses.

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

use super::http::{
    ACCEPT_EVENTS, ACCEPT_JSON, CONTENT_TYPE, REQUEST_TIMEOUT, connect, transport_error,
    websocket_url,
};
use super::sse::{Chunks, SseClient, check_sse_response};
use super::{Connection, TokenProvider, Transport, protocol, websocket};
use crate::model::error::{BuildError, TransportError};

/// The transport over HTTP and WebSocket. Clones share their connections.
#[derive(Clone)]
pub struct Http {
    http: reqwest::Client,
    url: Url,
    websocket_url: String,
    tls: Arc<ClientConfig>,
    tokens: TokenProvider,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Http").finish_non_exhaustive()
    }
}

impl Http {
    /// Creates a transport to the service at a URL. For `https`, the server must show a certificate
    /// that this machine trusts.
    ///
    /// # Errors
    ///
    /// If the URL is invalid, or the trusted certificates of the machine cannot be loaded.
    pub fn new(url: &str, tokens: TokenProvider) -> Result<Self, BuildError> {
        let tls = tls_config(url.starts_with("https:"))?.with_no_client_auth();
        Self::with_tls(url, tokens, tls)
    }

    /// Creates a transport with its own TLS configuration, for example with other root certificates
    /// or with a client certificate.
    ///
    /// # Errors
    ///
    /// If the URL is invalid.
    pub fn with_tls(
        url: &str,
        tokens: TokenProvider,
        tls: ClientConfig,
    ) -> Result<Self, BuildError> {
        let websocket_url = websocket_url(url)?;
        let url: Url = url.parse().map_err(|_| BuildError::Url(url.to_owned()))?;
        let http = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .tls_backend_preconfigured(tls.clone());
        let http = http.build().map_err(|_| BuildError::Url(url.to_string()))?;
        Ok(Self { http, url, websocket_url, tls: tls.into(), tokens })
    }

    /// Builds a request.
    fn request(&self, accept: (&str, &str), body: String) -> RequestBuilder {
        let mut request = self.http.post(self.url.clone()).body(body);
        for (name, value) in [CONTENT_TYPE, accept] {
            request = request.header(name, value);
        }
        match (self.tokens)() {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn open_websocket(&self) -> Result<Connection, TransportError> {
        let token = (self.tokens)();
        let mut request =
            self.websocket_url.as_str().into_client_request().map_err(transport_error)?;
        let name = HeaderValue::from_static(protocol::NAME);
        request.headers_mut().insert("sec-websocket-protocol", name);
        let tls = Connector::Rustls(self.tls.clone());
        // `true` disables Nagle's algorithm, since messages are small.
        let opening = connect_async_tls_with_config(request, None, true, Some(tls));
        let (socket, _) = opening.await.map_err(transport_error)?;
        let texts =
            socket.sink_map_err(transport_error).with(|it| ready(Ok(Frame::text::<String>(it))));
        websocket::open(Box::pin(texts.filter_map(|it| ready(text(it)))), token.as_deref()).await
    }
}

/// Starts a TLS configuration: with the certificates that the machine trusts, or with none if TLS
/// is not used.
fn tls_config(is_used: bool) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, BuildError> {
    let trust = |error: rustls::Error| BuildError::Trust(error.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().map_err(trust)?;
    if is_used {
        config.with_platform_verifier().map_err(trust)
    } else {
        Ok(config.with_root_certificates(RootCertStore::empty()))
    }
}

impl Transport for Http {
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, TransportError>> {
        let request = self.request(ACCEPT_JSON, body);
        async move {
            let response = request.send().await.map_err(transport_error)?;
            Ok(response.bytes().await.map_err(transport_error)?.to_vec())
        }
        .boxed()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Connection, TransportError>> {
        let this = self.clone();
        async move { connect(this.open_websocket(), this.clone()).await }.boxed()
    }
}

impl SseClient for Http {
    fn open(&self, body: String) -> BoxFuture<'static, Result<Chunks, TransportError>> {
        // The response may last for any time. If it is silent for too long, `sse` ends it.
        let request = self.request(ACCEPT_EVENTS, body).timeout(Duration::MAX);
        async move {
            let response = request.send().await.map_err(transport_error)?;
            let content_type =
                response.headers().get("content-type").and_then(|it| it.to_str().ok());
            check_sse_response(response.status().as_u16(), content_type)?;
            let chunks = stream::unfold(response, |mut response| async move {
                let chunk = response.chunk().await.map_err(transport_error).transpose()?;
                Some((chunk.map(|it| it.to_vec()), response))
            });
            Ok(chunks.boxed())
        }
        .boxed()
    }
}

/// Returns the text of a frame. tungstenite responds to pings of the WebSocket protocol by itself.
fn text(
    frame: Result<Frame, tokio_tungstenite::tungstenite::Error>,
) -> Option<Result<String, TransportError>> {
    match frame {
        Ok(Frame::Text(text)) => Some(Ok(text.to_string())),
        Ok(Frame::Close(frame)) => {
            let reason = frame.map_or_else(String::new, |it| it.reason.to_string());
            Some(Err(TransportError::new(reason)))
        }
        Ok(_) => None,
        Err(error) => Some(Err(transport_error(error))),
    }
}

#[cfg(test)]
mod tests;
