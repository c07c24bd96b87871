//! Order, merging and aborting of mutations (C9, case 5), with a client that does not reach its
//! server.

use futures_channel::oneshot;
use serde_json::{Value, json};

use super::*;
use crate::engine::{Action, Engine, RequestId};
use crate::model::input::{AppointmentChanges, NewAppointment};

fn at(hour: i64) -> DateTime {
    DateTime::from_timestamp(1_795_392_000 + hour * 3_600, 0).unwrap_or_default()
}

/// A client whose last request has failed, so that it does not send new mutations yet.
struct OfflineClient {
    engine: Engine,
    outcomes: Vec<oneshot::Receiver<MutationResult>>,
    now: Millis,
}

/// The appointment of the request that has failed. No test looks at it.
const FAILED: &str = "failed";

impl OfflineClient {
    fn new() -> Self {
        let engine = Engine::new(1).expect("the contract fits");
        let mut client = Self { engine, outcomes: Vec::new(), now: 0 };
        client.mutate(
            FAILED,
            MutationInput::Create(Box::new(NewAppointment::new(FAILED, at(0), at(1)))),
        );
        client.outcomes.clear();
        let (request, _) = client.next_request().expect("the first mutation is sent");
        let error = TransportError::new("unreachable");
        client.engine.handle_response(0, request, Err(error));
        client
    }

    fn mutate(&mut self, id: &str, input: MutationInput) -> MutationId {
        let (sender, outcome) = oneshot::channel();
        self.outcomes.push(outcome);
        self.engine.mutate(at(0), &"c".into(), &id.into(), input, sender)
    }

    fn create(&mut self, id: &str) -> MutationId {
        self.mutate(id, MutationInput::Create(Box::new(NewAppointment::new(id, at(1), at(2)))))
    }

    fn update(&mut self, id: &str, changes: AppointmentChanges) -> MutationId {
        self.mutate(id, MutationInput::Update(Box::new(changes)))
    }

    fn delete(&mut self, id: &str) -> MutationId {
        self.mutate(id, MutationInput::Delete(Precondition::None))
    }

    /// Returns the next request that is due.
    fn next_request(&mut self) -> Option<(RequestId, Value)> {
        match self.engine.poll(self.now)? {
            Action::Send { id, body } => Some((id, serde_json::from_str(&body).expect("JSON"))),
            _ => None,
        }
    }

    /// Lets time pass until all mutations are sent, and responds with success. Returns the inputs
    /// of the mutations.
    fn send_all(&mut self) -> Vec<Value> {
        self.now = 60_000;
        let mut inputs = Vec::new();
        while let Some((request, body)) = self.next_request() {
            let response = success(&body).to_string();
            self.engine.handle_response(self.now, request, Ok(response.as_bytes()));
            inputs.push(body["variables"]["input"].clone());
        }
        inputs.retain(|input| input["id"] != FAILED);
        inputs
    }

    /// Returns the outcome of the mutation with this number, counted from 0.
    fn outcome(&mut self, number: usize) -> MutationResult {
        let received = self.outcomes[number].try_recv().expect("the sender is alive");
        received.expect("the mutation is settled")
    }
}

/// Returns the response to a mutation that succeeds.
fn success(body: &Value) -> Value {
    let input = &body["variables"]["input"];
    let payload = |kind: &str, fields: Value| {
        let mut payload = json!({"__typename": format!("{kind}AppointmentPayload"), "error": null});
        for (name, value) in fields.as_object().into_iter().flatten() {
            payload[name] = value.clone();
        }
        json!({"data": {format!("{}Appointment", kind.to_lowercase()): payload}})
    };
    let appointment = json!({
        "__typename": "Appointment", "id": input["id"], "calendarId": "c", "title": "t",
        "description": null, "location": null, "startsAt": at(1), "endsAt": at(2),
        "allDay": false, "timeZone": "UTC", "status": "CONFIRMED", "attendees": [], "revision": 7,
    });
    let query = body["query"].as_str().unwrap_or_default();
    if query.contains("deleteAppointment") {
        payload("Delete", json!({"deletedAppointmentId": input["id"], "revision": 8}))
    } else if query.contains("updateAppointment") {
        payload("Update", json!({"appointment": appointment}))
    } else {
        payload("Create", json!({"appointment": appointment}))
    }
}

#[test]
fn unsent_updates_are_merged() {
    let mut client = OfflineClient::new();
    let first = client.update("a", AppointmentChanges::new().title("one").location("here"));
    let second = client.update("a", AppointmentChanges::new().title("two").description(None));
    assert_ne!(first, second, "the merged mutation has a new id");
    let sent = client.send_all();
    assert_eq!(sent.len(), 1);
    assert_eq!((&sent[0]["title"], &sent[0]["location"]), (&json!("two"), &json!("here")));
    assert_eq!((&sent[0]["description"], &sent[0]["mutationId"]), (&Value::Null, &json!(second)));
    assert!(sent[0].get("startsAt").is_none(), "an unchanged field is not sent");
    assert!(client.outcome(0).is_ok() && client.outcome(1).is_ok(), "both callers get the outcome");
}

