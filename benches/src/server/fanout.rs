//! One change to many sockets: the time until each receives it, and the memory of idle sockets.
//!
//! The time starts before the update is sent, and ends when this process reads the message of a
//! socket. So it includes the commit, and the time in which this process reads all other sockets
//! on the same cores.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use appointments_bench::{Result, percentile};
use futures_util::{SinkExt, StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use uuid::Uuid;

use crate::cases::Case;
use crate::load::Client;
use crate::process::Server;
use crate::seed;

/// The number of sockets that are opened at the same time.
const MAX_OPENING: usize = 32;

/// The time in which the server returns memory that it used only briefly.
const MEMORY_SETTLE_TIME: Duration = Duration::from_secs(1);

/// The longest time until a change reaches all sockets.
pub(crate) const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

const SUBSCRIPTION: &str = "subscription ($calendarId: ID) {
    appointmentChanges(calendarId: $calendarId) {
        kind revision previousRevision mutationId
        appointment { id title startsAt endsAt status revision }
    }
}";

/// The figures of one change to many sockets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fanout {
    pub(crate) sockets: usize,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// Memory of the server's process, without buffers of the kernel.
    pub(crate) bytes_per_idle_socket: usize,
}

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// A message, and the time at which it was read.
type Received = (Instant, Utf8Bytes);

/// Measures a server that has just started. After load, a server has free memory, and that would
/// hide the memory of sockets.
pub(crate) async fn measure(
    server: &Server,
    update: &Case,
    sockets: usize,
    changes: usize,
) -> Result<Fanout> {
    // The first sockets allocate what all sockets share. So some are opened and closed first.
    drop(open(server.address, MAX_OPENING, seed::CALENDAR).await?);
    sleep(MEMORY_SETTLE_TIME).await;
    let memory_before = server.memory()?;
    let opened = open(server.address, sockets, seed::CALENDAR).await?;
    sleep(MEMORY_SETTLE_TIME).await;
    let memory = server.memory()?.saturating_sub(memory_before);

    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut readers = JoinSet::new();
    for socket in opened {
        readers.spawn(forward(socket, sender.clone()));
    }
    let mut client = Client::connect(server.address).await?;
    let mut latencies = Vec::with_capacity(sockets * changes);
    for _ in 0..changes {
        let variables = update.variables();
        let start = Instant::now();
        let response = client.send_variables(server.api, update, variables).await?;
        let messages = timeout(DELIVERY_TIMEOUT, receive(&mut receiver, sockets));
        let messages =
            messages.await.map_err(|_| "a change did not reach all sockets in time")??;
        let response: Value = serde_json::from_slice(&response)?;
        let revision = response["data"]["updateAppointment"]["appointment"]["revision"].as_u64();
        for (at, message) in messages {
            expect_event(&message, "UPDATED", revision)?;
            latencies.push(at.duration_since(start));
        }
    }
    latencies.sort_unstable();
    Ok(Fanout {
        sockets,
        p50: percentile(&latencies, 50),
        p99: percentile(&latencies, 99),
        bytes_per_idle_socket: memory / sockets,
    })
}

/// Opens sockets that subscribe to a calendar, and waits for their first event.
pub(crate) async fn open(address: SocketAddr, count: usize, calendar: Uuid) -> Result<Vec<Socket>> {
    stream::iter(0..count)
        .map(|_| open_one(address, calendar))
        .buffer_unordered(MAX_OPENING)
        .try_collect()
        .await
}

async fn open_one(address: SocketAddr, calendar: Uuid) -> Result<Socket> {
    let mut request = format!("ws://{address}/graphql").into_client_request()?;
    let protocol = HeaderValue::from_static("graphql-transport-ws");
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    let stream = TcpStream::connect(address).await?;
    let config = WebSocketConfig::default().read_buffer_size(4 * 1024);
    let (mut socket, _) = client_async_with_config(request, stream, Some(config)).await?;

    socket.send(Message::text(r#"{"type":"connection_init"}"#)).await?;
    let (_, message) = next_message(&mut socket).await?;
    if serde_json::from_str::<Value>(&message)?["type"] != "connection_ack" {
        return Err(format!("expected connection_ack, received: {}", message.as_str()).into());
    }
    let subscribe = json!({
        "type": "subscribe",
        "id": "1",
        "payload": { "query": SUBSCRIPTION, "variables": { "calendarId": calendar } },
    });
    socket.send(Message::text(subscribe.to_string())).await?;
    let (_, message) = next_message(&mut socket).await?;
    expect_event(&message, "BOOKMARK", None)?;
    Ok(socket)
}

/// Forwards a socket's messages without parsing them. Parsing would delay the next socket.
async fn forward(mut socket: Socket, sender: mpsc::UnboundedSender<Result<Received>>) {
    loop {
        let received = next_message(&mut socket).await;
        let is_last = received.is_err();
        if sender.send(received).is_err() || is_last {
            return;
        }
    }
}

/// Reads the next message of a socket.
async fn next_message(socket: &mut Socket) -> Result<Received> {
    loop {
        let message = socket.next().await.ok_or("a socket was closed")??;
        let at = Instant::now();
        if let Message::Text(text) = message {
            return Ok((at, text));
        }
    }
}

/// Receives one message from each socket.
async fn receive(
    receiver: &mut mpsc::UnboundedReceiver<Result<Received>>,
    sockets: usize,
) -> Result<Vec<Received>> {
    let mut messages = Vec::with_capacity(sockets);
    while messages.len() < sockets {
        messages.push(receiver.recv().await.ok_or("all sockets were closed")??);
    }
    Ok(messages)
}

/// Checks the kind of an event. With a revision, also checks that the event has it and follows the
/// one before, so that no socket receives a change twice while another misses it.
fn expect_event(message: &Utf8Bytes, kind: &str, revision: Option<u64>) -> Result<()> {
    let value: Value = serde_json::from_str(message)?;
    let event = &value["payload"]["data"]["appointmentChanges"];
    let follows = revision.is_none()
        || event["revision"].as_u64() == revision
            && event["previousRevision"].as_u64().map(|it| it + 1) == revision;
    if event["kind"] == kind && follows && value["payload"]["errors"].is_null() {
        return Ok(());
    }
    let text = message.as_str();
    Err(format!("expected {kind} at revision {revision:?}, received: {text}").into())
}
