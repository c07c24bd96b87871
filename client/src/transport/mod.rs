//! Transports: how requests and subscriptions get to a server. The engine decides what, a transport only carries.

mod line;
#[cfg_attr(target_family = "wasm", path = "web.rs")]
mod native;
mod protocol;

use std::sync::Arc;

use futures_channel::mpsc;
use futures_util::future::BoxFuture;
use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};

pub use native::Http;

use crate::engine::{End, SubscriptionNumber};
use crate::error::{BuildError, LineError};

/// Gives a token for each request and each line, if there is one.
pub type Tokens = Arc<dyn Fn() -> Option<String> + Send + Sync>;

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

/// Where requests go, and where lines do.
fn addresses(url: &str) -> Result<(Url, Url), BuildError> {
    let wrong = || BuildError::Url(url.to_owned());
    let parsed: Url = url.parse().map_err(|_| wrong())?;
    let scheme = match parsed.scheme() {
        "http" => "ws",
        "https" => "wss",
        _ => return Err(wrong()),
    };
    let mut socket = parsed.clone();
    socket.set_scheme(scheme).map_err(|()| wrong())?;
    Ok((parsed, socket))
}

/// A request by HTTP.
fn post(
    http: &reqwest::Client,
    url: &Url,
    token: Option<String>,
    body: String,
) -> impl Future<Output = Result<Vec<u8>, LineError>> + use<> {
    let request = http.post(url.clone()).body(body).header(CONTENT_TYPE, "application/json");
    let accepted = "application/graphql-response+json, application/json;q=0.9";
    let mut request = request.header(ACCEPT, accepted);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    async move {
        let answer = request.send().await.map_err(lost)?;
        Ok(answer.bytes().await.map_err(lost)?.to_vec())
    }
}

fn lost(error: impl std::fmt::Display) -> LineError {
    LineError(error.to_string())
}
