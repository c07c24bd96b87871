//! Transports: how requests and subscriptions get to a server. The engine decides what, a transport only carries.

mod native;
mod protocol;

use futures_channel::mpsc;
use futures_util::future::BoxFuture;

pub use native::{Native, Tokens};

use crate::engine::{End, SubscriptionNumber};
use crate::error::LineError;

/// Carries requests, and opens lines for subscriptions.
pub trait Transport: Send + Sync + 'static {
    /// Sends the body of a request (JSON) and returns that of its answer, whatever its status. An error says that
    /// nothing came back; the request may have arrived all the same.
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, LineError>>;

    /// Opens a line for subscriptions.
    fn connect(&self) -> BoxFuture<'static, Result<Line, LineError>>;
}

/// An open line. It is closed when `commands` is dropped, and lost when `heard` ends.
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
        end: End,
    },
}
