//! Order, merging and calling off (C9, case 5), by a client that does not reach its server.

use serde_json::{Value, json};

use super::*;
use crate::model::input::{AppointmentChanges, NewAppointment};

fn at(hour: i64) -> DateTime {
    DateTime::from_timestamp(1_795_392_000 + hour * 3_600, 0).unwrap_or_default()
}

/// A client whose last try has found nobody, so that what it does now is not sent yet.
struct Offline {
    engine: Engine,
    told: Vec<oneshot::Receiver<MutationResult>>,
    now: Millis,
}

impl Offline {
    fn new() -> Self {
        let mut it =
            Self { engine: Engine::new(1).expect("the contract fits"), told: Vec::new(), now: 0 };
        it.does(
            "other",
            MutationInput::Create(Box::new(NewAppointment::new("other", at(0), at(1)))),
        );
        let (number, _) = it.sent().expect("it is tried");
        it.engine.handle_answer(0, number, Err(TransportError::new("nobody")));
        it
    }

    fn does(&mut self, id: &str, input: MutationInput) -> MutationId {
        let (tell, told) = oneshot::channel();
        self.told.push(told);
        self.engine.mutate(at(0), &"c".into(), &id.into(), input, tell)
    }

    fn creates(&mut self, id: &str) -> MutationId {
        self.does(id, MutationInput::Create(Box::new(NewAppointment::new(id, at(1), at(2)))))
    }

    fn changes(&mut self, id: &str, changes: AppointmentChanges) -> MutationId {
        self.does(id, MutationInput::Update(Box::new(changes)))
    }

    fn deletes(&mut self, id: &str) -> MutationId {
        self.does(id, MutationInput::Delete(Precondition::None))
    }

    /// What goes out next, in time.
    fn sent(&mut self) -> Option<(RequestNumber, Value)> {
        match self.engine.poll(self.now)? {
            Action::Send { number, body } => {
                Some((number, serde_json::from_str(&body).expect("JSON")))
            }
            _ => None,
        }
    }

    /// The inputs of all that goes out when the server is there again; each is done at once.
    fn all_sent(&mut self) -> Vec<Value> {
        self.now = 60_000;
        let mut inputs = Vec::new();
        while let Some((number, body)) = self.sent() {
            let input = body["variables"]["input"].clone();
            let answer = answer(&body);
            self.engine.handle_answer(self.now, number, Ok(answer.to_string().as_bytes()));
            inputs.push(input);
        }
        // The one that found nobody is no part of the story.
        inputs.retain(|it| it["id"] != "other");
        inputs
    }

    fn outcome(&mut self, number: usize) -> MutationResult {
        // The first is of the one that found nobody.
        self.told[number + 1].try_recv().expect("somebody tells").expect("it is decided")
    }
}

/// Whatever is asked for is done.
fn answer(body: &Value) -> Value {
    let input = &body["variables"]["input"];
    let of = |kind: &str, done: Value| {
        let mut payload = json!({"__typename": format!("{kind}AppointmentPayload"), "error": null});
        done.as_object().into_iter().flatten().for_each(|(name, it)| payload[name] = it.clone());
        json!({"data": {format!("{}Appointment", kind.to_lowercase()): payload}})
    };
    let appointment = json!({"__typename": "Appointment", "id": input["id"], "calendarId": "c", "title": "t", "description": null,
        "location": null, "startsAt": at(1), "endsAt": at(2), "allDay": false, "timeZone": "UTC", "status": "CONFIRMED",
        "attendees": [], "revision": 7});
    let text = body["query"].as_str().unwrap_or_default();
    match text {
        _ if text.contains("deleteAppointment") => {
            of("Delete", json!({"deletedAppointmentId": input["id"], "revision": 8}))
        }
        _ if text.contains("updateAppointment") => {
            of("Update", json!({"appointment": appointment}))
        }
        _ => of("Create", json!({"appointment": appointment})),
    }
}

#[test]
fn unsent_changes_become_one() {
    let mut it = Offline::new();
    let first = it.changes("a", AppointmentChanges::new().title("one").location("here"));
    let second = it.changes("a", AppointmentChanges::new().title("two").description(None));
    assert_ne!(first, second, "another content has another id");
    let sent = it.all_sent();
    assert_eq!(sent.len(), 1);
    assert_eq!((&sent[0]["title"], &sent[0]["location"]), (&json!("two"), &json!("here")));
    assert_eq!((&sent[0]["description"], &sent[0]["mutationId"]), (&Value::Null, &json!(second)));
    assert!(sent[0].get("startsAt").is_none(), "what was not said is not sent");
    assert!(it.outcome(0).is_ok() && it.outcome(1).is_ok(), "both hear of it");
}

