//! The life of a socket, in virtual time.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use clap::Parser;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::*;
use crate::clock::Clock;
use crate::commands::{Commands, Retention};
use crate::config::Cli;
use crate::domain::Actor;
use crate::feed::Feed;
use crate::graphql;
use crate::metrics::Metrics;
use crate::queries::Queries;
use crate::store::{self, IfMissing};

/// The server's end of a line that a test holds the other end of.
struct End {
    said: UnboundedReceiver<Message>,
    heard: UnboundedSender<Message>,
    takes: bool,
}

impl Stream for End {
    type Item = Result<Message, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.said.poll_recv(cx).map(|it| it.map(Ok))
    }
}

impl Sink<Message> for End {
    type Error = axum::Error;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if self.takes { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Self::Error> {
        self.heard.send(message).map_err(axum::Error::new)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }
}

/// A client, and a socket that was opened now.
struct World {
    say: UnboundedSender<Message>,
    heard: UnboundedReceiver<Message>,
    opened: Instant,
    stopping: CancellationToken,
    served: JoinHandle<()>,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    async fn with(change: impl FnOnce(&mut Session, &mut End)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tasks = tokio_util::task::TaskTracker::new();
        let mut settings = Cli::parse_from(["it"]).serve;
        settings.common.database = folder.path().join("it.db").as_path().into();
        let opening = settings.common.open_options(IfMissing::Create);
        let store = store::open(&opening, &tasks).await.unwrap();
        let commands = Commands::new(store.clone(), Clock::system(), Retention::default());
        let feed = Feed::start(store.clone());
        let limits = settings.limits;
        let queries = Queries::new(Arc::clone(&store));
        let graphql =
            graphql::service(queries, commands, feed, limits.of_requests(), Metrics::default());
        // (Opening a database takes real time.)
        tokio::time::pause();
        let ((say, said), (hears, heard)) = (unbounded_channel(), unbounded_channel());
        let mut session = Session::new(graphql, Actor::Anonymous, limits.max_operations);
        let mut end = End { said, heard: hears, takes: true };
        change(&mut session, &mut end);
        let (stopping, opened) = (CancellationToken::new(), now());
        #[allow(clippy::disallowed_methods, reason = "it ends with the test")]
        let served = tokio::spawn(serve(end, session, stopping.clone(), 7));
        Self { say, heard, opened, stopping, served, _folder: folder }
    }

    fn says(&self, text: &str) {
        self.say.send(Message::Text(text.into())).unwrap();
    }

    async fn greeted(&mut self) {
        self.says(r#"{"type":"connection_init"}"#);
        let ack = self.heard.recv().await.unwrap();
        assert_eq!(ack.to_text().unwrap(), r#"{"type":"connection_ack"}"#);
    }

    /// Waits for the next frame, and checks when it comes: seconds since the socket was opened.
    async fn hears(&mut self, expected: &str, at: f64) {
        let it = match self.heard.recv().await.unwrap() {
            Message::Close(Some(it)) => format!("{} {}", it.code, it.reason),
            Message::Ping(_) => "ping".to_owned(),
            it => format!("{it:?}"),
        };
        let seconds = (now() - self.opened).as_secs_f64();
        assert_eq!(it, expected);
        assert!((seconds - at).abs() < 0.01, "{expected} after {seconds} s");
    }
}

#[tokio::test]
async fn who_says_no_hello_is_sent_away() {
    let mut world = World::new().await;
    world.hears("4408 Connection initialisation timeout", 10.0).await;
}

#[tokio::test]
async fn who_is_silent_is_asked_and_then_gone() {
    let mut world = World::new().await;
    world.greeted().await;
    world.hears("ping", 20.0).await;
    world.hears("1001 Nothing was heard for long.", 40.0).await;
}

#[tokio::test]
async fn who_answers_stays() {
    let mut world = World::new().await;
    world.greeted().await;
    for at in [20.0, 40.0, 60.0] {
        world.hears("ping", at).await;
        world.say.send(Message::Pong(Default::default())).unwrap();
    }
    world.hears("ping", 80.0).await;
    world.hears("1001 Nothing was heard for long.", 100.0).await;
}

#[tokio::test]
async fn who_takes_nothing_is_let_go() {
    let world = World::with(|_, end| end.takes = false).await;
    world.says(r#"{"type":"connection_init"}"#);
    world.served.await.unwrap();
    assert_eq!((now() - world.opened).as_secs(), PATIENCE.as_secs());
}

#[tokio::test]
async fn who_may_not_is_told_so() {
    let mut world = World::with(|session, _| session.forbid("No.")).await;
    world.hears("4403 No.", 0.0).await;
}

/// So that not all clients come back at once.
#[tokio::test]
async fn at_a_stop_each_socket_has_its_moment() {
    let mut world = World::new().await;
    world.greeted().await;
    world.stopping.cancel();
    world.hears("1001 The server stops; go on from your revision.", 0.14).await;
}
