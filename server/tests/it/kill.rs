//! S16: the real binary under writers and subscribers is killed at random moments, and started
//! again on the same file. Nothing that was answered is lost, nothing is told twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

use crate::process::Process;
use crate::world::{Follower, new_id, text};

const ROUNDS: usize = 20;
const WRITERS: usize = 8;
const SUBSCRIBERS: usize = 10;

/// Where the server is; nothing while it is down.
type Server = watch::Receiver<Option<String>>;

/// Mutation ids that were answered, and the revision that each answer named.
type Answered = Arc<Mutex<BTreeMap<String, u64>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_there_and_everybody_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("appointments.db");
    let (up, server) = watch::channel(None);
    let (stop, stopped) = watch::channel(false);
    let answered = Answered::default();
    let mut people = tokio::task::JoinSet::new();
    for n in 0..WRITERS {
        people.spawn(write(n, server.clone(), stopped.clone(), answered.clone()));
    }
    let mut listeners = tokio::task::JoinSet::new();
    let (head, last) = watch::channel(None);
    for _ in 0..SUBSCRIBERS {
        listeners.spawn(listen(server.clone(), last.clone()));
    }

    // Moments from a seed; what runs at them is the machine's chance.
    let mut moment = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..ROUNDS {
        let process = Process::start(&database).await;
        up.send_replace(Some(process.url.clone()));
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        tokio::time::sleep(Duration::from_millis(50 + (moment >> 33) % 400)).await;
        up.send_replace(None);
        process.kill().await;
    }
    let process = Process::start(&database).await;
    up.send_replace(Some(process.url.clone()));
    stop.send_replace(true);
    while people.join_next().await.transpose().unwrap().is_some() {}
    let end = revision(&process.url).await;
    head.send_replace(Some(end));

    let answered = answered.lock().await;
    assert!(answered.len() > ROUNDS, "only {} mutations were answered", answered.len());
    while let Some(heard) = listeners.join_next().await {
        let heard = heard.unwrap();
        assert!((1..=end).eq(heard.keys().copied()), "every revision, once");
        for (mutation, revision) in &*answered {
            assert_eq!(heard.get(revision), Some(mutation), "what was answered is in the log");
        }
    }
    println!(
        "{ROUNDS} kills, {} answers, {end} changes, each heard by {SUBSCRIBERS}",
        answered.len()
    );
    assert_eq!(process.terminate().await, Some(0));
}

/// Creates appointments, one by one; sends again what was not answered, until it is.
async fn write(n: usize, mut server: Server, stopped: watch::Receiver<bool>, answered: Answered) {
    let http = reqwest::Client::new();
    let mut made = 0;
    while !*stopped.borrow() {
        let mutation = new_id();
        let input = json!({ "title": format!("{n}/{made}"), "mutationId": mutation, "id": new_id(),
            "startsAt": "2026-11-23T10:00:00Z", "endsAt": "2026-11-23T11:00:00Z" });
        let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) {
            appointment { revision } error { message } } }";
        let body = json!({ "query": query, "variables": { "input": input } });
        let revision = loop {
            let url = here(&mut server).await;
            let Some(answer) = post(&http, &url, &body).await else { continue };
            if let Some(errors) = answer.get("errors") {
                // It says that it cannot now, and is right to.
                assert_eq!(errors[0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
                continue;
            }
            let payload = &answer["data"]["createAppointment"];
            break payload["appointment"]["revision"].as_u64().expect("not refused");
        };
        let before = answered.lock().await.insert(mutation, revision);
        assert_eq!(before, None);
        made += 1;
    }
}

/// Follows the calendar from 0 through every restart; answers the mutation id of each revision.
async fn listen(
    mut server: Server,
    mut end: watch::Receiver<Option<u64>>,
) -> BTreeMap<u64, String> {
    let (mut heard, mut last) = (BTreeMap::new(), 0);
    loop {
        let url = here(&mut server).await;
        let Some(mut follower) = Follower::try_new(&url, json!({ "after": last })).await else {
            continue;
        };
        loop {
            if *end.borrow_and_update() == Some(last) {
                return heard;
            }
            // An event of a killed server is checked to continue the last one, like any other.
            let event = tokio::select! {
                event = follower.event() => event,
                _ = end.changed() => continue,
            };
            let Some(event) = event else { break };
            last = event["revision"].as_u64().unwrap();
            if event["kind"] == "CREATED" {
                let before = heard.insert(last, text(&event["mutationId"]));
                assert_eq!(before, None, "told twice");
            } else {
                assert_eq!(event["kind"], "BOOKMARK", "nothing is reset");
            }
        }
    }
}

async fn here(server: &mut Server) -> String {
    server.wait_for(Option::is_some).await.unwrap().clone().unwrap()
}

/// The answer, if the line held.
async fn post(http: &reqwest::Client, url: &str, body: &Value) -> Option<Value> {
    http.post(url).json(body).send().await.ok()?.json().await.ok()
}

async fn revision(url: &str) -> u64 {
    let query = "{ appointmentsInRange(range: { start: \"2000-01-01T00:00:00Z\",
        end: \"2000-01-02T00:00:00Z\" }) { revision } }";
    let answer = post(&reqwest::Client::new(), url, &json!({ "query": query })).await.unwrap();
    answer["data"]["appointmentsInRange"]["revision"].as_u64().unwrap()
}
