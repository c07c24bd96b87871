//! Tests of a socket's timeouts and close codes, in virtual time.

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

/// The server's end of a fake socket. The test has the other end.
struct FakeSocket {
    from_client: UnboundedReceiver<Message>,
    to_client: UnboundedSender<Message>,
    /// False if the client reads nothing, so that no message can be sent.
    can_send: bool,
}

impl Stream for FakeSocket {
    type Item = Result<Message, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.from_client.poll_recv(cx).map(|it| it.map(Ok))
    }
}

impl Sink<Message> for FakeSocket {
    type Error = axum::Error;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        if self.can_send { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Self::Error> {
        self.to_client.send(message).map_err(axum::Error::new)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }
}

/// A client, and a socket that has just been opened.
struct World {
    to_server: UnboundedSender<Message>,
    from_server: UnboundedReceiver<Message>,
    opened_at: Instant,
    stopping: CancellationToken,
    serving: JoinHandle<()>,
    _folder: TempDir,
}

impl World {
    async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    async fn with(change: impl FnOnce(&mut Session, &mut FakeSocket)) -> Self {
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
            graphql::service(queries, commands, feed, limits.per_request(), Metrics::default());
        // Time is paused only now: opening a database takes real time.
        tokio::time::pause();
        let (to_server, from_client) = unbounded_channel();
        let (to_client, from_server) = unbounded_channel();
        let mut session = Session::new(graphql, Actor::Anonymous, limits.max_operations);
        let mut socket = FakeSocket { from_client, to_client, can_send: true };
        change(&mut session, &mut socket);
        let stopping = CancellationToken::new();
        let opened_at = now();
        #[allow(clippy::disallowed_methods, reason = "the task ends with the test")]
        let serving = tokio::spawn(serve(socket, session, stopping.clone(), 7));
        Self { to_server, from_server, opened_at, stopping, serving, _folder: folder }
    }

    fn send(&self, text: &str) {
        self.to_server.send(Message::Text(text.into())).unwrap();
    }

    async fn initialize(&mut self) {
        self.send(r#"{"type":"connection_init"}"#);
        let ack = self.from_server.recv().await.unwrap();
        assert_eq!(ack.to_text().unwrap(), r#"{"type":"connection_ack"}"#);
    }

    /// Waits for the next frame, and checks that it arrives `at` seconds after the socket was
    /// opened.
    async fn expect_frame(&mut self, expected: &str, at: f64) {
        let frame = match self.from_server.recv().await.unwrap() {
            Message::Close(Some(close)) => format!("{} {}", close.code, close.reason),
            Message::Ping(_) => "ping".to_owned(),
            other => format!("{other:?}"),
        };
        let seconds = (now() - self.opened_at).as_secs_f64();
        assert_eq!(frame, expected);
        assert!((seconds - at).abs() < 0.01, "{expected} after {seconds} s");
    }
}

#[tokio::test]
async fn a_client_that_does_not_initialize_is_closed() {
    let mut world = World::new().await;
    world.expect_frame("4408 Connection initialisation timeout", 10.0).await;
}

#[tokio::test]
async fn a_silent_client_is_pinged_and_then_closed() {
    let mut world = World::new().await;
    world.initialize().await;
    world.expect_frame("ping", 20.0).await;
    world.expect_frame("1001 No reply to a ping.", 40.0).await;
}

#[tokio::test]
async fn a_client_that_replies_to_pings_stays_connected() {
    let mut world = World::new().await;
    world.initialize().await;
    for at in [20.0, 40.0, 60.0] {
        world.expect_frame("ping", at).await;
        world.to_server.send(Message::Pong(Default::default())).unwrap();
    }
    world.expect_frame("ping", 80.0).await;
    world.expect_frame("1001 No reply to a ping.", 100.0).await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_dropped() {
    let world = World::with(|_, socket| socket.can_send = false).await;
    world.send(r#"{"type":"connection_init"}"#);
    world.serving.await.unwrap();
    assert_eq!((now() - world.opened_at).as_secs(), SEND_TIMEOUT.as_secs());
}

#[tokio::test]
async fn a_forbidden_client_gets_the_reason() {
    let mut world = World::with(|session, _| session.forbid("No.")).await;
    world.expect_frame("4403 No.", 0.0).await;
}

/// Clients must not all reconnect at once.
#[tokio::test]
async fn sockets_are_closed_one_after_the_other_at_a_stop() {
    let mut world = World::new().await;
    world.initialize().await;
    world.stopping.cancel();
    world
        .expect_frame(
            "1001 Server is shutting down; reconnect and resume from your last revision.",
            0.14,
        )
        .await;
}
