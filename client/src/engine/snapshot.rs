//! What outlives a program: the base as the cache keeps it, and the outbox beside it (C16).
//!
//! **Invariant:** what was handed to a transport is sent again as it was: its content follows from what is kept,
//! and from nothing else.

use cynic_cache::SnapshotError;
use serde::{Deserialize, Serialize};

use super::Engine;
use super::outbox::{Item, State};
use crate::model::id::{AppointmentId, CalendarId, MutationId};
use crate::model::outbox::{OutboxEntry, OutboxState};
use crate::model::scalars::{DateTime, Revision};
use crate::mutation::{MutationInput, PreparedMutation};
use crate::optimistic;

/// A mutation that is not decided.
#[derive(Serialize, Deserialize)]
struct KeptItem {
    id: MutationId,
    appointment: AppointmentId,
    calendar: CalendarId,
    input: MutationInput,
    expected: Option<Revision>,
    was_handed: bool,
}

/// How long servers remember what they have decided, in days; longer settings of theirs do no harm.
const REMEMBERED: i64 = 90;

impl Engine {
    /// The cache's bytes, their length before them and the outbox behind.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        let base = self.cache.snapshot();
        let items: Vec<KeptItem> = self.outbox.items.iter().map(KeptItem::of).collect();
        let outbox = serde_json::to_vec(&items).unwrap_or_default();
        let mut kept = (base.len() as u64).to_le_bytes().to_vec();
        kept.extend(base);
        kept.extend(outbox);
        kept
    }

    /// Goes on from there. Returns what was sent too long ago to be sent again.
    pub(crate) fn restore(
        &mut self,
        now: DateTime,
        kept: &[u8],
    ) -> Result<Vec<OutboxEntry>, SnapshotError> {
        let (length, rest) = kept.split_first_chunk().ok_or(SnapshotError::Damaged)?;
        let length =
            usize::try_from(u64::from_le_bytes(*length)).map_err(|_| SnapshotError::Damaged)?;
        let (base, outbox) = rest.split_at_checked(length).ok_or(SnapshotError::Damaged)?;
        let items: Vec<KeptItem> =
            serde_json::from_slice(outbox).map_err(|_| SnapshotError::Damaged)?;
        self.cache.restore(base)?;
        let mut unknown = Vec::new();
        for item in items {
            if item.was_handed && age(&item.id, now).is_none_or(|days| days >= REMEMBERED) {
                unknown.push(OutboxEntry {
                    mutation_id: item.id,
                    appointment_id: item.appointment,
                    calendar_id: item.calendar,
                    kind: item.input.kind(),
                    state: OutboxState::Sent,
                });
            } else {
                self.take_up(item);
            }
        }
        Ok(unknown)
    }

    fn take_up(&mut self, kept: KeptItem) {
        let KeptItem { id, appointment, calendar, input, expected, was_handed } = kept;
        let prediction = optimistic::prediction_for(&calendar, &appointment, &input);
        let made =
            PreparedMutation::new(&self.cache, &calendar, &appointment, &input, expected, &id);
        let handed = made.ok().filter(|_| was_handed);
        if self.cache.predict(id.as_str(), prediction).is_ok() {
            let (state, waiting) = (State::Queued, Vec::new());
            let item = Item {
                id,
                appointment,
                calendar,
                input,
                expected,
                handed,
                state,
                tries: 0,
                waiting,
            };
            self.outbox.items.push(item);
        }
    }
}

impl KeptItem {
    fn of(item: &Item) -> Self {
        Self {
            id: item.id.clone(),
            appointment: item.appointment.clone(),
            calendar: item.calendar.clone(),
            input: item.input.clone(),
            expected: item.expected,
            was_handed: item.handed.is_some(),
        }
    }
}

/// How many days ago an id was made, which it says itself.
fn age(id: &MutationId, now: DateTime) -> Option<i64> {
    let id = uuid::Uuid::try_parse(id.as_str()).ok()?;
    let (seconds, _) = id.get_timestamp()?.to_unix();
    Some((now.timestamp() - i64::try_from(seconds).ok()?) / 86_400)
}

#[cfg(test)]
mod tests {
    use futures_channel::oneshot;

    use super::*;
    use crate::engine::Action;
    use crate::model::input::{AppointmentChanges, NewAppointment};

    fn at(day: i64) -> DateTime {
        DateTime::from_timestamp(1_795_392_000 + day * 86_400, 0).unwrap_or_default()
    }

    /// An engine in which one creation was sent, and a change of it waits behind.
    fn busy() -> (Engine, String) {
        let mut engine = Engine::new(1).expect("the contract fits");
        let (calendar, id) = ("c".into(), "a".into());
        let new = NewAppointment::new("One", at(0), at(1)).description("more");
        let changes = AppointmentChanges::new().title("Two").description(None);
        for input in
            [MutationInput::Create(Box::new(new)), MutationInput::Update(Box::new(changes))]
        {
            engine.mutate(at(0), &calendar, &id, input, oneshot::channel().0);
        }
        let Some(Action::Send { body, .. }) = engine.poll(0) else { panic!("it is to be sent") };
        assert_eq!(engine.poll(0), None, "one at a time");
        (engine, body)
    }

    #[test]
    fn what_was_sent_is_sent_again_as_it_was_and_the_rest_behind_it() {
        let (engine, sent) = busy();
        let mut again = Engine::new(2).expect("the contract fits");
        assert_eq!(again.restore(at(1), &engine.snapshot()), Ok(Vec::new()));
        assert_eq!(again.pending(|_| at(0)).len(), 2);
        let Some(Action::Send { number, body }) = again.poll(0) else { panic!("it is to be sent") };
        assert_eq!(body, sent);
        let appointment = serde_json::json!({"__typename": "Appointment", "id": "a", "calendarId": "c", "title": "One",
            "description": "more", "location": null, "startsAt": at(0), "endsAt": at(1), "allDay": false, "timeZone": "UTC",
            "status": "CONFIRMED", "attendees": [], "revision": 1});
        let payload = serde_json::json!({"__typename": "CreateAppointmentPayload", "appointment": appointment, "error": null});
        let answer = serde_json::json!({"data": {"createAppointment": payload}}).to_string();
        again.handle_answer(0, number, Ok(answer.as_bytes()));
        let Some(Action::Send { body, .. }) = again.poll(0) else {
            panic!("the next is to be sent")
        };
        assert!(body.contains(r#""title":"Two","description":null"#), "{body}");
    }

    #[test]
    fn what_nobody_remembers_is_not_sent_again() {
        let (engine, _) = busy();
        let mut again = Engine::new(2).expect("the contract fits");
        let unknown = again.restore(at(91), &engine.snapshot()).expect("it is whole");
        assert_eq!(unknown.len(), 1);
        assert_eq!(again.pending(|_| at(0)).len(), 1, "what was never sent is not unknown");
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let kept = busy().0.snapshot();
        for length in 0..kept.len() {
            let mut again = Engine::new(2).expect("the contract fits");
            assert!(again.restore(at(1), &kept[..length]).is_err());
            assert!(again.pending(|_| at(0)).is_empty());
        }
    }
}
