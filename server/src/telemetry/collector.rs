//! Sends spans to a collector, with the HTTP implementation that serves requests.

use std::time::Duration;

use async_trait::async_trait;
use axum::body::Bytes;
use axum::http::header::HOST;
use axum::http::uri::{PathAndQuery, Scheme};
use axum::http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// The longest time that a collector may take for one batch of spans.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest accepted response of a collector, in bytes.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// A client that opens one connection per batch. Batches are seconds apart.
#[derive(Debug)]
pub(super) struct CollectorClient {
    /// The server's runtime. The exporter itself runs on a thread without one.
    runtime: Handle,
}

impl CollectorClient {
    /// Creates a client that runs on the current runtime.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub(super) fn new() -> Self {
        Self { runtime: Handle::current() }
    }
}

#[async_trait]
impl HttpClient for CollectorClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        // A timer needs the runtime too, so it starts within the task.
        let task = async { timeout(EXPORT_TIMEOUT, send(request)).await };
        self.runtime.spawn(task).await??
    }
}

/// Checks that the client can reach a collector at `url`. The error is part of a sentence.
pub(super) fn check_url(url: &str) -> Result<(), String> {
    let parsed: Uri = url.parse().map_err(|error| format!("{error}"))?;
    if parsed.scheme() != Some(&Scheme::HTTP) || parsed.host().is_none() {
        return Err("use an address such as http://localhost:4318, without TLS".into());
    }
    Ok(())
}

async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority().ok_or("the collector's address has no host")?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
    parts.headers.insert(HOST, HeaderValue::from_str(authority.as_str())?);
    let path = parts.uri.path_and_query().cloned();
    parts.uri = path.unwrap_or_else(|| PathAndQuery::from_static("/")).into();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let response = sender.send_request(Request::from_parts(parts, Full::new(body))).await?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_RESPONSE_BYTES).collect().await?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    };
    // The connection only progresses while it is polled.
    tokio::pin!(exchange);
    tokio::select! {
        response = &mut exchange => response,
        closed = connection => match closed {
            // The response may have arrived together with the end of the connection.
            Ok(()) => exchange.await,
            Err(error) => Err(error.into()),
        },
    }
}
