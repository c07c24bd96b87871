//! Requests and subscriptions of the caller's own: sent once, and given to them as they come.

use std::collections::BTreeMap;

use futures_channel::{mpsc, oneshot};

use super::{Action, Engine, LineState, RequestNumber, Waits};
use crate::model::error::TransportError;
use crate::transport::{SubscriptionEnd, SubscriptionNumber};

/// Where the answer to a caller's own request goes.
pub(super) type Fetched = oneshot::Sender<Result<Vec<u8>, TransportError>>;

/// What comes of a caller's own subscription, until it ends.
pub(crate) type Events = mpsc::UnboundedReceiver<Result<Vec<u8>, TransportError>>;

/// Every subscription that is a caller's.
pub(super) type Callers = BTreeMap<SubscriptionNumber, Caller>;

/// One of them.
pub(super) struct Caller {
    body: String,
    is_begun: bool,
    tell: mpsc::UnboundedSender<Result<Vec<u8>, TransportError>>,
}

impl Engine {
    /// Sends a request, once.
    pub(crate) fn fetch(
        &mut self,
        body: String,
    ) -> oneshot::Receiver<Result<Vec<u8>, TransportError>> {
        let (caller, answer) = oneshot::channel();
        let number = RequestNumber(self.number());
        self.actions.push_back(Action::Send { number, body });
        self.waits.insert(number, Waits::Caller(caller));
        answer
    }

    /// Subscribes as soon as there is a line. It ends with the line: only the caller knows from where to go on.
    pub(crate) fn subscribe(&mut self, body: String) -> (SubscriptionNumber, Events) {
        let number = SubscriptionNumber(self.number());
        let (tell, events) = mpsc::unbounded();
        self.callers.insert(number, Caller { body, is_begun: false, tell });
        (number, events)
    }

    pub(crate) fn unsubscribe(&mut self, number: SubscriptionNumber) {
        if self.callers.remove(&number).is_some_and(|it| it.is_begun) {
            self.actions.push_back(Action::Unsubscribe { number });
        }
    }

    pub(super) fn pump_callers(&mut self) {
        let Self { callers, actions, line, .. } = self;
        if line.state != LineState::Open {
            return;
        }
        for (number, caller) in callers.iter_mut().filter(|(_, it)| !it.is_begun) {
            caller.is_begun = true;
            actions.push_back(Action::Subscribe { number: *number, body: caller.body.clone() });
        }
    }

    /// Whether the event was for a caller. (Who does not listen any more has said so, or is about to.)
    pub(super) fn tell_caller(&self, number: SubscriptionNumber, event: &[u8]) -> bool {
        let caller = self.callers.get(&number);
        caller.map(|it| it.tell.unbounded_send(Ok(event.to_vec()))).is_some()
    }

    /// Whether the subscription was a caller's.
    pub(super) fn end_caller(&mut self, number: SubscriptionNumber, end: &SubscriptionEnd) -> bool {
        let Some(caller) = self.callers.remove(&number) else { return false };
        if let SubscriptionEnd::Failed(why) = end {
            let _ = caller.tell.unbounded_send(Err(TransportError::new(why.clone())));
        }
        true
    }

    /// The line is lost, and what was heard over it with it.
    pub(super) fn cut_callers(&mut self) {
        for (_, caller) in self.callers.extract_if(.., |_, it| it.is_begun) {
            let lost = TransportError::new(
                "connection lost; resubscribe from the last event you received",
            );
            let _ = caller.tell.unbounded_send(Err(lost));
        }
    }
}
