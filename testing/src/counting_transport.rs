//! Counts the traffic between a client and a server.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use appointments_client::TransportError;
use appointments_client::transport::{Connection, Http, ServerMessage, Transport};
use futures_channel::mpsc;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};

/// A transport that passes everything on and counts it.
pub struct CountingTransport {
    http: Http,
    traffic: Traffic,
}

impl fmt::Debug for CountingTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountingTransport").field("traffic", &self.traffic).finish_non_exhaustive()
    }
}

/// The counters of a [`CountingTransport`]. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    range_requests: Arc<AtomicUsize>,
    event_bytes: Arc<AtomicUsize>,
}

impl CountingTransport {
    /// Returns a transport over `http`, and its counters.
    pub fn new(http: Http) -> (Self, Traffic) {
        let traffic = Traffic::default();
        (Self { http, traffic: traffic.clone() }, traffic)
    }
}

impl Traffic {
    /// Returns the number of requests for a range of appointments.
    pub fn range_requests(&self) -> usize {
        self.range_requests.load(Ordering::Relaxed)
    }

    /// Returns the number of bytes of all events that have arrived.
    pub fn event_bytes(&self) -> usize {
        self.event_bytes.load(Ordering::Relaxed)
    }
}

impl Transport for CountingTransport {
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, TransportError>> {
        let is_range = body.contains("appointmentsInRange");
        self.traffic.range_requests.fetch_add(usize::from(is_range), Ordering::Relaxed);
        self.http.post(body)
    }

    fn connect(&self) -> BoxFuture<'static, Result<Connection, TransportError>> {
        let connecting = self.http.connect();
        let event_bytes = self.traffic.event_bytes.clone();
        async move {
            let mut connection = connecting.await?;
            let (sender, receiver) = mpsc::unbounded();
            let mut messages = std::mem::replace(&mut connection.messages, receiver);
            tokio::spawn(async move {
                while let Some(message) = messages.next().await {
                    if let ServerMessage::Event { payload, .. } = &message {
                        event_bytes.fetch_add(payload.len(), Ordering::Relaxed);
                    }
                    if sender.unbounded_send(message).is_err() {
                        return;
                    }
                }
            });
            Ok(connection)
        }
        .boxed()
    }
}
