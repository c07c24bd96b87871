//! Hostile clients: memory stays bounded, other clients are served, and each abuse gets an error.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::process::{self, ServerProcess};
use crate::world::{TEST_TIMEOUT, World};

const MIB: usize = 1024 * 1024;

/// A server process. An honest client checks that it stays responsive.
struct TestServer {
    process: ServerProcess,
    _folder: TempDir,
}

impl TestServer {
    async fn with(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("it.db");
        let process = process::start_with(&file, |command| {
            command.args(settings);
        });
        Self { process: process.await, _folder: folder }
    }

    /// Checks that a query gets a response within two seconds.
    async fn expect_responsive(&self) {
        let begin = Instant::now();
        let response = process::query(&self.process.url, "{ calendar { id } }").await;
        assert!(response["data"]["calendar"]["id"].is_string(), "{response}");
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.process.address()).await.unwrap()
    }

    /// Opens a connection and sends these bytes.
    async fn send(&self, bytes: &[u8]) -> TcpStream {
        let mut connection = self.connect().await;
        connection.write_all(bytes).await.unwrap();
        connection
    }
}

/// Reads until the server closes the connection.
async fn read_to_end(connection: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A reset connection is at its end, too.
    let _ =
        timeout(TEST_TIMEOUT * 2, connection.read_to_end(&mut all)).await.expect("an end in time");
    String::from_utf8_lossy(&all).into_owned()
}

fn handshake(more: &str) -> Vec<u8> {
    let lines = [
        "GET /graphql HTTP/1.1",
        "host: localhost",
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-protocol: graphql-transport-ws",
    ];
    let mut all = (lines.join("\r\n") + "\r\n\r\n").into_bytes();
    all.extend_from_slice(more.as_bytes());
    all
}

fn post(body: &str) -> String {
    let length = body.len();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

/// Raises the limit of open files to its maximum, and returns it.
fn raise_file_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    limit.current.map_or(usize::MAX, |it| usize::try_from(it).unwrap())
}

/// The sockets are accepted, use little memory, and are closed with a reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_silent_sockets_are_closed_with_a_reason() {
    let many = 10_000.min(raise_file_limit() - 200);
    let server = TestServer::with(&[]).await;
    server.expect_responsive().await;
    let before = server.process.memory().unwrap();
    let begin = Instant::now();
    let mut connections = Vec::with_capacity(many);
    while connections.len() < many {
        let some = (0..100).map(|_| async {
            let mut connection = server.send(&handshake("")).await;
            let mut head = [0; 12];
            connection.read_exact(&mut head).await.unwrap();
            assert_eq!(&head, b"HTTP/1.1 101");
            connection
        });
        connections.extend(join_all(some).await);
    }
    let opened = begin.elapsed();
    server.expect_responsive().await;
    let each = (server.process.memory().unwrap() - before) / many;
    // Close frame: code 4408.
    let responses = join_all(connections.iter_mut().map(read_to_end)).await;
    assert!(
        responses.iter().all(|it| it.ends_with("Connection initialisation timeout")),
        "each is closed with a reason"
    );
    server.expect_responsive().await;
    println!(
        "{many} silent sockets in {opened:.1?}: {each} bytes each, all closed after {:.1?}",
        begin.elapsed()
    );
    assert!(each < 24 * 1024, "{each} bytes for each");
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let server = TestServer::with(&["--idle-timeout", "1s"]).await;
    let mut silent = server.connect().await;
    let mut slow = server.send(b"GET /graphql HT").await;
    let mut idle = server.send(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let begin = Instant::now();
    assert!(read_to_end(&mut silent).await.is_empty());
    // hyper sends no response to incomplete headers.
    assert!(read_to_end(&mut slow).await.is_empty());
    assert!(
        read_to_end(&mut idle).await.ends_with("live\n"),
        "the connection gets its response, and is then closed"
    );
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    server.expect_responsive().await;
}

