//! The driver: the only place that awaits. It does what the engine says, and tells it what came of that.

use std::sync::{Arc, Weak};

use futures_channel::mpsc;
use futures_util::future::{self, BoxFuture, Either};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use crate::api::client::Inner;
use crate::engine::{Action, Millis, RequestNumber};
use crate::model::error::LineError;
use crate::runtime;
use crate::transport::{Command, Heard, Line, Transport};

/// What has happened.
enum Happened {
    /// Somebody has asked for something.
    Woken,
    Answered(RequestNumber, Result<Vec<u8>, LineError>),
    Opened(Result<Line, LineError>),
    /// `None`: the line is lost.
    Heard(Option<Heard>),
    Time,
    /// The client is gone.
    Over,
}

type Answers = FuturesUnordered<BoxFuture<'static, (RequestNumber, Result<Vec<u8>, LineError>)>>;

/// Everything that is under way.
struct Driver {
    transport: Arc<dyn Transport>,
    wakes: mpsc::UnboundedReceiver<()>,
    answers: Answers,
    opening: Option<BoxFuture<'static, Result<Line, LineError>>>,
    line: Option<Line>,
}

/// Drives an engine until its client is gone.
pub(crate) async fn drive(
    client: Weak<Inner>,
    transport: Arc<dyn Transport>,
    wakes: mpsc::UnboundedReceiver<()>,
) {
    let answers = Answers::new();
    let mut driver = Driver { transport, wakes, answers, opening: None, line: None };
    loop {
        let wait = {
            let Some(client) = client.upgrade() else { return };
            driver.act(&client);
            let now = client.clock.now();
            client.engine().timeout().map(|it| it.saturating_sub(now))
        };
        let happened = driver.next(wait).await;
        let Some(client) = client.upgrade() else { return };
        let now = client.clock.now();
        match happened {
            Happened::Woken | Happened::Time => {}
            Happened::Answered(number, answer) => {
                let answer = answer.as_deref().map_err(Clone::clone);
                client.engine().handle_answer(now, number, answer);
            }
            Happened::Opened(line) => {
                client.engine().handle_line(now, line.is_ok());
                driver.line = line.ok();
            }
            Happened::Heard(Some(Heard::Event { number, payload })) => {
                client.engine().handle_event(now, number, payload.as_bytes());
            }
            Happened::Heard(Some(Heard::End { number, end })) => {
                client.engine().handle_end(now, number, end);
            }
            Happened::Heard(None) => {
                driver.line = None;
                client.engine().handle_line(now, false);
            }
            Happened::Over => return,
        }
        client.tell_status();
    }
}

impl Driver {
    /// Does what is to be done.
    fn act(&mut self, client: &Inner) {
        let now = client.clock.now();
        loop {
            // Not held while it is done.
            let Some(action) = client.engine().poll(now) else { return };
            match action {
                Action::Send { number, body } => {
                    let answer = self.transport.post(body);
                    self.answers.push(answer.map(move |it| (number, it)).boxed());
                }
                Action::Connect => self.opening = Some(self.transport.connect()),
                Action::Subscribe { number, body } => {
                    self.command(Command::Subscribe { number, body });
                }
                Action::Unsubscribe { number } => self.command(Command::Unsubscribe { number }),
            }
        }
    }

    fn command(&self, command: Command) {
        // If the line is gone, its end is about to be heard.
        let _ = self.line.as_ref().map(|it| it.commands.unbounded_send(command));
    }

    async fn next(&mut self, wait: Option<Millis>) -> Happened {
        let woken = self.wakes.next().map(|it| it.map_or(Happened::Over, |()| Happened::Woken));
        let answered = match self.answers.is_empty() {
            true => Either::Left(future::pending()),
            false => Either::Right(self.answers.next().map(|it| match it {
                Some((number, answer)) => Happened::Answered(number, answer),
                None => Happened::Time,
            })),
        };
        let opened = match &mut self.opening {
            None => Either::Left(future::pending()),
            Some(opening) => Either::Right(opening.map(Happened::Opened)),
        };
        let heard = match &mut self.line {
            None => Either::Left(future::pending()),
            Some(line) => Either::Right(line.heard.next().map(Happened::Heard)),
        };
        let time = match wait {
            None => Either::Left(future::pending()),
            Some(wait) => Either::Right(runtime::sleep(wait).map(|()| Happened::Time)),
        };
        let all = [woken.boxed(), answered.boxed(), opened.boxed(), heard.boxed(), time.boxed()];
        let (happened, ..) = future::select_all(all).await;
        if matches!(happened, Happened::Opened(_)) {
            self.opening = None;
        }
        happened
    }
}
