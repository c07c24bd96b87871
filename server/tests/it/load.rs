//! Load for tests that stop servers: clients that write and clients that subscribe. They record
//! what they received, so that the test can compare it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

use crate::world::{Subscription, appointment_input, merge, new_id, text};

/// The URLs of the servers that are running.
pub type Servers = watch::Receiver<Vec<String>>;

/// The ids of acknowledged mutations, with the revision from each response.
pub type Acknowledged = Arc<Mutex<BTreeMap<String, u64>>>;

/// A client that sends each request to one of the running servers.
pub struct LoadClient {
    servers: Servers,
    rng: fastrand::Rng,
    http: reqwest::Client,
}

impl LoadClient {
    pub fn new(n: usize, servers: Servers) -> Self {
        Self {
            servers,
            rng: fastrand::Rng::with_seed(n as u64),
            http: appointments_testing::http_client(),
        }
    }

    /// Waits for a running server, and returns its URL.
    async fn pick_server(&mut self) -> String {
        let up = self.servers.wait_for(|it| !it.is_empty()).await.unwrap();
        up[self.rng.usize(..up.len())].clone()
    }

    /// Creates an appointment, and retries until there is a response. Returns the payload.
    pub async fn create(&mut self, input: &Value) -> Value {
        let query = "mutation($input: CreateAppointmentInput!) { createAppointment(input: $input) {
            appointment { revision } error { __typename } } }";
        let body = json!({ "query": query, "variables": { "input": input } });
        loop {
            let url = self.pick_server().await;
            let Some(response) = post(&self.http, &url, &body).await else { continue };
            let Some(errors) = response.get("errors") else {
                return response["data"]["createAppointment"].clone();
            };
            // The database may be down for a while.
            assert_eq!(errors[0]["extensions"]["code"], "UNAVAILABLE", "{response}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Creates appointments one by one until `stopped`.
pub async fn create_until_stopped(
    n: usize,
    servers: Servers,
    stopped: watch::Receiver<bool>,
    acknowledged: Acknowledged,
) {
    let mut client = LoadClient::new(n, servers);
    let mut made = 0;
    while !*stopped.borrow() {
        let mutation = new_id();
        let names = json!({ "id": new_id(), "mutationId": mutation });
        let payload = client
            .create(&merge(appointment_input(&format!("{n}/{made}"), "10:00-11:00"), names))
            .await;
        let revision = payload["appointment"]["revision"].as_u64().expect("no refusal");
        let before = acknowledged.lock().await.insert(mutation, revision);
        assert_eq!(before, None);
        made += 1;
    }
}

/// Subscribes from revision 0, and resumes after every restart, until the revision `end` is
/// reached.
///
/// Returns the mutation id of each revision.
pub async fn collect_changes(
    n: usize,
    servers: Servers,
    mut end: watch::Receiver<Option<u64>>,
) -> BTreeMap<u64, String> {
    let mut client = LoadClient::new(n, servers);
    let mut changes = BTreeMap::new();
    let mut last = 0;
    loop {
        let url = client.pick_server().await;
        let Some(mut subscription) = Subscription::try_new(&url, json!({ "after": last })).await
        else {
            continue;
        };
        loop {
            if *end.borrow_and_update() == Some(last) {
                return changes;
            }
            // `next_event` checks that each event continues the last one.
            let event = tokio::select! {
                event = subscription.next_event() => event,
                _ = end.changed() => continue,
            };
            let Some(event) = event else { break };
            last = event["revision"].as_u64().unwrap();
            if event["kind"] == "CREATED" {
                let before = changes.insert(last, text(&event["mutationId"]));
                assert_eq!(before, None, "delivered twice");
            } else {
                assert_eq!(event["kind"], "BOOKMARK", "no RESET");
            }
        }
    }
}

/// Sends a request. Returns `None` if the connection was lost.
pub async fn post(http: &reqwest::Client, url: &str, body: &Value) -> Option<Value> {
    http.post(url).json(body).send().await.ok()?.json().await.ok()
}

/// Returns the head revision of the default calendar.
pub async fn revision(url: &str) -> u64 {
    let query = "{ appointmentsInRange(range: { start: \"2000-01-01T00:00:00Z\",
        end: \"2000-01-02T00:00:00Z\" }) { revision } }";
    let response =
        post(&appointments_testing::http_client(), url, &json!({ "query": query })).await.unwrap();
    response["data"]["appointmentsInRange"]["revision"].as_u64().unwrap()
}
