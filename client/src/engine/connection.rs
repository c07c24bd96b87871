//! The connection for subscriptions, as the engine sees it: whether it is open, and when to open it
//! again.

use super::context::Context;
use super::retry::Retry;
use super::{Action, Millis};

/// After this many failures in a row the engine polls, rather than wait for a connection.
const FAILURES_BEFORE_POLLING: u32 = 3;

/// The state of the connection.
#[derive(Default)]
pub(super) struct ConnectionState {
    phase: Phase,
    retry: Retry,
    /// When the connection was opened or lost last.
    changed_at: Millis,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// No part of the engine has needed a connection yet.
    #[default]
    Idle,
    /// The connection was lost, or could not be opened; it is opened again when the retry is due.
    Closed,
    Opening,
    Open,
}

impl ConnectionState {
    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    pub(super) fn has_failed(&self) -> bool {
        self.retry.failures() > 0
    }

    /// Returns whether the connection failed so often that the engine polls instead.
    pub(super) fn is_unavailable(&self) -> bool {
        self.retry.failures() >= FAILURES_BEFORE_POLLING && !self.is_open()
    }

    pub(super) fn changed_at(&self) -> Millis {
        self.changed_at
    }

    pub(super) fn timeout(&self) -> Option<Millis> {
        self.retry.at().filter(|_| self.phase == Phase::Closed)
    }

    pub(super) fn retry_now(&mut self) {
        self.retry.retry_now();
    }

    /// Notes that the connection is open.
    pub(super) fn open(&mut self, now: Millis) {
        *self = Self { phase: Phase::Open, retry: Retry::default(), changed_at: now };
    }

    /// Notes that the connection was lost, or that it could not be opened.
    pub(super) fn close(&mut self, now: Millis, context: &mut Context) {
        if self.is_open() {
            self.changed_at = now;
        }
        self.retry.fail(now, &mut context.rng);
        self.phase = Phase::Closed;
    }

    /// Opens the connection if it is time. The first time it is opened only if something needs it.
    pub(super) fn pump(&mut self, now: Millis, context: &mut Context, is_needed: bool) {
        let is_due = match self.phase {
            Phase::Idle => is_needed,
            Phase::Closed => self.retry.is_due(now),
            Phase::Opening | Phase::Open => false,
        };
        if is_due {
            self.phase = Phase::Opening;
            context.actions.push_back(Action::Connect);
        }
    }
}
