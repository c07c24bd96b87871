//! One change to many sockets: how soon each has it, and what a socket costs that waits.
//!
//! The time runs from just before the update is sent to when a socket's message is read here, so
//! it includes the commit, and this process waking up for each socket on the same cores.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

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
use crate::{Result, seed};

/// Sockets that are opened at once.
const AT_ONCE: usize = 32;
/// Until memory that was in use for a moment only has been given back.
const SETTLE: Duration = Duration::from_secs(1);
/// Until a change counts as lost.
const LOST: Duration = Duration::from_secs(10);

const SUBSCRIPTION: &str = "subscription ($calendarId: ID) {
    appointmentChanges(calendarId: $calendarId) {
        kind revision previousRevision mutationId
        appointment { id title startsAt endsAt status revision }
    }
}";

/// What many sockets came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fanout {
    pub(crate) sockets: usize,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// Memory of the server's process; the kernel's buffers are not in it.
    pub(crate) bytes_per_idle_socket: u64,
}

pub(crate) type Socket = WebSocketStream<TcpStream>;
type Heard = (Instant, Utf8Bytes);

/// Measures a server that has just started: one that was under load has free memory, which would
/// hide what sockets take.
pub(crate) async fn measure(
    server: &Server,
    update: &Case,
    sockets: usize,
    changes: usize,
) -> Result<Fanout> {
    // Some come and go first, so that what all share is not counted for the others.
    drop(open(server.address, AT_ONCE, seed::CALENDAR).await?);
    sleep(SETTLE).await;
    let before = server.resident()?;
    let opened = open(server.address, sockets, seed::CALENDAR).await?;
    sleep(SETTLE).await;
    let taken = server.resident()?.saturating_sub(before);

    let (tell, mut told) = mpsc::unbounded_channel();
    let mut following = JoinSet::new();
    for socket in opened {
        following.spawn(follow(socket, tell.clone()));
    }
    let mut client = Client::connect(server.address).await?;
    let mut latencies = Vec::with_capacity(sockets * changes);
    for _ in 0..changes {
        let variables = update.variables();
        let sent = Instant::now();
        let answer = client.ask_for(server.api, update, variables).await?;
        let heard = timeout(LOST, everybody(&mut told, sockets))
            .await
            .map_err(|_| format!("a change did not reach all sockets in {} s", LOST.as_secs()))??;
        let answer: Value = serde_json::from_slice(&answer)?;
        let revision = answer["data"]["updateAppointment"]["appointment"]["revision"].as_u64();
        for (at, message) in heard {
            check(&message, "UPDATED", revision)?;
            latencies.push(at.duration_since(sent));
        }
    }
    latencies.sort_unstable();
    Ok(Fanout {
        sockets,
        p50: percentile(&latencies, 50),
        p99: percentile(&latencies, 99),
        bytes_per_idle_socket: taken / u64::try_from(sockets)?,
    })
}

/// Opens sockets that follow a calendar and have been told that it is there.
pub(crate) async fn open(address: SocketAddr, count: usize, calendar: Uuid) -> Result<Vec<Socket>> {
    stream::iter(0..count)
        .map(|_| open_one(address, calendar))
        .buffer_unordered(AT_ONCE)
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
    let (_, message) = hear(&mut socket).await?;
    if serde_json::from_str::<Value>(&message)?["type"] != "connection_ack" {
        return Err(format!("a socket was not acknowledged: {}", message.as_str()).into());
    }
    let subscribe = json!({
        "type": "subscribe",
        "id": "1",
        "payload": { "query": SUBSCRIPTION, "variables": { "calendarId": calendar } },
    });
    socket.send(Message::text(subscribe.to_string())).await?;
    let (_, message) = hear(&mut socket).await?;
    check(&message, "BOOKMARK", None)?;
    Ok(socket)
}

/// Hands on what a socket hears, unread: reading would make the next socket wait.
async fn follow(mut socket: Socket, tell: mpsc::UnboundedSender<Result<Heard>>) {
    loop {
        let heard = hear(&mut socket).await;
        let over = heard.is_err();
        if tell.send(heard).is_err() || over {
            return;
        }
    }
}

/// The next message, and when it was here.
async fn hear(socket: &mut Socket) -> Result<Heard> {
    loop {
        let message = socket.next().await.ok_or("a socket was closed")??;
        let at = Instant::now();
        if let Message::Text(text) = message {
            return Ok((at, text));
        }
    }
}

async fn everybody(
    told: &mut mpsc::UnboundedReceiver<Result<Heard>>,
    count: usize,
) -> Result<Vec<Heard>> {
    let mut heard = Vec::with_capacity(count);
    while heard.len() < count {
        heard.push(told.recv().await.ok_or("nobody follows any more")??);
    }
    Ok(heard)
}

/// An event of this kind; a change at the revision that was answered and joined to the one before,
/// so that no socket has it twice while another has none.
fn check(message: &Utf8Bytes, kind: &str, revision: Option<u64>) -> Result<()> {
    let value: Value = serde_json::from_str(message)?;
    let event = &value["payload"]["data"]["appointmentChanges"];
    let (at, previous) = (event["revision"].as_u64(), event["previousRevision"].as_u64());
    let joins = revision.is_none() || (at == revision && previous.map(|it| it + 1) == revision);
    if event["kind"] == kind && joins && value["payload"]["errors"].is_null() {
        return Ok(());
    }
    let text = message.as_str();
    Err(format!("{kind} at revision {revision:?} was expected, not: {text}").into())
}

/// The least value that so many of a hundred do not exceed. `sorted` is not empty.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted[rank.max(1) - 1]
}