#[tokio::test]
async fn connections_over_the_limit_get_503() {
    let server = TestServer::with(&["--max-connections", "3", "--idle-timeout", "60s"]).await;
    // WebSockets count as connections.
    let mut connections = Vec::new();
    for _ in 0..3 {
        let mut connection = server.send(&handshake("")).await;
        connection.read_exact(&mut [0; 12]).await.unwrap();
        connections.push(connection);
    }
    let mut rejected = server.send(post("{}").as_bytes()).await;
    let response = read_to_end(&mut rejected).await;
    assert!(
        response.starts_with("HTTP/1.1 503") && response.contains("too many connections"),
        "{response}"
    );
    assert!(response.contains("retry-after"), "{response}");
    connections.pop();
    let served_again = async {
        loop {
            let mut connection = server
                .send(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                .await;
            if read_to_end(&mut connection).await.ends_with("live\n") {
                break;
            }
        }
    };
    timeout(TEST_TIMEOUT, served_again).await.expect("the slot is free again");
}

/// Random bytes, with and without a handshake, end only their own connection.
#[tokio::test]
async fn random_bytes_harm_nothing() {
    let server = TestServer::with(&[]).await;
    let mut rng = fastrand::Rng::with_seed(1);
    for round in 0..200 {
        let bytes: Vec<u8> = (0..1 + round * 7).map(|_| rng.u8(..)).collect();
        let mut connection = match round % 2 {
            0 => server.send(&handshake("")).await,
            _ => server.connect().await,
        };
        // The server may close the connection before all bytes are sent.
        let _ = connection.write_all(&bytes).await;
        let _ = connection.shutdown().await;
        read_to_end(&mut connection).await;
    }
    server.expect_responsive().await;
    assert_eq!(server.process.terminate().await.unwrap(), Some(0), "the server is unharmed");
}

/// The server rejects a body by its declared length, or as soon as it is too long.
#[tokio::test]
async fn a_body_over_the_limit_is_rejected_early() {
    let server = TestServer::with(&[]).await;
    server.expect_responsive().await;
    let before = server.process.memory().unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let mut honest =
        server.send(format!("{head}content-length: 104857600\r\n\r\n").as_bytes()).await;
    let mut response = vec![0; 400];
    let length = timeout(TEST_TIMEOUT, honest.read(&mut response)).await.unwrap().unwrap();
    let response = String::from_utf8_lossy(&response[..length]).into_owned();
    assert!(
        response.starts_with("HTTP/1.1 413") && response.contains("larger than 1048576"),
        "{response}"
    );
    let endless = async {
        let mut connection =
            server.send(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes()).await;
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        let mut sent = 0;
        while sent < 100 * MIB && connection.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 0x10000;
        }
        sent
    };
    let sent = timeout(TEST_TIMEOUT, endless).await.expect("an end in time");
    assert!(sent < 20 * MIB, "{sent} bytes were taken");
    server.expect_responsive().await;
    let more = server.process.memory().unwrap().saturating_sub(before);
    assert!(more < 8 * MIB, "{more} bytes more");
}

#[tokio::test]
async fn a_slow_body_times_out() {
    let server = TestServer::with(&["--request-timeout", "1s"]).await;
    let whole = post(r#"{"query":"{ calendar { id } }"}"#);
    let (head, body) = whole.split_at(whole.len() - 31);
    let mut connection = server.send(head.as_bytes()).await;
    let begin = Instant::now();
    for byte in body.bytes().take(20) {
        if connection.write_all(&[byte]).await.is_err() {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    let response = read_to_end(&mut connection).await;
    assert!(
        response.starts_with("HTTP/1.1 408") && response.contains("did not arrive in time"),
        "{response}"
    );
    assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
    server.expect_responsive().await;
}

#[tokio::test]
async fn expensive_documents_are_rejected_quickly() {
    let world = World::new().await;
    let aliases = |n: usize| {
        let all: Vec<_> = (0..n).map(|it| format!("a{it}: calendar {{ id }}")).collect();
        format!("{{ {} }}", all.join(" "))
    };
    // Thirty fragments that each spread the next one twice expand to a billion fields.
    let fragments: Vec<_> = (0..30)
        .map(|it| format!("fragment F{it} on Query {{ ...F{next} ...F{next} }}", next = it + 1))
        .collect();
    let bomb =
        format!("{{ ...F0 }} {} fragment F30 on Query {{ __typename }}", fragments.join(" "));
    let deep = format!("{{ {}", "calendar { ".repeat(50_000));
    let cycle =
        "{ calendar { ...A } } fragment A on Calendar { ...B } fragment B on Calendar { ...A }";
    for (document, code) in [
        (aliases(101), "TOO_COMPLEX"),
        (aliases(10_000), "TOO_COMPLEX"),
        (bomb, "TOO_COMPLEX"),
        (deep, "TOO_COMPLEX"),
        (cycle.to_owned(), "VALIDATION_FAILED"),
    ] {
        let begin = Instant::now();
        assert_eq!(world.expect_error(&document, json!({})).await, code);
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    }
    world.query(&aliases(100), json!({})).await;
}
