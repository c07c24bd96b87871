//! People who write and people who listen, on servers that come and go: what each was told, for a test to compare.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

use crate::world::{Follower, and, booking, new_id, text};

/// Where the servers are that are up.
pub type Servers = watch::Receiver<Vec<String>>;

/// Mutation ids that were answered, and the revision that each answer named.
pub type Answered = Arc<Mutex<BTreeMap<String, u64>>>;

/// Somebody who asks the servers that are up, whichever it is.
pub struct Person {
    servers: Servers,
    rng: Rng,
    http: reqwest::Client,
}

impl Person {
    pub fn new(n: usize, servers: Servers) -> Self {
        Self { servers, rng: Rng::with_seed(n as u64), http: reqwest::Client::new() }
    }

    /// One of those that are up.
    async fn here(&mut self) -> String {
        let up = self.servers.wait_for(|it| !it.is_empty()).await.unwrap();
        up[self.rng.usize(..up.len())].clone()
    }

    /// Creates an appointment; sends again what was not answered, until it is. Answers the payload.
    pub async fn create(&mut self, input: &Value) -> Value {
        let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) {
            appointment { revision } error { __typename } } }";
        let body = json!({ "query": query, "variables": { "input": input } });
        loop {
            let url = self.here().await;
            let Some(answer) = post(&self.http, &url, &body).await else { continue };
            let Some(errors) = answer.get("errors") else {
                return answer["data"]["createAppointment"].clone();
            };
            // It says that it cannot now, and is right to.
            assert_eq!(errors[0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Creates appointments, one by one.
pub async fn write(n: usize, servers: Servers, stopped: watch::Receiver<bool>, answered: Answered) {
    let mut person = Person::new(n, servers);
    let mut made = 0;
    while !*stopped.borrow() {
        let mutation = new_id();
        let names = json!({ "id": new_id(), "mutationId": mutation });
        let payload =
            person.create(&and(booking(&format!("{n}/{made}"), "10:00-11:00"), names)).await;
        let revision = payload["appointment"]["revision"].as_u64().expect("not refused");
        let before = answered.lock().await.insert(mutation, revision);
        assert_eq!(before, None);
        made += 1;
    }
}

/// Follows the calendar from 0 through every restart; answers the mutation id of each revision.
pub async fn listen(
    n: usize,
    servers: Servers,
    mut end: watch::Receiver<Option<u64>>,
) -> BTreeMap<u64, String> {
    let mut person = Person::new(n, servers);
    let (mut heard, mut last) = (BTreeMap::new(), 0);
    loop {
        let url = person.here().await;
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

/// The answer, if the line held.
pub async fn post(http: &reqwest::Client, url: &str, body: &Value) -> Option<Value> {
    http.post(url).json(body).send().await.ok()?.json().await.ok()
}

pub async fn revision(url: &str) -> u64 {
    let query = "{ appointmentsInRange(range: { start: \"2000-01-01T00:00:00Z\",
        end: \"2000-01-02T00:00:00Z\" }) { revision } }";
    let answer = post(&reqwest::Client::new(), url, &json!({ "query": query })).await.unwrap();
    answer["data"]["appointmentsInRange"]["revision"].as_u64().unwrap()
}
