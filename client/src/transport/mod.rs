//! Transports: how requests and subscriptions get to a server. The engine decides what, a transport only carries.

#[cfg_attr(target_family = "wasm", path = "web.rs")]
mod native;
mod protocol;
mod sse;
mod websocket;

use std::sync::Arc;

use futures_channel::mpsc;
use futures_util::future::{self, BoxFuture, Either};

pub use native::Http;

use crate::engine::Millis;
use crate::model::error::{BuildError, TransportError};
use crate::runtime;
use sse::Streams;

/// Gives a token for each request and each line, if there is one.
pub type Tokens = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// Carries requests, and opens lines for subscriptions.
pub trait Transport: Send + Sync + 'static {
    /// Sends the body of a request (JSON) and returns that of its answer, whatever its status. An error says that
    /// nothing came back; the request may have arrived all the same.
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, TransportError>>;

    /// Opens a line for subscriptions.
    fn connect(&self) -> BoxFuture<'static, Result<Line, TransportError>>;
}

/// An open line. It is closed when `commands` is dropped, and lost when `heard` ends.
#[derive(Debug)]
pub struct Line {
    /// What to do.
    pub commands: mpsc::UnboundedSender<Command>,
    /// What comes.
    pub heard: mpsc::UnboundedReceiver<Heard>,
}

/// What a line is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Begin a subscription.
    Subscribe {
        /// Its number.
        number: SubscriptionNumber,
        /// JSON: query and variables.
        body: String,
    },
    /// End one.
    Unsubscribe {
        /// Its number.
        number: SubscriptionNumber,
    },
}

/// What comes over a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An event of a subscription: JSON, `data` and `errors`.
    Event {
        /// Of which.
        number: SubscriptionNumber,
        /// As it came.
        payload: String,
    },
    /// A subscription has ended.
    End {
        /// Which.
        number: SubscriptionNumber,
        /// Why.
        end: SubscriptionEnd,
    },
}

/// The number of a subscription, unique within its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionNumber(pub u64);

/// Why a subscription ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionEnd {
    /// The server has sent all events.
    Complete,
    /// The server ended the subscription with an error; this is its message.
    Failed(String),
}

/// Where lines go, if requests go to `url`.
fn line_of(url: &str) -> Result<String, BuildError> {
    let secure = url.strip_prefix("https://").map(|rest| format!("wss://{rest}"));
    let plain = || url.strip_prefix("http://").map(|rest| format!("ws://{rest}"));
    secure.or_else(plain).ok_or_else(|| BuildError::Url(url.to_owned()))
}

/// A WebSocket; and where none gets through, events. Either opens in time, or not at all.
async fn open(
    socket: impl Future<Output = Result<Line, TransportError>>,
    streams: impl Streams,
) -> Result<Line, TransportError> {
    match within(OPENING, socket).await {
        Ok(line) => Ok(line),
        Err(why) => within(OPENING, sse::open(streams)).await.map_err(|_| why),
    }
}

/// What takes longer has failed.
async fn within<T>(
    time: Millis,
    work: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    match future::select(Box::pin(work), Box::pin(runtime::sleep(time))).await {
        Either::Left((done, _)) => done,
        Either::Right(_) => Err(TransportError::new("no answer in time")),
    }
}

/// A line that opens slower does not open.
const OPENING: Millis = 10_000;
/// A request that takes longer has failed.
const REQUEST: Millis = 30_000;

/// What every request is.
const JSON: (&str, &str) = ("content-type", "application/json");
/// What is accepted as an answer.
const ACCEPT: (&str, &str) =
    ("accept", "application/graphql-response+json, application/json;q=0.9");
/// And where it is to come bit by bit.
const ACCEPT_EVENTS: (&str, &str) = ("accept", "text/event-stream");

fn lost(error: impl std::fmt::Display) -> TransportError {
    TransportError::new(error.to_string())
}
