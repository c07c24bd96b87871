//! Snapshots: what a client saves for its next run, that is, the cache and the outbox (C16).
//!
//! **Invariant:** a mutation that was sent is sent again with the same content. So its content
//! follows from the snapshot alone.
//!
//! A snapshot begins with the length of the cache's part, as 8 bytes in little-endian order. The
//! cache's part follows, and then the outbox as JSON.

use cynic_cache::SnapshotError;
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::outbox::Outbox;
use super::outbox_state::{Item, ItemState};
use super::retry::Retry;
use crate::model::id::{AppointmentId, CalendarId, MutationId};
use crate::model::outbox::{OutboxEntry, OutboxState};
use crate::model::scalars::{DateTime, Revision};
use crate::mutation::{MutationInput, PreparedMutation};
use crate::optimistic;

/// A mutation of the outbox, as it is saved.
#[derive(Serialize, Deserialize)]
struct SavedMutation {
    id: MutationId,
    appointment: AppointmentId,
    calendar: CalendarId,
    input: MutationInput,
    expected: Option<Revision>,
    was_sent: bool,
}

/// The number of days for which a server remembers mutation ids, at least.
const LEDGER_DAYS: i64 = 90;

/// Returns a snapshot of the cache and the outbox.
pub(super) fn write(context: &Context, outbox: &Outbox) -> Vec<u8> {
    let cache = context.cache.snapshot();
    let mutations: Vec<SavedMutation> = outbox.items.iter().map(SavedMutation::of).collect();
    let outbox = serde_json::to_vec(&mutations).unwrap_or_default();
    let mut snapshot = (cache.len() as u64).to_le_bytes().to_vec();
    snapshot.extend(cache);
    snapshot.extend(outbox);
    snapshot
}

/// Restores a snapshot. Returns the mutations that were sent too long ago to be sent again.
pub(super) fn restore(
    context: &Context,
    outbox: &mut Outbox,
    now: DateTime,
    snapshot: &[u8],
) -> Result<Vec<OutboxEntry>, SnapshotError> {
    let (cache, mutations) = split(snapshot).ok_or(SnapshotError::Damaged)?;
    let mutations: Vec<SavedMutation> =
        serde_json::from_slice(mutations).map_err(|_| SnapshotError::Damaged)?;
    context.cache.restore(cache)?;
    let mut expired = Vec::new();
    for mutation in mutations {
        if mutation.is_expired(now) {
            expired.push(mutation.into_entry());
        } else {
            restore_mutation(context, outbox, mutation);
        }
    }
    Ok(expired)
}

