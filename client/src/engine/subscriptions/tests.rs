//! Events that settle a mutation, and events that do not.

use cynic_cache::Cache;
use fastrand::Rng;
use serde_json::{Value, json};

use super::super::Action;
use super::*;
use crate::wire::policy::Contract;

/// Returns the mutation that the first event of a calendar settles.
fn settled_by(kind: &str, rest: &Value) -> Option<String> {
    let cache = Cache::new(Contract).expect("the policy fits the schema");
    let mut context = Context::new(cache, Rng::with_seed(1));
    let mut subscriptions = Subscriptions::default();
    subscriptions.add("c");
    context.reset_scope(&Scope::new(APPOINTMENT, "c"), 0);
    subscriptions.pump(0, &mut context, true);
    let Some(Action::Subscribe { id, .. }) = context.actions.pop_front() else {
        panic!("the calendar is subscribed to");
    };
    let mut change = json!({
        "__typename": "AppointmentChange", "kind": kind, "revision": 1, "previousRevision": 0,
        "appointment": null, "deletedAppointmentId": null, "calendar": null, "mutationId": "m",
    });
    for (name, value) in rest.as_object().into_iter().flatten() {
        change[name] = value.clone();
    }
    let event = json!({"data": {"appointmentChanges": change}}).to_string();
    let effects = subscriptions.handle_event(0, &mut context, id, event.as_bytes());
    effects.settled.map(|(mutation, _)| mutation.to_string())
}

#[test]
fn a_deletion_settles_without_an_appointment() {
    let settled = settled_by("DELETED", &json!({"deletedAppointmentId": "a"}));
    assert_eq!(settled.as_deref(), Some("m"));
}

#[test]
fn an_event_that_lacks_its_appointment_settles_nothing() {
    for kind in ["CREATED", "UPDATED"] {
        assert_eq!(settled_by(kind, &json!({})), None, "{kind}");
    }
}
