//! The model server: calendars with logs, a ledger, and the responses to the operations of the SDK.
//!
//! It decides by the rules of the real server (S1, S7, S10, S11, S13), in as few lines as possible.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::log::Log;
use crate::model::scalars::DateTime;

/// The state of the model server.
#[derive(Clone, Debug, Default)]
pub(in crate::tests) struct Server {
    pub(in crate::tests) calendars: BTreeMap<String, Log>,
    /// Decisions by mutation id. A repeated mutation gets the same decision.
    pub(in crate::tests) ledger: BTreeMap<String, Value>,
}

impl Server {
    /// Returns the response to a request.
    pub(in crate::tests) fn respond(&mut self, body: &Value) -> Value {
        let query = body["query"].as_str().unwrap_or_default();
        let variables = &body["variables"];
        let input = &variables["input"];
        if query.contains("appointmentsInRange") {
            return json!({"data": {"appointmentsInRange": self.range(variables)}});
        }
        if query.contains("appointment(id") {
            let id = variables["id"].as_str().unwrap_or_default();
            let found = self.calendars.values().find_map(|it| it.at(it.head()).remove(id));
            return json!({"data": {"appointment": found}});
        }
        for (field, decide) in [
            ("createAppointment", Self::create as fn(&mut Self, &Value) -> Value),
            ("updateAppointment", Self::update),
            ("deleteAppointment", Self::delete),
        ] {
            if query.contains(field) {
                let id = input["mutationId"].as_str().unwrap_or_default().to_owned();
                let earlier = self.ledger.get(&id).cloned();
                let decision = earlier.unwrap_or_else(|| decide(self, input));
                self.ledger.insert(id, decision.clone());
                return json!({"data": {field: decision}});
            }
        }
        json!({"errors": [{"message": "unknown", "extensions": {"code": "VALIDATION_FAILED"}}]})
    }

    fn range(&self, variables: &Value) -> Value {
        let calendar = variables["calendar"].as_str().unwrap_or_default();
        let log = &self.calendars[calendar];
        let start = at(&variables["range"]["start"]);
        let end = at(&variables["range"]["end"]);
        let all = log.at(log.head()).into_values().filter(|it| touches(it, start, end));
        let appointments: Vec<Value> = all.collect();
        json!({
            "__typename": "AppointmentsInRange", "revision": log.head(),
            "appointments": appointments,
        })
    }

    fn create(&mut self, input: &Value) -> Value {
        let calendar = input["calendarId"].as_str().unwrap_or_default().to_owned();
        let id = input["id"].as_str().unwrap_or_default();
        let mut new =
            json!({"__typename": "Appointment", "id": id, "calendarId": calendar, "revision": 0});
        apply_input(&mut new, input);
        if let Some(error) = self.overlap_error(&calendar, id, &new) {
            return payload("Create", Err(error));
        }
        self.commit(&calendar, id, Some(new), input, "Create")
    }

    fn update(&mut self, input: &Value) -> Value {
        match self.find(input) {
            Err(error) => payload("Update", Err(error)),
            Ok((calendar, before)) => {
                let mut after = before.clone();
                apply_input(&mut after, input);
                if after == before {
                    // An update without a change is not written (S1).
                    let revision = after["revision"].as_u64().unwrap_or_default();
                    return payload("Update", Ok(("", Some(after), revision)));
                }
                let id = input["id"].as_str().unwrap_or_default();
                if let Some(error) = self.overlap_error(&calendar, id, &after) {
                    return payload("Update", Err(error));
                }
                self.commit(&calendar, id, Some(after), input, "Update")
            }
        }
    }

    fn delete(&mut self, input: &Value) -> Value {
        match self.find(input) {
            Err(error) => payload("Delete", Err(error)),
            Ok((calendar, _)) => {
                let id = input["id"].as_str().unwrap_or_default();
                self.commit(&calendar, id, None, input, "Delete")
            }
        }
    }

    /// Returns the appointment that the input names, and its calendar; or the error that refuses
    /// the change.
    fn find(&self, input: &Value) -> Result<(String, Value), Value> {
        let id = input["id"].as_str().unwrap_or_default();
        for (calendar, log) in &self.calendars {
            if let Some(current) = log.at(log.head()).remove(id) {
                let expected = &input["expectedRevision"];
                if !expected.is_null() && *expected != current["revision"] {
                    return Err(json!({
                        "__typename": "RevisionConflict", "message": "changed", "current": current,
                    }));
                }
                return Ok((calendar.clone(), current));
            }
        }
        let deleted = self.calendars.values().find_map(|it| it.deleted_at(id));
        Err(json!({"__typename": "NotFound", "message": "none", "revision": deleted}))
    }

