//! Metrics, traces, and notifications to systemd.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use serde_json::json;
use tokio::net::{TcpListener, UnixDatagram};

use crate::process;
use crate::world::{TEST_TIMEOUT, World, appointment_input, merge};

/// Returns the value of a metric, or 0 if the metrics do not contain it yet.
async fn metric(world: &World, name: &str) -> f64 {
    let text = metrics(world).await;
    let line = text.lines().find_map(|it| it.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |it| it.parse().unwrap())
}

async fn metrics(world: &World) -> String {
    let response =
        appointments_testing::http_client().get(world.url("/metrics")).send().await.unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = response.text().await.unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    text
}

#[tokio::test]
async fn requests_are_counted_by_field_and_outcome() {
    let world = World::strict().await;
    let requests = async |operation: &str, field: &str, outcome: &str| {
        let labels = format!(r#"operation="{operation}",field="{field}",outcome="{outcome}""#);
        metric(&world, &format!("appointments_requests_total{{{labels}}}")).await
    };
    world.book("One", "09:00-10:00").await;
    world.expect_refusal("createAppointment", appointment_input("Two", "09:30-10:30")).await;
    assert_eq!(requests("mutation", "createAppointment", "ok").await, 2.0);
    let refused =
        r#"appointments_refusals_total{mutation="createAppointment",reason="TimeSlotTaken"}"#;
    assert_eq!(metric(&world, refused).await, 1.0);
    world.query("{ a: calendar { id } b: calendar { id } }", json!({})).await;
    assert_eq!(requests("query", "several", "ok").await, 1.0);
    world.expect_error("{ calendars(first: -1) { nodes { id } } }", json!({})).await;
    assert_eq!(requests("query", "calendars", "BAD_INPUT").await, 1.0);
    // Invented names do not create further labels.
    let before = metrics(&world).await.lines().count();
    for n in 0..20 {
        world.expect_error(&format!("{{ made_up_{n} }}"), json!({})).await;
        world
            .expect_error(&format!("query A{n} {{ calendar {{ made_up_{n} }} }}"), json!({}))
            .await;
        world.expect_error(&format!("{{ {n} }}"), json!({})).await;
    }
    assert_eq!(requests("query", "invalid", "VALIDATION_FAILED").await, 40.0);
    assert_eq!(requests("none", "invalid", "PARSE_FAILED").await, 20.0);
    assert_eq!(metrics(&world).await.lines().count(), before + 2);
    let timed = r#"appointments_request_seconds_count{operation="mutation"}"#;
    assert!(metric(&world, timed).await >= 3.0);
}

#[tokio::test]
async fn open_connections_and_subscriptions_are_counted() {
    let world = World::new().await;
    let before = metric(&world, "appointments_connections").await;
    let mut subscription = world.subscribe(json!({})).await;
    assert_eq!(subscription.next_summary().await, "BOOKMARK 0");
    let labels = r#"operation="subscription",field="appointmentChanges",outcome="ok""#;
    let requests = format!("appointments_requests_total{{{labels}}}");
    assert_eq!(metric(&world, &requests).await, 1.0);
    for (name, expected) in [
        ("appointments_sockets", 1.0),
        ("appointments_subscriptions", 1.0),
        ("appointments_connections", before + 1.0),
        ("appointments_log_changes", 0.0),
    ] {
        assert_eq!(metric(&world, name).await, expected, "{name}");
    }
    let commits = metric(&world, "appointments_commits_total").await;
    world.book("One", "09:00-10:00").await;
    assert_eq!(subscription.next_summary().await, "CREATED 1 One");
    assert_eq!(metric(&world, "appointments_commits_total").await, commits + 1.0);
    assert_eq!(metric(&world, "appointments_log_changes").await, 1.0);
    assert!(metric(&world, "appointments_database_bytes").await > 10_000.0);
    drop(subscription);
    let all_closed = async {
        while metric(&world, "appointments_sockets").await > 0.0
            || metric(&world, "appointments_subscriptions").await > 0.0
        {}
    };
    tokio::time::timeout(TEST_TIMEOUT, all_closed).await.expect("closed sockets are not counted");
}

/// S6: operators can see a subscriber that does not read.
#[tokio::test]
async fn the_lag_of_the_slowest_subscriber_is_measured() {
    let world = World::new().await;
    let mut slow =
        crate::world::Subscription::with_small_buffer(&world.url("/graphql"), json!({})).await;
    assert_eq!(slow.next_summary().await, "BOOKMARK 0");
    let long = json!({ "description": "x".repeat(8_000) });
    for _ in 0..600 {
        world
            .mutate(
                "createAppointment",
                merge(appointment_input("it", "10:00-11:00"), long.clone()),
            )
            .await;
    }
    let behind = metric(&world, "appointments_slowest_subscriber_behind").await;
    assert!(behind > 100.0, "{behind}");
    while slow.next_summary().await != "CREATED 600 it" {}
    let caught_up =
        async { while metric(&world, "appointments_slowest_subscriber_behind").await > 0.0 {} };
    tokio::time::timeout(TEST_TIMEOUT, caught_up).await.expect("the subscriber has caught up");
}

/// Starts an OpenTelemetry collector. Returns its URL and the bytes that it receives.
async fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let takes = taken.clone();
    let take = post(move |body: Bytes| async move {
        takes.lock().unwrap().extend_from_slice(&body);
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/traces", take);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, taken)
}

#[tokio::test]
async fn traces_are_exported_and_join_the_callers_trace() {
    let (address, taken) = collector().await;
    let folder = tempfile::tempdir().unwrap();
    let process = process::start_with(&folder.path().join("it.db"), |command| {
        command.args(["--trace-to", &address]);
    })
    .await;
    let query = r#"mutation Book { createAppointment(input: { title: "Secret", 
        mutationId: "01a204ed-0000-7000-8000-000000000001", startsAt: "2026-11-23T09:00:00Z",
        endsAt: "2026-11-23T10:00:00Z" }) { error { message } } }"#;
    let sent = appointments_testing::http_client().post(&process.url);
    let sent =
        sent.header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let sent = sent.json(&json!({ "query": query, "operationName": "Book" })).send().await.unwrap();
    assert!(sent.status().is_success());
    // The last spans are sent before the process ends.
    assert_eq!(process.terminate().await.unwrap(), Some(0));
    let taken = taken.lock().unwrap().clone();
    let has = |it: &[u8]| taken.windows(it.len()).any(|at| at == it);
    for expected in [
        &b"appointments-server"[..],
        b"mutation createAppointment",
        b"Book",
        b"01a204ed-0000-7000-8000-000000000001",
        b"commit",
        &0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes(),
        &0xb7ad_6b71_6920_3331_u64.to_be_bytes(),
    ] {
        assert!(has(expected), "{}", String::from_utf8_lossy(expected));
    }
    assert!(!has(b"Secret"), "spans contain no user text");
}

#[tokio::test]
async fn systemd_is_notified_of_start_and_stop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let systemd = UnixDatagram::bind(&path).unwrap();
    let receive = async || {
        let mut buffer = [0; 256];
        let received = tokio::time::timeout(TEST_TIMEOUT, systemd.recv(&mut buffer)).await;
        String::from_utf8_lossy(&buffer[..received.unwrap().unwrap()]).into_owned()
    };
    let process = process::start_with(&folder.path().join("it.db"), |command| {
        command.env("NOTIFY_SOCKET", &path);
    })
    .await;
    assert_eq!(receive().await.trim(), "READY=1");
    assert_eq!(process.terminate().await.unwrap(), Some(0));
    assert_eq!(receive().await.trim(), "STOPPING=1");
}
