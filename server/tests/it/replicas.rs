//! Several servers on one PostgreSQL database: clients can use any of them, also during failures.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::database::TestDatabase;
use crate::load::{
    Acknowledged, LoadClient, Servers, collect_changes, create_until_stopped, post, revision,
};
use crate::process::{self, ServerProcess};
use crate::world::{Subscription, TEST_TIMEOUT, merge, new_id, text};

const WRITERS: usize = 20;
const SUBSCRIBERS: usize = 60;
const REPLICAS: usize = 3;

/// Servers on one database.
struct Replicas {
    database: TestDatabase,
    processes: Vec<ServerProcess>,
    http: reqwest::Client,
}

impl Replicas {
    /// Returns `None` if PostgreSQL is not available.
    async fn new() -> Option<Self> {
        Self::with(&[]).await
    }

    async fn with(settings: &[&str]) -> Option<Self> {
        let database = TestDatabase::postgres().await?;
        let location = database.location();
        // They start at the same time on an empty database.
        let start = || process::start_with(&location, |command| _ = command.args(settings));
        let processes = join_all((0..REPLICAS).map(|_| start())).await;
        Some(Self { database, processes, http: appointments_testing::http_client() })
    }

    fn url(&self, replica: usize) -> String {
        self.processes[replica % REPLICAS].url.clone()
    }

    fn urls(&self) -> Vec<String> {
        self.processes.iter().map(|it| it.url.clone()).collect()
    }

    async fn query(&self, replica: usize, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        post(&self.http, &self.url(replica), &body).await.expect("a response")
    }

    /// Creates an appointment, and returns the payload.
    async fn create(&self, replica: usize, input: Value) -> Value {
        let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) {
            appointment { id revision } error { __typename message } } }";
        let response = self.query(replica, query, json!({ "input": input })).await;
        assert_eq!(response.get("errors"), None, "{response}");
        response["data"]["createAppointment"].clone()
    }

    /// Creates a second calendar, which rejects overlaps.
    async fn create_strict_calendar(&self) -> String {
        let query = "mutation($input: CreateCalendarInput!) { createCalendar(input: $input) {
            calendar { id } } }";
        let input = json!({ "name": "Strict", "timeZone": "UTC", "overlaps": "REJECT" });
        let made = self.query(0, query, json!({ "input": input })).await;
        text(&made["data"]["createCalendar"]["calendar"]["id"])
    }

    /// Checks that the calendar has all `booked` appointments, and that none overlap.
    async fn expect_no_overlaps(&self, calendar: &str, booked: usize) {
        let query = "query($id: ID, $range: TimeRange!) {
            appointmentsInRange(calendarId: $id, range: $range) {
                appointments { startsAt endsAt } } }";
        let range = json!({ "start": "2026-11-01T00:00:00Z", "end": "2026-12-31T00:00:00Z" });
        let found = self.query(0, query, json!({ "id": calendar, "range": range })).await;
        let found =
            found["data"]["appointmentsInRange"]["appointments"].as_array().unwrap().clone();
        assert_eq!(found.len(), booked);
        assert!(booked > 10, "{booked}");
        for pair in found.windows(2) {
            assert!(text(&pair[0]["endsAt"]) <= text(&pair[1]["startsAt"]), "{pair:?}");
        }
    }

    async fn make_strict(&self) {
        let calendar = self.query(0, "{ calendar { id } }", json!({})).await;
        let query = "mutation($input: UpdateCalendarInput!) { updateCalendar(input: $input) {
            error { message } } }";
        let id = &calendar["data"]["calendar"]["id"];
        let input = json!({ "input": { "id": id, "overlaps": "REJECT" } });
        let done = self.query(0, query, input).await;
        assert_eq!(done["data"]["updateCalendar"]["error"], Value::Null, "{done}");
    }
}

