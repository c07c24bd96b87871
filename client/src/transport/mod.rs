//! Transports: how requests and subscriptions reach a server. The engine decides what to send; a
//! transport only sends it.

mod http;
#[cfg_attr(target_family = "wasm", path = "web.rs")]
mod native;
mod protocol;
mod sse;
mod timeout;
mod websocket;

use std::sync::Arc;

use futures_channel::mpsc;
use futures_util::future::BoxFuture;

pub use native::Http;

use crate::model::error::TransportError;

/// Provides the token for each request and each connection. `None`: there is none.
pub type TokenProvider = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// Sends requests, and opens connections for subscriptions.
pub trait Transport: Send + Sync + 'static {
    /// Sends the JSON body of a request. Returns the body of the response, whatever its HTTP
    /// status.
    ///
    /// An error means that no response arrived. The server may have handled the request all the
    /// same.
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, TransportError>>;

    /// Opens a connection for subscriptions.
    fn connect(&self) -> BoxFuture<'static, Result<Connection, TransportError>>;
}

/// An open connection for subscriptions. It is closed when `commands` is dropped.
#[derive(Debug)]
pub struct Connection {
    /// Sends commands to the connection.
    pub commands: mpsc::UnboundedSender<SubscriptionCommand>,
    /// Receives messages of the server. It ends when the connection is lost.
    pub messages: mpsc::UnboundedReceiver<ServerMessage>,
}

/// Identifies a subscription of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(pub u64);

/// A command to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionCommand {
    /// Start a subscription.
    Subscribe {
        /// Identifies the subscription in all later messages.
        id: SubscriptionId,
        /// The operation as JSON: `query` and `variables`.
        body: String,
    },
    /// End a subscription.
    Unsubscribe {
        /// Identifies the subscription.
        id: SubscriptionId,
    },
}

/// A message of the server about a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerMessage {
    /// An event of a subscription.
    Event {
        /// Identifies the subscription.
        id: SubscriptionId,
        /// The event as JSON: `data` and `errors`.
        payload: String,
    },
    /// The server has ended a subscription.
    End {
        /// Identifies the subscription.
        id: SubscriptionId,
        /// The reason for the end.
        end: SubscriptionEnd,
    },
}

/// The reason for the end of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriptionEnd {
    /// The subscription is complete: the server has no more events.
    Complete,
    /// The subscription failed, with the server's message.
    Failed(String),
}
