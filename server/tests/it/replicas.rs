//! Several servers on one PostgreSQL: nobody who uses them notices that there are several, nor what goes wrong.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::database::Home;
use crate::load::{Answered, Person, Servers, listen, post, revision, write};
use crate::process::{self, ServerProcess};
use crate::world::{Follower, PATIENCE, and, new_id, text};

const WRITERS: usize = 20;
const SUBSCRIBERS: usize = 60;
const REPLICAS: usize = 3;

/// Servers on one database.
struct Replicas {
    home: Home,
    processes: Vec<ServerProcess>,
    http: reqwest::Client,
}

impl Replicas {
    /// `None` where there is no PostgreSQL.
    async fn new() -> Option<Self> {
        Self::with(&[]).await
    }

    async fn with(settings: &[&str]) -> Option<Self> {
        let home = Home::postgres().await?;
        let database = home.database();
        // All at once, on a database with nothing in it.
        let start = || process::start_with(&database, |command| _ = command.args(settings));
        let processes = join_all((0..REPLICAS).map(|_| start())).await;
        Some(Self { home, processes, http: reqwest::Client::new() })
    }

    fn url(&self, replica: usize) -> String {
        self.processes[replica % REPLICAS].url.clone()
    }

    fn urls(&self) -> Vec<String> {
        self.processes.iter().map(|it| it.url.clone()).collect()
    }

    async fn ask(&self, replica: usize, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        post(&self.http, &self.url(replica), &body).await.expect("an answer")
    }

    /// The payload of a creation.
    async fn create(&self, replica: usize, input: Value) -> Value {
        let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) {
            appointment { id revision } error { __typename message } } }";
        let answer = self.ask(replica, query, json!({ "input": input })).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"]["createAppointment"].clone()
    }

    /// A second calendar, which lets nothing overlap.
    async fn another_that_is_strict(&self) -> String {
        let query = "mutation($input: CreateCalendarInput!) { createCalendar(input: $input) { calendar { id } } }";
        let input = json!({ "name": "Strict", "timeZone": "UTC", "overlaps": "REJECT" });
        let made = self.ask(0, query, json!({ "input": input })).await;
        text(&made["data"]["createCalendar"]["calendar"]["id"])
    }

    /// Everything that was booked is there, and nothing overlaps.
    async fn has_no_overlap(&self, calendar: &str, booked: usize) {
        let query = "query($id: ID, $range: TimeRange!) { appointmentsInRange(calendarId: $id, range: $range) {
            appointments { startsAt endsAt } } }";
        let range = json!({ "start": "2026-11-01T00:00:00Z", "end": "2026-12-31T00:00:00Z" });
        let found = self.ask(0, query, json!({ "id": calendar, "range": range })).await;
        let found =
            found["data"]["appointmentsInRange"]["appointments"].as_array().unwrap().clone();
        assert_eq!(found.len(), booked);
        assert!(booked > 10, "{booked}");
        for pair in found.windows(2) {
            assert!(text(&pair[0]["endsAt"]) <= text(&pair[1]["startsAt"]), "{pair:?}");
        }
    }

    async fn is_strict(&self) {
        let calendar = self.ask(0, "{ calendar { id } }", json!({})).await;
        let query = "mutation($input: UpdateCalendarInput!) { updateCalendar(input: $input) { error { message } } }";
        let id = &calendar["data"]["calendar"]["id"];
        let input = json!({ "input": { "id": id, "overlaps": "REJECT" } });
        let done = self.ask(0, query, input).await;
        assert_eq!(done["data"]["updateCalendar"]["error"], Value::Null, "{done}");
    }
}