/// Books random slots of a calendar on random replicas until `stopped`. Returns the number of
/// appointments created.
async fn book(
    n: usize,
    calendar: String,
    servers: Servers,
    stopped: watch::Receiver<bool>,
) -> usize {
    let mut client = LoadClient::new(100 + n, servers);
    let mut slots = fastrand::Rng::with_seed(200 + n as u64);
    let mut booked = 0;
    while !*stopped.borrow() {
        let slot = at(slots.u32(..1_000), 5 + slots.u32(..20));
        let names = json!({ "calendarId": calendar, "mutationId": new_id() });
        let payload = client.create(&merge(slot, names)).await;
        match payload["error"]["__typename"].as_str() {
            None => booked += 1,
            refusal => assert_eq!(refusal, Some("TimeSlotTaken"), "{payload}"),
        }
    }
    booked
}

fn at(minute: u32, minutes: u32) -> Value {
    let time =
        |it: u32| format!("2026-11-{:02}T{:02}:{:02}:00Z", 23 + it / 1440, it / 60 % 24, it % 60);
    json!({ "title": "it", "startsAt": time(minute), "endsAt": time(minute + minutes) })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_together_create_one_calendar() {
    let Some(replicas) = Replicas::new().await else { return };
    for replica in 0..REPLICAS {
        let found =
            replicas.query(replica, "{ calendars { nodes { name isDefault } } }", json!({})).await;
        assert_eq!(
            found["data"]["calendars"]["nodes"],
            json!([{ "name": "Calendar", "isDefault": true }])
        );
    }
}

/// After a response, all replicas see the row, its revision and the head of the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_replica_sees_an_acknowledged_write() {
    let Some(replicas) = Replicas::new().await else { return };
    for round in 0..50 {
        let made = replicas.create(round, at(0, 60)).await["appointment"].clone();
        let next = round + 1;
        let query = "query($id: ID!) { appointment(id: $id) { id revision } }";
        let found = replicas.query(next, query, json!({ "id": made["id"] })).await;
        assert_eq!(found["data"]["appointment"], made, "round {round}");
        let after = json!({ "after": made["revision"] });
        let mut subscription = Subscription::new(&replicas.url(next), after).await;
        assert_eq!(subscription.next_summary().await, format!("BOOKMARK {}", made["revision"]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_reaches_subscribers_of_other_replicas_at_once() {
    let Some(replicas) = Replicas::new().await else { return };
    let mut subscription = Subscription::new(&replicas.url(1), json!({})).await;
    assert_eq!(subscription.next_summary().await, "BOOKMARK 0");
    let mut slowest = Duration::ZERO;
    for n in 1..=50 {
        let begin = Instant::now();
        replicas.create(0, at(n, 60)).await;
        assert_eq!(subscription.next_summary().await, format!("CREATED {n} it"));
        slowest = slowest.max(begin.elapsed());
    }
    println!("slowest delivery from one replica to another: {slowest:?}");
    // Polling takes up to two seconds, so a notification delivered this.
    assert!(slowest < Duration::from_millis(1_500), "{slowest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_fifty_requests_on_three_replicas_gets_the_slot() {
    let Some(replicas) = Replicas::new().await else { return };
    replicas.make_strict().await;
    let made = join_all((0..50).map(|n| replicas.create(n, at(600, 60)))).await;
    let refused = made.iter().filter(|it| it["error"]["__typename"] == "TimeSlotTaken").count();
    assert_eq!((made.len() - refused, refused), (1, 49));
}

/// Each requested slot overlaps the one before and the one after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_concurrent_requests_for_staggered_slots_create_no_overlap() {
    let Some(replicas) = Replicas::new().await else { return };
    replicas.make_strict().await;
    let made = join_all((0..50).map(|n| replicas.create(n, at(n as u32 * 30, 60)))).await;
    let is_in: Vec<bool> = made.iter().map(|it| it["error"].is_null()).collect();
    for n in 0..50 {
        let beside = n > 0 && is_in[n - 1] || n < 49 && is_in[n + 1];
        assert_ne!(is_in[n], beside, "{n}: exactly the overlapping requests are rejected");
    }
}

/// A mutation sent to all replicas at once is executed once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mutation_id_is_executed_once_on_three_replicas() {
    let Some(replicas) = Replicas::new().await else { return };
    for round in 0..20 {
        let names = json!({ "id": new_id(), "mutationId": new_id() });
        let names =
            if round % 2 == 0 { names } else { json!({ "mutationId": names["mutationId"] }) };
        let input = merge(at(0, 60), names);
        let made = join_all((0..6).map(|n| replicas.create(n, input.clone()))).await;
        assert!(made.iter().all(|it| *it == made[0]), "{made:#?}");
        assert_eq!(made[0]["appointment"]["revision"], json!(round + 1));
    }
}

/// Replicas are killed, and the database crashes and drops connections. All subscribers still
/// receive the same complete, ordered history.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribers_agree_on_the_history_despite_failures() {
    let Some(mut replicas) = Replicas::new().await else { return };
    let (up, servers) = watch::channel(replicas.urls());
    let ((stop, stopped), (head, last)) = (watch::channel(false), watch::channel(None));
    let acknowledged = Acknowledged::default();
    let (mut writers, mut subscribers) = (JoinSet::new(), JoinSet::new());
    for n in 0..WRITERS {
        writers.spawn(create_until_stopped(
            n,
            servers.clone(),
            stopped.clone(),
            acknowledged.clone(),
        ));
    }
    for n in 0..SUBSCRIBERS {
        subscribers.spawn(collect_changes(n, servers.clone(), last.clone()));
    }
    let strict = replicas.create_strict_calendar().await;
    let mut bookers = JoinSet::new();
    for n in 0..4 {
        bookers.spawn(book(n, strict.clone(), servers.clone(), stopped.clone()));
    }
    // The failures come from a seed. What runs at each moment differs from run to run.
    let (mut rng, mut crashes) = (fastrand::Rng::with_seed(0), 0);
    for round in 0..18 {
        sleep(Duration::from_millis(200 + rng.u64(..400))).await;
        match (round, rng.u64(..3)) {
            (5 | 11, _) if replicas.database.cluster().can_restart() => {
                crashes += 1;
                replicas.database.cluster().crash().await;
                sleep(Duration::from_millis(rng.u64(..500))).await;
                replicas.database.cluster().recover().await;
            }
            // The database drops half of its connections.
            (_, 0) => {
                let cut = "select pg_terminate_backend(pid) from pg_stat_activity
                    where application_name = 'appointments-server' and random() < 0.5";
                replicas.database.cluster().execute(cut).await;
            }
            // One replica is killed, and restarted a little later.
            _ => {
                let gone = replicas.processes.remove(rng.usize(..REPLICAS));
                up.send_replace(replicas.urls());
                gone.kill().await.unwrap();
                sleep(Duration::from_millis(rng.u64(..200))).await;
                replicas.processes.push(process::start(&replicas.database.location()).await);
                up.send_replace(replicas.urls());
            }
        }
    }
    stop.send_replace(true);
    while writers.join_next().await.transpose().unwrap().is_some() {}
    let mut booked = 0;
    while let Some(some) = bookers.join_next().await {
        booked += some.unwrap();
    }
    replicas.expect_no_overlaps(&strict, booked).await;
    let end = revision(&replicas.url(0)).await;
    head.send_replace(Some(end));
    let acknowledged = acknowledged.lock().await;
    let mut histories: Vec<BTreeMap<u64, String>> = Vec::new();
    let collect = async {
        while let Some(changes) = subscribers.join_next().await {
            histories.push(changes.unwrap());
        }
    };
    timeout(TEST_TIMEOUT * 2, collect).await.expect("all subscribers receive all changes");
    for changes in &histories {
        assert!((1..=end).eq(changes.keys().copied()), "every revision, once");
        assert_eq!(changes, &histories[0], "one history");
    }
    for (mutation, revision) in &*acknowledged {
        assert_eq!(
            histories[0].get(revision),
            Some(mutation),
            "an acknowledged mutation is in the history"
        );
    }
    let mut once: Vec<&String> = histories[0].values().collect();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), histories[0].len(), "no mutation twice");
    println!(
        "{} mutations, {end} changes, {crashes} database crashes, {SUBSCRIBERS} subscribers",
        acknowledged.len()
    );
    assert!(acknowledged.len() > 100, "{} mutations", acknowledged.len());
}

