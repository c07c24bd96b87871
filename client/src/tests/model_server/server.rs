//! A model of the server: calendars with logs, a ledger, and what it answers to the operations of the SDK. It
//! decides as the server's rules say (S1, S7, S10, S11, S13), in as few lines as that takes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::log::Log;
use crate::model::scalars::DateTime;

/// The server.
#[derive(Clone, Debug, Default)]
pub(in crate::tests) struct Server {
    pub(in crate::tests) calendars: BTreeMap<String, Log>,
    /// The first decision under a mutation id is the decision.
    pub(in crate::tests) ledger: BTreeMap<String, Value>,
}

impl Server {
    /// Answers a request, as JSON.
    pub(in crate::tests) fn answer(&mut self, body: &Value) -> Value {
        let text = body["query"].as_str().unwrap_or_default();
        let variables = &body["variables"];
        let input = &variables["input"];
        if text.contains("appointmentsInRange") {
            return json!({"data": {"appointmentsInRange": self.range(variables)}});
        }
        if text.contains("appointment(id") {
            let id = variables["id"].as_str().unwrap_or_default();
            let found = self.calendars.values().find_map(|it| it.at(it.head()).remove(id));
            return json!({"data": {"appointment": found}});
        }
        for (field, decide) in [
            ("createAppointment", Self::create as fn(&mut Self, &Value) -> Value),
            ("updateAppointment", Self::update),
            ("deleteAppointment", Self::delete),
        ] {
            if text.contains(field) {
                let id = input["mutationId"].as_str().unwrap_or_default().to_owned();
                let decided = self.ledger.get(&id).cloned();
                let decided = decided.unwrap_or_else(|| decide(self, input));
                self.ledger.insert(id, decided.clone());
                return json!({"data": {field: decided}});
            }
        }
        json!({"errors": [{"message": "unknown", "extensions": {"code": "VALIDATION_FAILED"}}]})
    }

    fn range(&self, variables: &Value) -> Value {
        let calendar = variables["calendar"].as_str().unwrap_or_default();
        let log = &self.calendars[calendar];
        let (start, end) = (at(&variables["range"]["start"]), at(&variables["range"]["end"]));
        let all = log.at(log.head()).into_values().filter(|it| touches(it, start, end));
        let appointments: Vec<Value> = all.collect();
        json!({"__typename": "AppointmentsInRange", "revision": log.head(), "appointments": appointments})
    }

    fn create(&mut self, input: &Value) -> Value {
        let calendar = input["calendarId"].as_str().unwrap_or_default().to_owned();
        let id = input["id"].as_str().unwrap_or_default();
        let mut new =
            json!({"__typename": "Appointment", "id": id, "calendarId": calendar, "revision": 0});
        set(&mut new, input);
        if let Some(refused) = self.overlap(&calendar, id, &new) {
            return payload("Create", Err(refused));
        }
        self.commit(&calendar, id, Some(new), input, "Create")
    }

    fn update(&mut self, input: &Value) -> Value {
        match self.standing(input) {
            Err(refused) => payload("Update", Err(refused)),
            Ok((calendar, before)) => {
                let mut stands = before.clone();
                set(&mut stands, input);
                if stands == before {
                    // Nothing is changed, so nothing is written (S1).
                    let revision = stands["revision"].as_u64().unwrap_or_default();
                    return payload("Update", Ok(("", Some(stands), revision)));
                }
                let id = input["id"].as_str().unwrap_or_default();
                if let Some(refused) = self.overlap(&calendar, id, &stands) {
                    return payload("Update", Err(refused));
                }
                self.commit(&calendar, id, Some(stands), input, "Update")
            }
        }
    }

    fn delete(&mut self, input: &Value) -> Value {
        match self.standing(input) {
            Err(refused) => payload("Delete", Err(refused)),
            Ok((calendar, _)) => {
                let id = input["id"].as_str().unwrap_or_default();
                self.commit(&calendar, id, None, input, "Delete")
            }
        }
    }