/// Books slots of one calendar, on whichever replica, until it is told to stop; answers how often that was done.
async fn book(
    n: usize,
    calendar: String,
    servers: Servers,
    stopped: watch::Receiver<bool>,
) -> usize {
    let mut person = Person::new(100 + n, servers);
    let mut slots = Rng::with_seed(200 + n as u64);
    let mut booked = 0;
    while !*stopped.borrow() {
        let slot = at(slots.u32(..1_000), 5 + slots.u32(..20));
        let names = json!({ "calendarId": calendar, "mutationId": new_id() });
        let payload = person.create(&and(slot, names)).await;
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
async fn of_several_that_start_at_once_one_makes_the_first_calendar() {
    let Some(replicas) = Replicas::new().await else { return };
    for replica in 0..REPLICAS {
        let found =
            replicas.ask(replica, "{ calendars { nodes { name isDefault } } }", json!({})).await;
        assert_eq!(
            found["data"]["calendars"]["nodes"],
            json!([{ "name": "Calendar", "isDefault": true }])
        );
    }
}

/// What one has answered the others know: rows, revisions, and where a log ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_see_ones_own_writes_on_every_replica() {
    let Some(replicas) = Replicas::new().await else { return };
    for round in 0..50 {
        let made = replicas.create(round, at(0, 60)).await["appointment"].clone();
        let next = round + 1;
        let query = "query($id: ID!) { appointment(id: $id) { id revision } }";
        let found = replicas.ask(next, query, json!({ "id": made["id"] })).await;
        assert_eq!(found["data"]["appointment"], made, "round {round}");
        let after = json!({ "after": made["revision"] });
        let mut follower = Follower::new(&replicas.url(next), after).await;
        assert_eq!(follower.told().await, format!("BOOKMARK {}", made["revision"]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_commits_is_heard_on_the_others_at_once() {
    let Some(replicas) = Replicas::new().await else { return };
    let mut follower = Follower::new(&replicas.url(1), json!({})).await;
    assert_eq!(follower.told().await, "BOOKMARK 0");
    let mut slowest = Duration::ZERO;
    for n in 1..=50 {
        let begin = Instant::now();
        replicas.create(0, at(n, 60)).await;
        assert_eq!(follower.told().await, format!("CREATED {n} it"));
        slowest = slowest.max(begin.elapsed());
    }
    println!("from a request on one until it is heard on another: {slowest:?} at the most");
    // The net under the hints is cast every two seconds; this came by hint.
    assert!(slowest < Duration::from_millis(1_500), "{slowest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_want_one_slot_on_three_replicas() {
    let Some(replicas) = Replicas::new().await else { return };
    replicas.is_strict().await;
    let made = join_all((0..50).map(|n| replicas.create(n, at(600, 60)))).await;
    let refused = made.iter().filter(|it| it["error"]["__typename"] == "TimeSlotTaken").count();
    assert_eq!((made.len() - refused, refused), (1, 49));
}

/// Each overlaps the one before and the one after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_want_staggered_slots_on_three_replicas() {
    let Some(replicas) = Replicas::new().await else { return };
    replicas.is_strict().await;
    let made = join_all((0..50).map(|n| replicas.create(n, at(n as u32 * 30, 60)))).await;
    let is_in: Vec<bool> = made.iter().map(|it| it["error"].is_null()).collect();
    for n in 0..50 {
        let beside = n > 0 && is_in[n - 1] || n < 49 && is_in[n + 1];
        assert_ne!(is_in[n], beside, "{n}: exactly those are refused that overlap another");
    }
}

/// The same attempt, sent to all at once, is one attempt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_mutation_id_on_three_replicas_is_one_mutation() {
    let Some(replicas) = Replicas::new().await else { return };
    for round in 0..20 {
        let names = json!({ "id": new_id(), "mutationId": new_id() });
        let names =
            if round % 2 == 0 { names } else { json!({ "mutationId": names["mutationId"] }) };
        let input = and(at(0, 60), names);
        let made = join_all((0..6).map(|n| replicas.create(n, input.clone()))).await;
        assert!(made.iter().all(|it| *it == made[0]), "{made:#?}");
        assert_eq!(made[0]["appointment"]["revision"], json!(round + 1));
    }
}

/// Replicas are killed, the database crashes and cuts lines, and the history is what it must be: ordered, unique, complete,
/// and told to everybody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_dies_the_history_is_one() {
    let Some(mut replicas) = Replicas::new().await else { return };
    let (up, servers) = watch::channel(replicas.urls());
    let ((stop, stopped), (head, last)) = (watch::channel(false), watch::channel(None));
    let answered = Answered::default();
    let (mut writers, mut listeners) = (JoinSet::new(), JoinSet::new());
    for n in 0..WRITERS {
        writers.spawn(write(n, servers.clone(), stopped.clone(), answered.clone()));
    }
    for n in 0..SUBSCRIBERS {
        listeners.spawn(listen(n, servers.clone(), last.clone()));
    }
    let strict = replicas.another_that_is_strict().await;
    let mut bookers = JoinSet::new();
    for n in 0..4 {
        bookers.spawn(book(n, strict.clone(), servers.clone(), stopped.clone()));
    }
    // The events and their times follow a seed. The requests that run then depend on the machine.
    let mut rng = Rng::with_seed(0);
    let mut crashes = 0;
    for round in 0..18 {
        sleep(Duration::from_millis(200 + rng.u64(..400))).await;
        match (round, rng.u64(..3)) {
            (5 | 11, _) if replicas.home.cluster().is_ours() => {
                crashes += 1;
                replicas.home.cluster().crash().await;
                sleep(Duration::from_millis(rng.u64(..500))).await;
                replicas.home.cluster().recover().await;
            }
            // Lines are cut, in the middle of whatever goes on.
            (_, 0) => {
                let cut = "select pg_terminate_backend(pid) from pg_stat_activity
                    where application_name = 'appointments-server' and random() < 0.5";
                replicas.home.cluster().run(cut).await;
            }
            // One replica goes, and comes back a while later.
            _ => {
                let gone = replicas.processes.remove(rng.usize(..REPLICAS));
                up.send_replace(replicas.urls());
                gone.kill().await.unwrap();
                sleep(Duration::from_millis(rng.u64(..200))).await;
                replicas.processes.push(process::start(&replicas.home.database()).await);
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
    replicas.has_no_overlap(&strict, booked).await;
    let end = revision(&replicas.url(0)).await;
    head.send_replace(Some(end));
    let answered = answered.lock().await;
    let mut histories: Vec<BTreeMap<u64, String>> = Vec::new();
    let heard = async {
        while let Some(heard) = listeners.join_next().await {
            histories.push(heard.unwrap());
        }
    };
    timeout(PATIENCE * 2, heard).await.expect("everybody hears everything");
    for heard in &histories {
        assert!((1..=end).eq(heard.keys().copied()), "every revision, once");
        assert_eq!(heard, &histories[0], "one history");
    }
    for (mutation, revision) in &*answered {
        assert_eq!(histories[0].get(revision), Some(mutation), "what was answered is in it");
    }
    let mut once: Vec<&String> = histories[0].values().collect();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), histories[0].len(), "no mutation twice");
    println!(
        "{} answers, {end} changes, {crashes} crashes of the database, each heard by {SUBSCRIBERS}",
        answered.len()
    );
    assert!(answered.len() > 100, "{} were answered", answered.len());
}

/// A database that is away is said to be, and waited for; nothing has to be started again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_and_comes_back() {
    let Some(mut replicas) = Replicas::new().await else { return };
    if !replicas.home.cluster().is_ours() {
        return; // nobody stops a server of somebody else's
    }
    let mut follower = Follower::new(&replicas.url(1), json!({})).await;
    assert_eq!(follower.told().await, "BOOKMARK 0");
    replicas.home.cluster().crash().await;
    let ready = replicas.url(0).replace("/graphql", "/health/ready");
    let status = async || reqwest::get(&ready).await.unwrap().status().as_u16();
    assert_eq!(status().await, 503);
    let begin = Instant::now();
    let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) { error { message } } }";
    let input = and(at(0, 60), json!({ "mutationId": new_id() }));
    let answer = replicas.ask(0, query, json!({ "input": input })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
    let message = text(&answer["errors"][0]["message"]);
    assert!(message.contains("try again, with the same mutationId"), "{message}");
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    replicas.home.cluster().recover().await;
    let back = async {
        while status().await != 200 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, back).await.expect("it is back");
    let made = replicas.create(0, input).await;
    assert_eq!(made["appointment"]["revision"], 1);
    assert_eq!(follower.told().await, "CREATED 1 it", "the same subscription goes on");
}

/// A line on which nothing comes any more, and nobody says so: it is asked whether it is alive, and made anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_to_the_database_that_swallows_everything() {
    let Some(replicas) = Replicas::new().await else { return };
    let database = replicas.home.database();
    let (proxy, database) = process::proxy_to(&database).await;
    let far = process::start_with(&database, |command| {
        command.args(["--database-connections", "2"]);
    });
    let far = far.await;
    let mut follower = Follower::new(&far.url, json!({})).await;
    assert_eq!(follower.told().await, "BOOKMARK 0");
    for n in 1..=2 {
        replicas.create(0, at(n, 60)).await;
        assert_eq!(follower.told().await, format!("CREATED {n} it"));
        proxy.blackhole();
    }
    replicas.create(0, at(3, 60)).await;
    assert_eq!(follower.told().await, "CREATED 3 it");
}

/// Somebody holds a lock, and all connections wait for it: callers are told to try again, and later it is as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_that_is_exhausted_says_so_and_recovers() {
    let Some(replicas) = Replicas::with(&["--database-connections", "2"]).await else { return };
    let url = replicas.home.database();
    use sqlx::Connection;
    let mut other = sqlx::PgConnection::connect(url.to_str().unwrap()).await.unwrap();
    sqlx::raw_sql("begin; select from calendars for update").execute(&mut other).await.unwrap();
    let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) { error { message } } }";
    let input = json!({ "input": at(0, 60) });
    let begin = Instant::now();
    let waiting = join_all((0..6).map(|_| replicas.ask(0, query, input.clone()))).await;
    // (Before the request's own time is over.)
    assert!(begin.elapsed() < Duration::from_secs(28), "{:?}", begin.elapsed());
    for answer in waiting {
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
    }
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    let made = join_all((0..20).map(|_| replicas.create(0, at(0, 60)))).await;
    let mut revisions: Vec<_> =
        made.iter().map(|it| it["appointment"]["revision"].as_u64().unwrap()).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=20).collect::<Vec<u64>>(), "nothing of what was refused was done");
}
