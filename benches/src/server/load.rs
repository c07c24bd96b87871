//! Load on a server: a few connections, each of which sends its next request after a response.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use appointments_bench::Result;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::cases::{Api, Case};
use crate::process::Server;

const CONNECTIONS: usize = 16;

/// The figures of a server under load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) requests_per_s: f64,
    /// CPU time of the server's process per request, in microseconds.
    pub(crate) cpu_us: f64,
}

/// A connection that stays open.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await?;
        // The task ends with the sender, which reports the errors of the connection.
        tokio::spawn(connection);
        Ok(Self { sender, host: HeaderValue::from_str(&address.to_string())? })
    }

    /// Sends the next request of a case, and returns the response if it is correct.
    pub(crate) async fn send(&mut self, api: Api, case: &Case) -> Result<Bytes> {
        self.send_variables(api, case, case.variables()).await
    }

    /// Sends a request of a case with these variables.
    pub(crate) async fn send_variables(
        &mut self,
        api: Api,
        case: &Case,
        variables: String,
    ) -> Result<Bytes> {
        let (path, body) = case.request(api, variables);
        let request = Request::post(path)
            .header(HOST, self.host.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status != StatusCode::OK {
            let text = String::from_utf8_lossy(&body);
            return Err(format!("{}: {path} returned {status}: {text}", case.name).into());
        }
        case.check(&body)?;
        Ok(body)
    }
}

/// Loads a server over 16 connections for `time`.
pub(crate) async fn run(server: &Server, case: &Arc<Case>, time: Duration) -> Result<Load> {
    let mut clients = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let mut client = Client::connect(server.address).await?;
        // After a response, the server has accepted the connection. Then the measurement starts.
        client.send(server.api, case).await?;
        clients.push(client);
    }
    let cpu_before = server.cpu_time()?;
    let start = Instant::now();
    let mut senders = JoinSet::new();
    for client in clients {
        senders.spawn(send_until(client, server.api, case.clone(), start + time));
    }
    let mut requests = 0;
    while let Some(sent) = senders.join_next().await {
        requests += sent??;
    }
    let elapsed = start.elapsed();
    let cpu = server.cpu_time()?.saturating_sub(cpu_before);
    let requests = f64::from(requests);
    Ok(Load {
        requests_per_s: requests / elapsed.as_secs_f64(),
        cpu_us: cpu.as_secs_f64() * 1e6 / requests,
    })
}

/// Sends requests until `end`, at least one, and returns their number.
async fn send_until(mut client: Client, api: Api, case: Arc<Case>, end: Instant) -> Result<u32> {
    let mut sent = 0;
    loop {
        client.send(api, &case).await?;
        sent += 1;
        if Instant::now() >= end {
            return Ok(sent);
        }
    }
}
