//! One client's `graphql-transport-ws` session: its rules and its operations, without the socket.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use async_graphql::{Request, Response};
use futures_util::future::{self, AbortHandle};
use futures_util::stream::{self, BoxStream, SelectAll, StreamExt};

use super::protocol::{self, ClientMessage};
use crate::domain::Actor;
use crate::graphql::GraphQl;

/// The longest reason of a close frame, in bytes (RFC 6455).
const MAX_REASON: usize = 123;

/// The code and the reason of a close frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Close(pub(super) u16, pub(super) String);

/// An operation's response, or its end.
struct Update {
    id: Arc<str>,
    /// The number of the operation. A client may use an id again after its operation has ended.
    number: u64,
    /// `None` if the operation has ended.
    response: Option<Response>,
}

/// The state of one client's connection.
pub(super) struct Session {
    graphql: GraphQl,
    actor: Actor,
    /// The number of operations that may run at once.
    max_operations: usize,
    is_initialized: bool,
    /// Replies to send before any response of an operation.
    replies: VecDeque<String>,
    /// Set when the session must end.
    close: Option<Close>,
    /// All running operations. Each gets its turn.
    updates: SelectAll<BoxStream<'static, Update>>,
    /// Operations that the client has not completed, by id: number and handle.
    operations: HashMap<Arc<str>, (u64, AbortHandle)>,
    last_number: u64,
}

impl Session {
    pub(super) fn new(graphql: GraphQl, actor: Actor, max_operations: usize) -> Self {
        Self {
            graphql,
            actor,
            max_operations,
            is_initialized: false,
            replies: VecDeque::new(),
            close: None,
            updates: SelectAll::new(),
            operations: HashMap::new(),
            last_number: 0,
        }
    }

    /// Returns whether the client has sent `connection_init`.
    pub(super) fn is_initialized(&self) -> bool {
        self.is_initialized
    }

    /// Returns the number of replies that are not sent yet.
    pub(super) fn pending_replies(&self) -> usize {
        self.replies.len()
    }

    /// Takes the next reply to send.
    pub(super) fn next_reply(&mut self) -> Option<String> {
        self.replies.pop_front()
    }

    /// Takes the close frame to send, if the session must end.
    pub(super) fn take_close(&mut self) -> Option<Close> {
        self.close.take()
    }

    /// Ends the session of a client whose origin is not allowed.
    ///
    /// Browsers hide the reason of a failed handshake from the page, but show that of a close
    /// frame.
    pub(super) fn forbid(&mut self, reason: &str) {
        self.end(4403, reason);
    }

    /// Ends the session because a message is invalid.
    pub(super) fn reject(&mut self, reason: &str) {
        self.end(4400, reason);
    }

    /// Handles a message from the client.
    pub(super) fn handle_message(&mut self, text: &str) {
        match ClientMessage::parse(text) {
            Err(reason) => self.reject(&reason),
            Ok(ClientMessage::Init) if self.is_initialized => {
                self.end(4429, "Too many initialisation requests");
            }
            Ok(ClientMessage::Init) => {
                self.is_initialized = true;
                self.replies.push_back(protocol::ack());
            }
            Ok(ClientMessage::Ping) => self.replies.push_back(protocol::pong()),
            Ok(ClientMessage::Pong) => {}
            Ok(ClientMessage::Subscribe { .. }) if !self.is_initialized => {
                self.end(4401, "Unauthorized");
            }
            Ok(ClientMessage::Subscribe { id, request }) => self.start_operation(id, *request),
            // The operation may be unknown: it may have ended while this message was on its way.
            Ok(ClientMessage::Complete { id }) => self.abort_operation(&id),
        }
    }

    /// Waits for the next message of an operation. Pending for ever while no operation runs.
    pub(super) async fn next_response(&mut self) -> String {
        loop {
            let Some(update) = self.updates.next().await else {
                future::pending::<()>().await;
                continue;
            };
            let Update { id, number, response } = update;
            if self.operations.get(&id).is_none_or(|(it, _)| *it != number) {
                continue;
            }
            let Some(response) = response else {
                self.operations.remove(&id);
                return protocol::complete(&id);
            };
            let (message, is_last) = protocol::response(&id, &response);
            if is_last {
                self.abort_operation(&id);
            }
            return message;
        }
    }

    fn start_operation(&mut self, id: String, request: Request) {
        let id: Arc<str> = id.into();
        if self.operations.contains_key(&id) {
            return self.end(4409, &format!("Subscriber for {id} already exists"));
        }
        if self.operations.len() >= self.max_operations {
            let max = self.max_operations;
            let message =
                format!("A socket can run {max} operations at once; complete some first.");
            self.replies.push_back(protocol::error(&id, "TOO_COMPLEX", &message));
            return;
        }
        self.last_number += 1;
        let number = self.last_number;
        let responses = self.graphql.subscribe(self.graphql.prepare(request, self.actor.clone()));
        let until_end = responses.map(Some).chain(stream::once(future::ready(None)));
        let update_id = id.clone();
        let updates =
            until_end.map(move |response| Update { id: update_id.clone(), number, response });
        let (updates, handle) = stream::abortable(updates);
        self.updates.push(updates.boxed());
        self.operations.insert(id, (number, handle));
    }

    fn abort_operation(&mut self, id: &str) {
        if let Some((_, handle)) = self.operations.remove(id) {
            handle.abort();
        }
    }

    /// Ends the session. The first reason wins.
    fn end(&mut self, code: u16, reason: &str) {
        let length = reason.floor_char_boundary(MAX_REASON);
        self.close.get_or_insert(Close(code, reason[..length].to_owned()));
    }
}