/// Splits a snapshot into the cache's part and the outbox's.
fn split(snapshot: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = snapshot.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

fn restore_mutation(context: &Context, outbox: &mut Outbox, saved: SavedMutation) {
    let SavedMutation { id, appointment, calendar, input, expected, was_sent } = saved;
    let prediction = optimistic::prediction_for(&calendar, &appointment, &input);
    let mutation =
        PreparedMutation::new(&context.cache, &calendar, &appointment, &input, expected, &id);
    let sent = mutation.ok().filter(|_| was_sent);
    if context.cache.predict(id.as_str(), prediction).is_ok() {
        outbox.items.push(Item {
            id,
            appointment,
            calendar,
            input,
            expected,
            sent,
            state: ItemState::Queued,
            retry: Retry::default(),
            callers: Vec::new(),
        });
    }
}

impl SavedMutation {
    fn of(item: &Item) -> Self {
        Self {
            id: item.id.clone(),
            appointment: item.appointment.clone(),
            calendar: item.calendar.clone(),
            input: item.input.clone(),
            expected: item.expected,
            was_sent: item.sent.is_some(),
        }
    }

    /// Returns whether the mutation was sent so long ago that the server may have forgotten its id.
    fn is_expired(&self, now: DateTime) -> bool {
        self.was_sent && age_days(&self.id, now).is_none_or(|days| days >= LEDGER_DAYS)
    }

    fn into_entry(self) -> OutboxEntry {
        OutboxEntry {
            mutation_id: self.id,
            appointment_id: self.appointment,
            calendar_id: self.calendar,
            kind: self.input.kind(),
            state: OutboxState::Sent,
        }
    }
}

/// Returns how many days ago an id was created, from the time in the id. `None`: it has none.
fn age_days(id: &MutationId, now: DateTime) -> Option<i64> {
    let id = uuid::Uuid::try_parse(id.as_str()).ok()?;
    let (seconds, _) = id.get_timestamp()?.to_unix();
    Some((now.timestamp() - i64::try_from(seconds).ok()?) / 86_400)
}

#[cfg(test)]
mod tests {
    use futures_channel::oneshot;

    use super::*;
    use crate::engine::{Action, Engine};
    use crate::model::input::{AppointmentChanges, NewAppointment};

    fn at(day: i64) -> DateTime {
        DateTime::from_timestamp(1_795_392_000 + day * 86_400, 0).unwrap_or_default()
    }

    /// Returns an engine that has sent a creation and queued an update of it, and the body of the
    /// creation.
    fn with_pending_mutations() -> (Engine, String) {
        let mut engine = Engine::new(1).expect("the contract fits");
        let (calendar, id) = ("c".into(), "a".into());
        let new = NewAppointment::new("One", at(0), at(1)).description("more");
        let changes = AppointmentChanges::new().title("Two").description(None);
        for input in
            [MutationInput::Create(Box::new(new)), MutationInput::Update(Box::new(changes))]
        {
            engine.mutate(at(0), &calendar, &id, input, oneshot::channel().0);
        }
        let Some(Action::Send { body, .. }) = engine.poll(0) else { panic!("nothing is sent") };
        assert_eq!(engine.poll(0), None, "one at a time");
        (engine, body)
    }

    #[test]
    fn a_restored_mutation_is_sent_again_unchanged_before_later_ones() {
        let (engine, sent) = with_pending_mutations();
        let mut restored = Engine::new(2).expect("the contract fits");
        assert_eq!(restored.restore(at(1), &engine.snapshot()), Ok(Vec::new()));
        assert_eq!(restored.pending(|_| at(0)).len(), 2);
        let Some(Action::Send { id, body }) = restored.poll(0) else { panic!("nothing is sent") };
        assert_eq!(body, sent);
        let appointment = serde_json::json!({
            "__typename": "Appointment", "id": "a", "calendarId": "c", "title": "One",
            "description": "more", "location": null, "startsAt": at(0), "endsAt": at(1),
            "allDay": false, "timeZone": "UTC", "status": "CONFIRMED", "attendees": [],
            "revision": 1,
        });
        let payload = serde_json::json!({
            "__typename": "CreateAppointmentPayload", "appointment": appointment, "error": null,
        });
        let response = serde_json::json!({"data": {"createAppointment": payload}}).to_string();
        restored.handle_response(0, id, Ok(response.as_bytes()));
        let Some(Action::Send { body, .. }) = restored.poll(0) else {
            panic!("the update is not sent")
        };
        assert!(body.contains(r#""title":"Two","description":null"#), "{body}");
    }

    #[test]
    fn a_sent_mutation_older_than_the_ledger_is_not_sent_again() {
        let (engine, _) = with_pending_mutations();
        let mut restored = Engine::new(2).expect("the contract fits");
        let expired =
            restored.restore(at(91), &engine.snapshot()).expect("the snapshot is complete");
        assert_eq!(expired.len(), 1);
        assert_eq!(
            restored.pending(|_| at(0)).len(),
            1,
            "a mutation that was never sent does not expire"
        );
    }

    #[test]
    fn a_truncated_snapshot_is_refused() {
        let snapshot = with_pending_mutations().0.snapshot();
        for length in 0..snapshot.len() {
            let mut restored = Engine::new(2).expect("the contract fits");
            assert!(restored.restore(at(1), &snapshot[..length]).is_err());
            assert!(restored.pending(|_| at(0)).is_empty());
        }
    }
}
