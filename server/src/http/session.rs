//! What goes on over one socket: the rules of `graphql-transport-ws`, without the socket.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use async_graphql::{Request, Response};
use futures_util::future::{self, AbortHandle};
use futures_util::stream::{self, BoxStream, SelectAll, StreamExt};

use super::protocol::{self, Said};
use crate::domain::Actor;
use crate::graphql::GraphQl;

/// What fits into a close frame.
const REASON: usize = 123;

/// A code and a reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Close(pub(super) u16, pub(super) String);

/// An answer of an operation, or its end; and which start of that id it is of.
type Told = (Arc<str>, u64, Option<Response>);

/// One client.
pub(super) struct Session {
    graphql: GraphQl,
    actor: Actor,
    /// Operations that it carries at once.
    most: usize,
    is_open: bool,
    /// What the client is owed at once.
    owed: VecDeque<String>,
    end: Option<Close>,
    /// Operations that go on. Each gets its turn.
    running: SelectAll<BoxStream<'static, Told>>,
    /// Which of them are still wanted.
    wanted: HashMap<Arc<str>, (u64, AbortHandle)>,
    begun: u64,
}

impl Session {
    pub(super) fn new(graphql: GraphQl, actor: Actor, most: usize) -> Self {
        Self {
            graphql,
            actor,
            most,
            is_open: false,
            owed: VecDeque::new(),
            end: None,
            running: SelectAll::new(),
            wanted: HashMap::new(),
            begun: 0,
        }
    }

    /// Whether hello was said.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    pub(super) fn owes(&self) -> usize {
        self.owed.len()
    }

    pub(super) fn owed(&mut self) -> Option<String> {
        self.owed.pop_front()
    }

    /// Why it is over, if it is.
    pub(super) fn ended(&mut self) -> Option<Close> {
        self.end.take()
    }

    /// Who may not speak here is told so in a way that a browser shows to its page.
    pub(super) fn forbid(&mut self, why: &str) {
        self.close(4403, why);
    }

    /// Something that is no message.
    pub(super) fn refuse(&mut self, why: &str) {
        self.close(4400, why);
    }

    /// Hears a message.
    pub(super) fn hear(&mut self, text: &str) {
        match Said::read(text) {
            Err(why) => self.close(4400, &why),
            Ok(Said::Init) if self.is_open => self.close(4429, "Too many initialisation requests"),
            Ok(Said::Init) => {
                self.is_open = true;
                self.owed.push_back(protocol::ack());
            }
            Ok(Said::Ping) => self.owed.push_back(protocol::pong()),
            Ok(Said::Pong) => {}
            Ok(Said::Subscribe { .. }) if !self.is_open => self.close(4401, "Unauthorized"),
            Ok(Said::Subscribe { id, request }) => self.begin(id, *request),
            Ok(Said::Complete { id }) => {
                // (It may have ended by itself, and crossed this on the way.)
                if let Some((_, running)) = self.wanted.remove(&*id) {
                    running.abort();
                }
            }
        }
    }

    /// The next message of an operation. Waits for ever if nothing is to be said.
    pub(super) async fn next(&mut self) -> String {
        loop {
            let Some((id, start, response)) = self.running.next().await else {
                future::pending::<()>().await;
                continue;
            };
            if self.wanted.get(&id).is_none_or(|(it, _)| *it != start) {
                continue;
            }
            let Some(response) = response else {
                self.wanted.remove(&id);
                return protocol::complete(&id);
            };
            let (message, is_last) = protocol::answer(&id, &response);
            if is_last && let Some((_, running)) = self.wanted.remove(&id) {
                running.abort();
            }
            return message;
        }
    }

    fn begin(&mut self, id: String, request: Request) {
        let id: Arc<str> = id.into();
        if self.wanted.contains_key(&id) {
            return self.close(4409, &format!("Subscriber for {id} already exists"));
        }
        if self.wanted.len() >= self.most {
            let most = self.most;
            let many = format!("A socket carries {most} operations at once; complete some first.");
            self.owed.push_back(protocol::refusal(&id, "TOO_COMPLEX", &many));
            return;
        }
        self.begun += 1;
        let (start, of) = (self.begun, id.clone());
        let answers = self.graphql.follow(self.graphql.prepare(request, self.actor.clone()));
        let answers = answers.map(Some).chain(stream::once(future::ready(None)));
        let (answers, handle) = stream::abortable(answers.map(move |it| (of.clone(), start, it)));
        self.running.push(answers.boxed());
        self.wanted.insert(id, (start, handle));
    }

    fn close(&mut self, code: u16, reason: &str) {
        let fits = reason.floor_char_boundary(REASON);
        self.end.get_or_insert(Close(code, reason[..fits].to_owned()));
    }
}