    /// The appointment that is meant, and its calendar; or why there is none to be changed.
    fn standing(&self, input: &Value) -> Result<(String, Value), Value> {
        let id = input["id"].as_str().unwrap_or_default();
        for (calendar, log) in &self.calendars {
            if let Some(stands) = log.at(log.head()).remove(id) {
                let expected = &input["expectedRevision"];
                if !expected.is_null() && *expected != stands["revision"] {
                    return Err(
                        json!({"__typename": "RevisionConflict", "message": "changed", "current": stands}),
                    );
                }
                return Ok((calendar.clone(), stands));
            }
        }
        let deleted = self.calendars.values().find_map(|it| it.deleted_at(id));
        Err(json!({"__typename": "NotFound", "message": "none", "revision": deleted}))
    }

    fn overlap(&self, calendar: &str, id: &str, new: &Value) -> Option<Value> {
        let log = &self.calendars[calendar];
        if !log.is_strict {
            return None;
        }
        let (start, end) = (at(&new["startsAt"]), at(&new["endsAt"]));
        let overlaps = |it: &Value| at(&it["startsAt"]) < end && at(&it["endsAt"]) > start;
        let there = log.at(log.head()).into_iter().filter(|(it, _)| it != id);
        let conflicts: Vec<Value> = there
            .filter(|(_, it)| overlaps(it))
            .map(|(_, it)| {
                json!({"__typename": "SlotConflict", "startsAt": it["startsAt"], "endsAt": it["endsAt"], "appointment": it})
            })
            .collect();
        let count = conflicts.len();
        (count > 0).then(|| {
            json!({"__typename": "TimeSlotTaken", "message": "taken", "conflicts": conflicts, "conflictCount": count})
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
        let by = input["mutationId"].as_str().unwrap_or_default();
        let log = self.calendars.entry(calendar.to_owned()).or_default();
        let revision = log.commit(id, after, by);
        let after = log.at(revision).remove(id);
        payload(kind, Ok((id, after, revision)))
    }

    /// Somebody else creates, changes or deletes.
    pub(in crate::tests) fn commit_by_others(
        &mut self,
        calendar: &str,
        id: &str,
        after: Option<Value>,
    ) {
        let log = self.calendars.entry(calendar.to_owned()).or_default();
        let by = format!("others-{}", log.head());
        log.commit(id, after, &by);
    }

    /// A backup of it is restored, and raised.
    pub(in crate::tests) fn restore(&mut self, backup: &Self) {
        for (calendar, log) in &mut self.calendars {
            *log = log.restored(&backup.calendars[calendar]);
        }
        self.ledger.clone_from(&backup.ledger);
    }

    /// The event of a revision, after the one that was told before.
    pub(in crate::tests) fn event(&self, calendar: &str, revision: u64) -> Value {
        let (id, after, by) = self.calendars[calendar].change(revision);
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
                "appointment": after, "deletedAppointmentId": deleted, "mutationId": by,
            }),
        )
    }
}

/// An event of a subscription.
pub(in crate::tests) fn change(kind: &str, revision: u64, previous: u64, rest: Value) -> Value {
    let mut change = json!({
        "__typename": "AppointmentChange", "kind": kind, "revision": revision, "previousRevision": previous,
        "appointment": null, "deletedAppointmentId": null, "calendar": null, "mutationId": null,
    });
    for (name, value) in rest.as_object().into_iter().flatten() {
        change[name] = value.clone();
    }
    json!({"data": {"appointmentChanges": change}})
}

fn payload(kind: &str, done: Result<(&str, Option<Value>, u64), Value>) -> Value {
    let mut payload = json!({"__typename": format!("{kind}AppointmentPayload"), "error": null});
    match (done, kind) {
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

/// Takes over the fields that were sent.
fn set(appointment: &mut Value, input: &Value) {
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

pub(in crate::tests) fn at(value: &Value) -> DateTime {
    value.as_str().and_then(|it| it.parse().ok()).unwrap_or_default()
}

/// The predicate that is the same everywhere (S13).
pub(in crate::tests) fn touches(appointment: &Value, start: DateTime, end: DateTime) -> bool {
    let (starts, ends) = (at(&appointment["startsAt"]), at(&appointment["endsAt"]));
    starts < end && (ends > start || starts >= start)
}