    fn overlap_error(&self, calendar: &str, id: &str, new: &Value) -> Option<Value> {
        let log = &self.calendars[calendar];
        if !log.is_strict {
            return None;
        }
        let start = at(&new["startsAt"]);
        let end = at(&new["endsAt"]);
        let overlaps = |it: &Value| at(&it["startsAt"]) < end && at(&it["endsAt"]) > start;
        let there = log.at(log.head()).into_iter().filter(|(it, _)| it != id);
        let conflicts: Vec<Value> = there
            .filter(|(_, it)| overlaps(it))
            .map(|(_, it)| {
                json!({
                    "__typename": "SlotConflict", "startsAt": it["startsAt"],
                    "endsAt": it["endsAt"], "appointment": it,
                })
            })
            .collect();
        let count = conflicts.len();
        (count > 0).then(|| {
            json!({
                "__typename": "TimeSlotTaken", "message": "taken", "conflicts": conflicts,
                "conflictCount": count,
            })
        })
    }

    fn commit(
        &mut self,
        calendar: &str,
        id: &str,
        after: Option<Value>,
        input: &Value,
        kind: &str,
    ) -> Value {
        let mutation = input["mutationId"].as_str().unwrap_or_default();
        let log = self.calendars.entry(calendar.to_owned()).or_default();
        let revision = log.commit(id, after, mutation);
        let after = log.at(revision).remove(id);
        payload(kind, Ok((id, after, revision)))
    }

    /// Commits a change of another client: a new content, or a deletion.
    pub(in crate::tests) fn commit_other(
        &mut self,
        calendar: &str,
        id: &str,
        after: Option<Value>,
    ) {
        let log = self.calendars.entry(calendar.to_owned()).or_default();
        let mutation = format!("other-{}", log.head());
        log.commit(id, after, &mutation);
    }

    /// Restores a backup, and raises the revisions.
    pub(in crate::tests) fn restore(&mut self, backup: &Self) {
        for (calendar, log) in &mut self.calendars {
            *log = log.restored(&backup.calendars[calendar]);
        }
        self.ledger.clone_from(&backup.ledger);
    }

    /// Returns the event of a revision.
    pub(in crate::tests) fn event(&self, calendar: &str, revision: u64) -> Value {
        let (id, after, mutation) = self.calendars[calendar].change(revision);
        let is_new = !self.calendars[calendar].at(revision - 1).contains_key(id);
        let kind = match after {
            None => "DELETED",
            Some(_) if is_new => "CREATED",
            Some(_) => "UPDATED",
        };
        let deleted = after.is_none().then_some(id);
        change(
            kind,
            revision,
            revision - 1,
            json!({
                "appointment": after, "deletedAppointmentId": deleted, "mutationId": mutation,
            }),
        )
    }
}

/// Returns an event of a subscription.
pub(in crate::tests) fn change(kind: &str, revision: u64, previous: u64, rest: Value) -> Value {
    let mut change = json!({
        "__typename": "AppointmentChange", "kind": kind, "revision": revision,
        "previousRevision": previous, "appointment": null, "deletedAppointmentId": null,
        "calendar": null, "mutationId": null,
    });
    for (name, value) in rest.as_object().into_iter().flatten() {
        change[name] = value.clone();
    }
    json!({"data": {"appointmentChanges": change}})
}

fn payload(kind: &str, result: Result<(&str, Option<Value>, u64), Value>) -> Value {
    let mut payload = json!({"__typename": format!("{kind}AppointmentPayload"), "error": null});
    match (result, kind) {
        (Ok((id, _, revision)), "Delete") => {
            payload["deletedAppointmentId"] = json!(id);
            payload["revision"] = json!(revision);
        }
        (Ok((_, after, _)), _) => payload["appointment"] = json!(after),
        (Err(error), "Delete") => {
            payload["deletedAppointmentId"] = Value::Null;
            payload["revision"] = Value::Null;
            payload["error"] = error;
        }
        (Err(error), _) => {
            payload["appointment"] = Value::Null;
            payload["error"] = error;
        }
    }
    payload
}

/// Sets the fields that the input contains.
fn apply_input(appointment: &mut Value, input: &Value) {
    for field in [
        "title",
        "description",
        "location",
        "startsAt",
        "endsAt",
        "allDay",
        "timeZone",
        "status",
        "attendees",
    ] {
        if let Some(value) = input.get(field) {
            appointment[field] = value.clone();
        }
    }
}

/// Parses an instant.
pub(in crate::tests) fn at(value: &Value) -> DateTime {
    value.as_str().and_then(|it| it.parse().ok()).unwrap_or_default()
}

/// Returns whether an appointment is in a range. Server, cache and model use the same rule (S13).
pub(in crate::tests) fn touches(appointment: &Value, start: DateTime, end: DateTime) -> bool {
    let starts = at(&appointment["startsAt"]);
    let ends = at(&appointment["endsAt"]);
    starts < end && (ends > start || starts >= start)
}
