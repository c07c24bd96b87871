//! The state that all clones of a client share, and helpers of the handles and streams.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use cynic_cache::{Cache, Watch};
use futures_channel::mpsc;
use futures_util::Stream;
use serde::de::DeserializeOwned;

use crate::engine::Engine;
use crate::model::connection::ConnectionStatus;
use crate::model::outbox::OutboxEntry;
use crate::runtime::Clock;

/// The state that all clones, handles and streams of a client share. The driver stops when the
/// last of them is dropped.
pub(crate) struct Inner {
    engine: Mutex<Engine>,
    pub(crate) clock: Clock,
    wakes: mpsc::UnboundedSender<()>,
    status: Mutex<StatusListeners>,
}

/// The last published connection status, and its listeners.
struct StatusListeners {
    last: ConnectionStatus,
    listeners: Vec<mpsc::UnboundedSender<ConnectionStatus>>,
}

impl Inner {
    pub(crate) fn new(engine: Engine, clock: Clock, wakes: mpsc::UnboundedSender<()>) -> Arc<Self> {
        let status = StatusListeners { last: ConnectionStatus::Idle, listeners: Vec::new() };
        Arc::new(Self { engine: Mutex::new(engine), clock, wakes, status: Mutex::new(status) })
    }

    /// Locks the engine. Callers do not await while they hold the lock.
    pub(crate) fn engine(&self) -> MutexGuard<'_, Engine> {
        lock(&self.engine)
    }

    /// Wakes the driver, so that it polls the engine.
    pub(crate) fn wake(&self) {
        // Sending fails only if the driver has stopped; then nothing is left to do.
        let _ = self.wakes.unbounded_send(());
    }

    pub(crate) fn cache(&self) -> Cache {
        self.engine().cache().clone()
    }

    pub(crate) fn pending(&self) -> Vec<OutboxEntry> {
        self.engine().pending(|millis| self.clock.to_wall_time(millis))
    }

    pub(crate) fn connection_status(&self) -> ConnectionStatus {
        self.engine().connection_status(|millis| self.clock.to_wall_time(millis))
    }

    /// Returns a stream of the changes of the connection status.
    pub(crate) fn connection_statuses(&self) -> mpsc::UnboundedReceiver<ConnectionStatus> {
        let (sender, receiver) = mpsc::unbounded();
        lock(&self.status).listeners.push(sender);
        receiver
    }

    /// Notifies the listeners if the connection status has changed.
    pub(crate) fn publish_status(&self) {
        let current = self.connection_status();
        let StatusListeners { last, listeners } = &mut *lock(&self.status);
        if *last != current {
            *last = current;
            listeners.retain(|listener| listener.unbounded_send(current).is_ok());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Polls a watch until its view changes, or the status of an entity in the view.
pub(crate) fn poll_change<F: DeserializeOwned + Send + Sync + 'static>(
    watch: &mut Watch<F>,
    context: &mut Context<'_>,
) -> Poll<Option<()>> {
    let has_new_status = Pin::new(&mut watch.statuses()).poll_next(context).is_ready();
    match Pin::new(watch).poll_next(context) {
        Poll::Ready(view) => Poll::Ready(view.map(drop)),
        Poll::Pending if has_new_status => Poll::Ready(Some(())),
        Poll::Pending => Poll::Pending,
    }
}