#[test]
fn a_merge_is_shown_in_one_step() {
    let mut client = OfflineClient::new();
    client.create("a");
    let range = crate::wire::operations::TimeRange { start: at(0), end: at(24) };
    let query = crate::wire::prepare::range_query(client.engine.cache(), &"c".into(), range);
    let mut watch = client.engine.cache().watch(&query);
    client.update("a", AppointmentChanges::new().title("one"));
    watch.delta();
    client.update("a", AppointmentChanges::new().location("here"));
    let delta = watch.delta();
    assert_eq!((delta.changed.len(), delta.added.len(), delta.removed.len()), (1, 0, 0));
    let view = watch.view();
    let items = &view.data().expect("the range is shown").appointments_in_range.appointments;
    let mine = items.iter().find(|it| it.id == "a").expect("the appointment is shown");
    assert_eq!((mine.title.as_str(), mine.location.as_deref()), ("one", Some("here")));
}

#[test]
fn an_unsent_update_and_a_deletion_become_a_deletion() {
    let mut client = OfflineClient::new();
    client.update("a", AppointmentChanges::new().title("one"));
    client.delete("a");
    let sent = client.send_all();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].get("title").is_none());
    assert_eq!(client.outcome(0), Ok(None));
}

#[test]
fn an_unsent_creation_and_its_deletion_cancel_each_other() {
    let mut client = OfflineClient::new();
    client.create("a");
    client.update("a", AppointmentChanges::new().title("one"));
    client.delete("a");
    assert_eq!(client.send_all(), Vec::<Value>::new());
    assert_eq!((client.outcome(0), client.outcome(2)), (Err(Refusal::Aborted), Ok(None)));
}

#[test]
fn a_creation_is_never_merged_with_an_update() {
    let mut client = OfflineClient::new();
    client.create("a");
    client.update("a", AppointmentChanges::new().title("one"));
    assert_eq!(client.send_all().len(), 2, "a refused update must not cost the appointment");
}

#[test]
fn an_update_after_a_pending_deletion_is_refused() {
    let mut client = OfflineClient::new();
    client.delete("a");
    client.update("a", AppointmentChanges::new().title("one"));
    assert_eq!(client.outcome(1), Err(Refusal::BeingDeleted));
    assert_eq!(client.send_all().len(), 1);
}

#[test]
fn updates_of_a_refused_creation_fail_without_being_sent() {
    let mut client = OfflineClient::new();
    client.create("a");
    client.update("a", AppointmentChanges::new().title("one"));
    client.now = 60_000;
    let error = json!({"__typename": "InvalidInput", "message": "no", "problems": []});
    let payload = json!({
        "__typename": "CreateAppointmentPayload", "appointment": null, "error": error,
    });
    let refused = json!({"data": {"createAppointment": payload}});
    while let Some((request, _)) = client.next_request() {
        client.engine.handle_response(client.now, request, Ok(refused.to_string().as_bytes()));
    }
    assert!(matches!(client.outcome(0), Err(Refusal::Invalid { .. })));
    assert_eq!(client.outcome(1), Err(Refusal::DependsOnRejected));
    assert!(client.engine.pending(|_| at(0)).is_empty());
}

#[test]
fn a_conditional_update_expects_the_revision_of_the_previous_response() {
    let mut client = OfflineClient::new();
    client.create("a");
    client.update("a", AppointmentChanges::new().title("one").if_unchanged());
    assert_eq!(client.send_all()[1]["expectedRevision"], 7);
}

#[test]
fn an_update_with_an_explicit_revision_keeps_it() {
    let mut client = OfflineClient::new();
    client.create("a");
    client.update("a", AppointmentChanges::new().title("one").if_revision(3));
    assert_eq!(
        client.send_all()[1]["expectedRevision"],
        3,
        "whatever revision the previous response had"
    );
}

#[test]
fn only_an_unsent_mutation_can_be_aborted() {
    let mut client = OfflineClient::new();
    let id = client.create("a");
    assert!(client.engine.abort(&id));
    assert_eq!(client.outcome(0), Err(Refusal::Aborted));
    assert_eq!(client.send_all(), Vec::<Value>::new());
    let id = client.create("b");
    assert!(client.next_request().is_some());
    assert!(!client.engine.abort(&id), "a sent mutation stays pending");
    assert_eq!(client.engine.pending(|_| at(0)).len(), 1);
}

#[test]
fn the_outcome_of_a_discarded_mutation_says_whether_it_was_sent() {
    let mut client = OfflineClient::new();
    let id = client.create("a");
    assert!(client.engine.discard(&id));
    assert_eq!(client.outcome(0), Err(Refusal::Aborted), "the mutation was never sent");
    let id = client.create("b");
    client.now = 60_000;
    while client.next_request().is_some() {}
    assert!(client.engine.discard(&id));
    assert_eq!(client.outcome(1), Err(Refusal::Discarded), "the server may have applied it");
}
