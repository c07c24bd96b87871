//! Load: a few connections that each ask again as soon as they are answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Result;
use crate::cases::{Api, Case};
use crate::process::Server;

const CONNECTIONS: usize = 16;

/// What one stretch of load came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) requests_per_s: f64,
    /// Of the server's process, in all its threads.
    pub(crate) cpu_us: f64,
}

/// One connection that is kept open.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await?;
        tokio::spawn(connection); // ends with the sender, which is told of its errors
        Ok(Self { sender, host: HeaderValue::from_str(&address.to_string())? })
    }

    /// Asks once, and hands out the answer if it is a right one.
    pub(crate) async fn ask(&mut self, api: Api, case: &Case) -> Result<Bytes> {
        self.ask_for(api, case, case.variables()).await
    }

    pub(crate) async fn ask_for(
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
        let answer = response.into_body().collect().await?.to_bytes();
        if status != StatusCode::OK {
            let text = String::from_utf8_lossy(&answer);
            return Err(format!("{}: {path} answered {status}: {text}", case.name).into());
        }
        case.check(&answer)?;
        Ok(answer)
    }
}

/// Asks for `time` over 16 connections.
pub(crate) async fn round(server: &Server, case: &Arc<Case>, time: Duration) -> Result<Figures> {
    let mut clients = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let mut client = Client::connect(server.address).await?;
        // One answer, so that the server has taken the connection before the clock starts.
        client.ask(server.api, case).await?;
        clients.push(client);
    }
    let (cpu, start) = (server.cpu()?, Instant::now());
    let mut asking = JoinSet::new();
    for client in clients {
        asking.spawn(keep_asking(client, server.api, case.clone(), start + time));
    }
    let mut requests = 0;
    while let Some(asked) = asking.join_next().await {
        requests += asked??;
    }
    let elapsed = start.elapsed();
    let cpu = server.cpu()?.saturating_sub(cpu);
    let requests = f64::from(requests);
    Ok(Figures {
        requests_per_s: requests / elapsed.as_secs_f64(),
        cpu_us: cpu.as_secs_f64() * 1e6 / requests,
    })
}

/// Asks until the time is over, and at least once; answers how often.
async fn keep_asking(mut client: Client, api: Api, case: Arc<Case>, until: Instant) -> Result<u32> {
    let mut asked = 0;
    loop {
        client.ask(api, &case).await?;
        asked += 1;
        if Instant::now() >= until {
            return Ok(asked);
        }
    }
}