/// Requests fail with UNAVAILABLE during an outage, and subscriptions resume without a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_survive_an_outage_of_the_database() {
    let Some(mut replicas) = Replicas::new().await else { return };
    if !replicas.database.cluster().can_restart() {
        // The server of `DATABASE_URL` is not ours to stop.
        return;
    }
    let mut subscription = Subscription::new(&replicas.url(1), json!({})).await;
    assert_eq!(subscription.next_summary().await, "BOOKMARK 0");
    replicas.database.cluster().crash().await;
    let ready = replicas.url(0).replace("/graphql", "/health/ready");
    let status = async || {
        appointments_testing::http_client().get(&ready).send().await.unwrap().status().as_u16()
    };
    assert_eq!(status().await, 503);
    let begin = Instant::now();
    let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) {
        error { message } } }";
    let input = merge(at(0, 60), json!({ "mutationId": new_id() }));
    let response = replicas.query(0, query, json!({ "input": input })).await;
    assert_eq!(response["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{response}");
    let message = text(&response["errors"][0]["message"]);
    assert!(message.contains("try again, with the same mutationId"), "{message}");
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    replicas.database.cluster().recover().await;
    let back = async {
        while status().await != 200 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(TEST_TIMEOUT, back).await.expect("ready again");
    let made = replicas.create(0, input).await;
    assert_eq!(made["appointment"]["revision"], 1);
    assert_eq!(subscription.next_summary().await, "CREATED 1 it", "the subscription continues");
}

/// A dead connection that reports no error is detected and replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_database_connection_is_replaced() {
    let Some(replicas) = Replicas::new().await else { return };
    let location = replicas.database.location();
    let (proxy, proxied) = process::proxy_to(&location).await;
    let far = process::start_with(&proxied, |command| {
        command.args(["--database-connections", "2"]);
    });
    let far = far.await;
    let mut subscription = Subscription::new(&far.url, json!({})).await;
    assert_eq!(subscription.next_summary().await, "BOOKMARK 0");
    for n in 1..=2 {
        replicas.create(0, at(n, 60)).await;
        assert_eq!(subscription.next_summary().await, format!("CREATED {n} it"));
        proxy.blackhole();
    }
    replicas.create(0, at(3, 60)).await;
    assert_eq!(subscription.next_summary().await, "CREATED 3 it");
}

/// While all connections wait for a lock, requests fail with UNAVAILABLE. Then the pool recovers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exhausted_pool_recovers() {
    let Some(replicas) = Replicas::with(&["--database-connections", "2"]).await else { return };
    let url = replicas.database.location();
    use sqlx::Connection;
    let mut other = sqlx::PgConnection::connect(url.to_str().unwrap()).await.unwrap();
    sqlx::raw_sql("begin; select from calendars for update").execute(&mut other).await.unwrap();
    let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) {
        error { message } } }";
    let input = json!({ "input": at(0, 60) });
    let begin = Instant::now();
    let waiting = join_all((0..6).map(|_| replicas.query(0, query, input.clone()))).await;
    // The pool times out before the request does.
    assert!(begin.elapsed() < Duration::from_secs(28), "{:?}", begin.elapsed());
    for response in waiting {
        assert_eq!(response["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{response}");
    }
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    let made = join_all((0..20).map(|_| replicas.create(0, at(0, 60)))).await;
    let mut revisions: Vec<_> =
        made.iter().map(|it| it["appointment"]["revision"].as_u64().unwrap()).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=20).collect::<Vec<u64>>(), "failed requests changed nothing");
}
