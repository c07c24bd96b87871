//! [`ConnectionStatus`]: whether changes reach this client.

use super::scalars::DateTime;

/// Whether changes of the watched calendars reach this client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionStatus {
    /// No connection is needed, because nothing is watched yet.
    Idle,
    /// The first connection is being opened, or the subscriptions are catching up.
    Connecting,
    /// Every change is pushed as soon as the server commits it.
    Live,
    /// Neither WebSocket nor SSE works, so the client polls every five seconds.
    Polling,
    /// The server cannot be reached. Mutations wait in the outbox until it can.
    Offline {
        /// When the connection was lost.
        since: DateTime,
    },
}