#[test]
fn what_is_merged_is_seen_in_one_step() {
    let mut it = Offline::new();
    it.creates("a");
    let range = crate::wire::operations::TimeRange { start: at(0), end: at(24) };
    let query = crate::wire::prepare::range_query(it.engine.cache(), &"c".into(), range);
    let mut watch = it.engine.cache().watch(&query);
    it.changes("a", AppointmentChanges::new().title("one"));
    watch.delta();
    it.changes("a", AppointmentChanges::new().location("here"));
    let delta = watch.delta();
    assert_eq!((delta.changed.len(), delta.added.len(), delta.removed.len()), (1, 0, 0));
    let view = watch.view();
    let items = &view.data().expect("it is shown").appointments_in_range.appointments;
    let mine = items.iter().find(|it| it.id == "a").expect("it is there");
    assert_eq!((mine.title.as_str(), mine.location.as_deref()), ("one", Some("here")));
}

#[test]
fn a_change_and_a_deletion_are_a_deletion() {
    let mut it = Offline::new();
    it.changes("a", AppointmentChanges::new().title("one"));
    it.deletes("a");
    let sent = it.all_sent();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].get("title").is_none());
    assert_eq!(it.outcome(0), Ok(None));
}

#[test]
fn a_creation_and_a_deletion_are_nothing() {
    let mut it = Offline::new();
    it.creates("a");
    it.changes("a", AppointmentChanges::new().title("one"));
    it.deletes("a");
    assert_eq!(it.all_sent(), Vec::<Value>::new());
    assert_eq!((it.outcome(0), it.outcome(2)), (Err(Refusal::Aborted), Ok(None)));
}

#[test]
fn a_creation_is_never_merged_with_a_change() {
    let mut it = Offline::new();
    it.creates("a");
    it.changes("a", AppointmentChanges::new().title("one"));
    assert_eq!(it.all_sent().len(), 2, "a change that is refused must not cost the appointment");
}

#[test]
fn nothing_is_changed_after_a_deletion() {
    let mut it = Offline::new();
    it.deletes("a");
    it.changes("a", AppointmentChanges::new().title("one"));
    assert_eq!(it.outcome(1), Err(Refusal::BeingDeleted));
    assert_eq!(it.all_sent().len(), 1);
}

#[test]
fn behind_a_refused_creation_all_fail_unsent() {
    let mut it = Offline::new();
    it.creates("a");
    it.changes("a", AppointmentChanges::new().title("one"));
    it.now = 60_000;
    let refused = json!({"data": {"createAppointment": {"__typename": "CreateAppointmentPayload", "appointment": null,
        "error": {"__typename": "InvalidInput", "message": "no", "problems": []}}}});
    while let Some((number, _)) = it.sent() {
        it.engine.handle_answer(it.now, number, Ok(refused.to_string().as_bytes()));
    }
    assert!(matches!(it.outcome(0), Err(Refusal::Invalid { .. })));
    assert_eq!(it.outcome(1), Err(Refusal::DependsOnRejected));
    assert!(it.engine.pending(|_| at(0)).is_empty());
}

#[test]
fn what_depends_on_a_revision_takes_over_that_of_the_answer_before_it() {
    let mut it = Offline::new();
    it.creates("a");
    it.changes("a", AppointmentChanges::new().title("one").if_unchanged());
    assert_eq!(it.all_sent()[1]["expectedRevision"], 7);
}

#[test]
fn what_names_a_revision_keeps_it() {
    let mut it = Offline::new();
    it.creates("a");
    it.changes("a", AppointmentChanges::new().title("one").if_revision(3));
    assert_eq!(it.all_sent()[1]["expectedRevision"], 3, "whatever the answer before it has left");
}

#[test]
fn only_what_was_not_sent_can_be_called_off() {
    let mut it = Offline::new();
    let id = it.creates("a");
    assert!(it.engine.abort(&id));
    assert_eq!(it.outcome(0), Err(Refusal::Aborted));
    assert_eq!(it.all_sent(), Vec::<Value>::new());
    let id = it.creates("b");
    assert!(it.sent().is_some());
    assert!(!it.engine.abort(&id), "it stays pending");
    assert_eq!(it.engine.pending(|_| at(0)).len(), 1);
}

#[test]
fn a_discarded_mutation_says_whether_it_was_sent() {
    let mut it = Offline::new();
    let id = it.creates("a");
    assert!(it.engine.discard(&id));
    assert_eq!(it.outcome(0), Err(Refusal::Aborted), "it was never sent");
    let id = it.creates("b");
    it.now = 60_000;
    while it.sent().is_some() {}
    assert!(it.engine.discard(&id));
    assert_eq!(it.outcome(1), Err(Refusal::Discarded), "the server may have done it");
}
