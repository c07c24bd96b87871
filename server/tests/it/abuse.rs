//! Those who mean no good: memory stays bounded, others are served, and each gets its refusal.

use std::time::{Duration, Instant};

use fastrand::Rng;
use futures_util::future::join_all;
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::process::{self, ServerProcess};
use crate::world::{PATIENCE, World};

const MIB: usize = 1024 * 1024;

/// A server as a process, with an honest client that wants to be served meanwhile.
struct Served {
    process: ServerProcess,
    _folder: TempDir,
}

impl Served {
    async fn with(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("it.db");
        let process = process::start_with(&file, |command| {
            command.args(settings);
        });
        Self { process: process.await, _folder: folder }
    }

    /// Somebody else asks, and is answered soon.
    async fn serves_others(&self) {
        let begin = Instant::now();
        let answer = process::query(&self.process.url, "{ calendar { id } }").await;
        assert!(answer["data"]["calendar"]["id"].is_string(), "{answer}");
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.process.address()).await.unwrap()
    }

    /// A line on which these bytes were sent.
    async fn send(&self, bytes: &[u8]) -> TcpStream {
        let mut line = self.connect().await;
        line.write_all(bytes).await.unwrap();
        line
    }
}

/// All that comes until the line is closed.
async fn rest(line: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // (A line that is cut is at its end, too.)
    let _ = timeout(PATIENCE * 2, line.read_to_end(&mut all)).await.expect("an end in time");
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

/// As many files as the system gives.
fn allow_files() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    limit.current.map_or(usize::MAX, |it| usize::try_from(it).unwrap())
}

/// They are let in, cost little, and each is told why it goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_sockets_that_open_and_never_speak() {
    let many = 10_000.min(allow_files() - 200);
    let served = Served::with(&[]).await;
    served.serves_others().await;
    let before = served.process.memory().unwrap();
    let begin = Instant::now();
    let mut lines = Vec::with_capacity(many);
    while lines.len() < many {
        let some = (0..100).map(|_| async {
            let mut line = served.send(&handshake("")).await;
            let mut head = [0; 12];
            line.read_exact(&mut head).await.unwrap();
            assert_eq!(&head, b"HTTP/1.1 101");
            line
        });
        lines.extend(join_all(some).await);
    }
    let opened = begin.elapsed();
    served.serves_others().await;
    let each = (served.process.memory().unwrap() - before) / many;
    // Close frame: code 4408.
    let told = join_all(lines.iter_mut().map(rest)).await;
    assert!(
        told.iter().all(|it| it.ends_with("Connection initialisation timeout")),
        "each is told"
    );
    served.serves_others().await;
    println!(
        "{many} silent sockets in {opened:.1?}: {each} bytes each, all gone after {:.1?}",
        begin.elapsed()
    );
    assert!(each < 24 * 1024, "{each} bytes for each");
}

#[tokio::test]
async fn connections_that_never_ask() {
    let served = Served::with(&["--idle-timeout", "1s"]).await;
    let mut silent = served.connect().await;
    let mut slow = served.send(b"GET /graphql HT").await;
    let mut idle = served.send(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let begin = Instant::now();
    assert!(rest(&mut silent).await.is_empty());
    // (hyper says nothing to a head that does not come to its end.)
    assert!(rest(&mut slow).await.is_empty());
    assert!(rest(&mut idle).await.ends_with("live\n"), "answered, and closed when nothing follows");
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    served.serves_others().await;
}

#[tokio::test]
async fn more_connections_than_there_is_room_for() {
    let served = Served::with(&["--max-connections", "3", "--idle-timeout", "60s"]).await;
    // WebSockets keep their place.
    let mut lines = Vec::new();
    for _ in 0..3 {
        let mut line = served.send(&handshake("")).await;
        line.read_exact(&mut [0; 12]).await.unwrap();
        lines.push(line);
    }
    let mut turned_away = served.send(post("{}").as_bytes()).await;
    let said = rest(&mut turned_away).await;
    assert!(said.starts_with("HTTP/1.1 503") && said.contains("no room"), "{said}");
    assert!(said.contains("retry-after"), "{said}");
    lines.pop();
    let served_again = async {
        loop {
            let mut line = served
                .send(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                .await;
            if rest(&mut line).await.ends_with("live\n") {
                break;
            }
        }
    };
    timeout(PATIENCE, served_again).await.expect("the place is free again");
}

/// Bytes of no sense, after a handshake and before: never more than the end of that line.
#[tokio::test]
async fn garbage_in_place_of_frames_and_requests() {
    let served = Served::with(&[]).await;
    let mut rng = Rng::with_seed(1);
    for round in 0..200 {
        let mut bytes = vec![0; 1 + round * 7];
        rng.fill(&mut bytes);
        let mut line = match round % 2 {
            0 => served.send(&handshake("")).await,
            _ => served.connect().await,
        };
        // (It may be closed before all of it is taken.)
        let _ = line.write_all(&bytes).await;
        let _ = line.shutdown().await;
        rest(&mut line).await;
    }
    served.serves_others().await;
    assert_eq!(served.process.terminate().await.unwrap(), Some(0), "nothing has gone wrong in it");
}

/// Refused by its length, or when it is too long.
#[tokio::test]
async fn a_body_of_a_hundred_megabytes() {
    let served = Served::with(&[]).await;
    served.serves_others().await;
    let before = served.process.memory().unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let mut honest =
        served.send(format!("{head}content-length: 104857600\r\n\r\n").as_bytes()).await;
    let mut answer = vec![0; 400];
    let length = timeout(PATIENCE, honest.read(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(
        answer.starts_with("HTTP/1.1 413") && answer.contains("larger than 1048576"),
        "{answer}"
    );
    let endless = async {
        let mut line =
            served.send(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes()).await;
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        let mut sent = 0;
        while sent < 100 * MIB && line.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 0x10000;
        }
        sent
    };
    let sent = timeout(PATIENCE, endless).await.expect("an end in time");
    assert!(sent < 20 * MIB, "{sent} bytes were taken");
    served.serves_others().await;
    let more = served.process.memory().unwrap().saturating_sub(before);
    assert!(more < 8 * MIB, "{more} bytes more");
}

#[tokio::test]
async fn a_body_that_takes_its_time() {
    let served = Served::with(&["--request-timeout", "1s"]).await;
    let whole = post(r#"{"query":"{ calendar { id } }"}"#);
    let (head, body) = whole.split_at(whole.len() - 31);
    let mut line = served.send(head.as_bytes()).await;
    let begin = Instant::now();
    for byte in body.bytes().take(20) {
        if line.write_all(&[byte]).await.is_err() {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    let said = rest(&mut line).await;
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("did not arrive in time"), "{said}");
    assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
    served.serves_others().await;
}

#[tokio::test]
async fn documents_that_would_cost_more_to_look_at_than_to_answer() {
    let world = World::new().await;
    let aliases = |n: usize| {
        let all: Vec<_> = (0..n).map(|it| format!("a{it}: calendar {{ id }}")).collect();
        format!("{{ {} }}", all.join(" "))
    };
    // Two spreads in each of thirty fragments are a billion fields.
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
        assert_eq!(world.code(&document, json!({})).await, code);
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    }
    world.ask(&aliases(100), json!({})).await;
}
