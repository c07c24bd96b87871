//! Requests and subscriptions of the application: each is sent once, and the application gets
//! responses and events as they arrive.

use std::collections::BTreeMap;

use futures_channel::{mpsc, oneshot};

use super::Action;
use super::context::Context;
use super::requests::Purpose;
use crate::model::error::TransportError;
use crate::transport::{SubscriptionEnd, SubscriptionId};

/// Receives the events of a subscription of the application, until the subscription ends.
pub(crate) type EventReceiver = mpsc::UnboundedReceiver<Result<Vec<u8>, TransportError>>;

/// All subscriptions of the application.
#[derive(Default)]
pub(super) struct Passthrough {
    subscriptions: BTreeMap<SubscriptionId, CustomSubscription>,
}

struct CustomSubscription {
    body: String,
    is_started: bool,
    events: mpsc::UnboundedSender<Result<Vec<u8>, TransportError>>,
}

/// Sends a request, once.
pub(super) fn fetch(
    context: &mut Context,
    body: String,
) -> oneshot::Receiver<Result<Vec<u8>, TransportError>> {
    let (sender, response) = oneshot::channel();
    context.send(body, Purpose::Passthrough(sender));
    response
}

impl Passthrough {
    pub(super) fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
    }

    /// Subscribes as soon as the connection is open. The subscription ends with the connection,
    /// since only the application knows from where to resume.
    pub(super) fn subscribe(
        &mut self,
        context: &mut Context,
        body: String,
    ) -> (SubscriptionId, EventReceiver) {
        let id = SubscriptionId(context.next_number());
        let (sender, receiver) = mpsc::unbounded();
        let subscription = CustomSubscription { body, is_started: false, events: sender };
        self.subscriptions.insert(id, subscription);
        (id, receiver)
    }

    pub(super) fn unsubscribe(&mut self, context: &mut Context, id: SubscriptionId) {
        if self.subscriptions.remove(&id).is_some_and(|it| it.is_started) {
            context.actions.push_back(Action::Unsubscribe { id });
        }
    }

    pub(super) fn pump(&mut self, context: &mut Context, is_open: bool) {
        if !is_open {
            return;
        }
        for (id, subscription) in self.subscriptions.iter_mut().filter(|(_, it)| !it.is_started) {
            subscription.is_started = true;
            context.subscribe(*id, subscription.body.clone());
        }
    }

    /// Delivers an event, and returns whether the subscription belongs to the application.
    pub(super) fn handle_event(&self, id: SubscriptionId, event: &[u8]) -> bool {
        let Some(subscription) = self.subscriptions.get(&id) else { return false };
        // A closed channel means that the application has dropped the subscription, and is about to
        // say so.
        let _ = subscription.events.unbounded_send(Ok(event.to_vec()));
        true
    }

    /// Ends a subscription, and returns whether it belonged to the application.
    pub(super) fn handle_end(&mut self, id: SubscriptionId, end: &SubscriptionEnd) -> bool {
        let Some(subscription) = self.subscriptions.remove(&id) else { return false };
        if let SubscriptionEnd::Failed(message) = end {
            let _ = subscription.events.unbounded_send(Err(TransportError::new(message.clone())));
        }
        true
    }

    /// Ends all started subscriptions, since the connection is lost.
    pub(super) fn disconnect(&mut self) {
        for (_, subscription) in self.subscriptions.extract_if(.., |_, it| it.is_started) {
            let message = "connection lost; resubscribe from the last event you received";
            let _ =
                subscription.events.unbounded_send(Err(TransportError::new(message.to_owned())));
        }
    }
}
