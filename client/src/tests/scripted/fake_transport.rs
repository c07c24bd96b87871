//! A transport to the model server in the same thread. Nothing moves but when it is told to: a request may be read late or
//! never, its answer may be lost or come twice, events wait, and the line can be cut.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_channel::{mpsc, oneshot};
use futures_util::future::{BoxFuture, ready};
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};

use crate::model::error::TransportError;
use crate::runtime;
use crate::tests::model_server::server::{Server, change};
use crate::transport::SubscriptionNumber;
use crate::transport::{Command, Heard, Line, Transport};

/// The way to a model server, and everything that is under way. Clones are one way.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Place>>);

/// Both ends.
#[derive(Default)]
pub(crate) struct Place {
    pub(in crate::tests) server: Server,
    /// Requests are read and answered, and events told, without being told to.
    pub(crate) is_fluent: bool,
    /// Nothing gets through.
    pub(crate) is_cut: bool,
    /// No line gets through, as behind some proxies.
    pub(crate) is_walled: bool,
    /// What was sent and not read, the oldest first.
    pub(crate) sent: Vec<Request>,
    /// Answers that are on their way.
    answers: Vec<(Waiting, String)>,
    line: Option<mpsc::UnboundedSender<Heard>>,
    followed: BTreeMap<SubscriptionNumber, Followed>,
    /// How many ranges were asked for.
    pub(crate) ranges: usize,
}

type Waiting = oneshot::Sender<Result<Vec<u8>, TransportError>>;

/// A request on its way.
pub(crate) struct Request {
    pub(crate) body: Value,
    waiting: Waiting,
}

/// A subscription, and up to where it was told.
struct Followed {
    calendar: String,
    position: u64,
    has_bookmark: bool,
}

impl Memory {
    pub(crate) fn place(&self) -> MutexGuard<'_, Place> {
        self.0.lock().expect("nobody has failed")
    }
}

impl Transport for Memory {
    fn post(&self, body: String) -> BoxFuture<'static, Result<Vec<u8>, TransportError>> {
        let body = serde_json::from_str(&body).expect("it is JSON");
        self.place().post(body).map(|it| it.unwrap_or_else(|_| Err(lost()))).boxed()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Line, TransportError>> {
        let mut place = self.place();
        if place.is_cut || place.is_walled {
            return ready(Err(lost())).boxed();
        }
        let ((commands, told), (hears, heard)) = (mpsc::unbounded(), mpsc::unbounded());
        place.line = Some(hears);
        runtime::spawn(obey(self.clone(), told));
        ready(Ok(Line { commands, heard })).boxed()
    }
}

/// Does what is told over a line, until nobody tells any more.
async fn obey(memory: Memory, mut told: mpsc::UnboundedReceiver<Command>) {
    while let Some(command) = told.next().await {
        let mut place = memory.place();
        match command {
            Command::Unsubscribe { number } => _ = place.followed.remove(&number),
            Command::Subscribe { number, body } => {
                let variables: Value = serde_json::from_str(&body).expect("it is JSON");
                let variables = &variables["variables"];
                let calendar = variables["calendar"].as_str().unwrap_or_default().to_owned();
                let position = variables["after"].as_u64().unwrap_or_default();
                place.followed.insert(number, Followed { calendar, position, has_bookmark: false });
                if place.is_fluent {
                    place.tells();
                }
            }
        }
    }
}

fn lost() -> TransportError {
    TransportError::new("lost")
}

impl Place {
    fn post(&mut self, body: Value) -> oneshot::Receiver<Result<Vec<u8>, TransportError>> {
        let (waiting, answer) = oneshot::channel();
        if self.is_cut {
            // (Who waits is told by its being dropped.)
            return answer;
        }
        let text = body["query"].as_str().unwrap_or_default();
        self.ranges += usize::from(text.contains("appointments {"));
        self.sent.push(Request { body, waiting });
        if self.is_fluent {
            self.reads(0);
            self.arrives(0);
            self.tells();
        }
        answer
    }

    /// The server takes one of the requests, and answers.
    pub(crate) fn reads(&mut self, at: usize) {
        let Request { body, waiting } = self.sent.remove(at);
        let answer = self.server.answer(&body).to_string();
        self.answers.push((waiting, answer));
    }

    /// It takes all of them, and their answers arrive.
    pub(crate) fn answers_all(&mut self) {
        while !self.sent.is_empty() {
            self.reads(0);
            self.arrives(0);
        }
    }

    /// The server has done it, and nobody hears of that.
    pub(crate) fn reads_and_loses(&mut self, at: usize) {
        let Request { body, waiting } = self.sent.remove(at);
        self.server.answer(&body);
        drop(waiting);
    }

    /// A request gets nowhere.
    pub(crate) fn loses(&mut self, at: usize) {
        self.sent.remove(at);
    }

    /// The server says of a mutation that there is no such appointment, as of a revision or none.
    pub(crate) fn refuses(&mut self, at: usize, revision: Option<u64>) {
        let Request { body, waiting } = self.sent.remove(at);
        let text = body["query"].as_str().unwrap_or_default();
        let verbs = ["createAppointment", "updateAppointment", "deleteAppointment"];
        let verb = verbs.into_iter().find(|it| text.contains(it)).expect("it is a mutation");
        let error = json!({"__typename": "NotFound", "message": "no", "revision": revision});
        let payload = json!({"appointment": null, "deletedAppointmentId": null, "revision": null, "error": error});
        self.answers.push((waiting, json!({"data": {verb: payload}}).to_string()));
    }

    /// The server answers something else.
    pub(crate) fn says(&mut self, at: usize, answer: &Value) {
        let Request { waiting, .. } = self.sent.remove(at);
        self.answers.push((waiting, answer.to_string()));
    }

    /// One of the answers arrives.
    pub(crate) fn arrives(&mut self, at: usize) {
        let (waiting, answer) = self.answers.remove(at);
        // (Who has given up need not hear it.)
        let _ = waiting.send(Ok(answer.into_bytes()));
    }

    /// All that there is to tell is told.
    pub(crate) fn tells(&mut self) {
        while self.tells_next() {}
    }

    /// The next event of each subscription arrives; whether there was any.
    pub(crate) fn tells_next(&mut self) -> bool {
        let Self { followed, line, server, .. } = self;
        let mut any = false;
        for (number, it) in followed {
            let Some(log) = server.calendars.get(&it.calendar) else { continue };
            let head = log.head();
            let event = if it.position < log.pruned || it.position > head {
                let before = std::mem::replace(&mut it.position, head);
                it.has_bookmark = true;
                change("RESET", head, before, json!({}))
            } else if it.position < head {
                it.position += 1;
                server.event(&it.calendar, it.position)
            } else if !std::mem::replace(&mut it.has_bookmark, true) {
                change("BOOKMARK", head, head, json!({}))
            } else {
                continue;
            };
            any = true;
            say(line.as_ref(), *number, &event);
        }
        any
    }

    /// An event arrives that is not the log's next.
    pub(crate) fn tells_this(&mut self, event: &Value) {
        for number in self.followed.keys() {
            say(self.line.as_ref(), *number, event);
        }
    }

    /// The line is cut, and all that is under way is lost.
    pub(crate) fn cut(&mut self) {
        self.line = None;
        self.followed.clear();
        self.sent.clear();
        self.answers.clear();
    }
}

fn say(line: Option<&mpsc::UnboundedSender<Heard>>, number: SubscriptionNumber, event: &Value) {
    let heard = Heard::Event { number, payload: event.to_string() };
    // (If nobody hears it, the line was cut.)
    let _ = line.map(|it| it.unbounded_send(heard));
}
