//! Optimistic updates: what a mutation is expected to do, as a prediction for the cache.

use cynic_cache::{Cache, Draft, EntityKey, Patch, Prediction};

use crate::model::id::{AppointmentId, CalendarId};
use crate::model::input::{AppointmentChanges, NewAppointment};
use crate::model::maybe::Maybe;
use crate::model::scalars::Revision;
use crate::mutation::MutationInput;
use crate::wire::policy::APPOINTMENT;

/// Returns the cache key of an appointment.
pub(crate) fn key(id: &AppointmentId) -> EntityKey {
    EntityKey::new(APPOINTMENT, id.as_str())
}

/// Returns the revision of a cached appointment.
pub(crate) fn revision(cache: &Cache, id: &AppointmentId) -> Option<Revision> {
    cache.revision(&key(id))
}

/// Returns what a mutation is expected to do.
pub(crate) fn prediction_for(
    calendar: &CalendarId,
    appointment: &AppointmentId,
    input: &MutationInput,
) -> Prediction {
    match input {
        MutationInput::Create(new) => {
            predict_create(calendar.clone(), appointment.clone(), new.as_ref().clone())
        }
        MutationInput::Update(changes) => predict_update(appointment, changes).into(),
        MutationInput::Delete(_) => Patch::of(APPOINTMENT, appointment.as_str()).delete().into(),
    }
}

fn predict_create(calendar: CalendarId, id: AppointmentId, new: NewAppointment) -> Prediction {
    Prediction::draft(move |draft: &mut Draft<'_>| {
        let id = id.as_str();
        draft
            .create(APPOINTMENT, id)
            .set(APPOINTMENT, id, "calendarId", &calendar)
            .set(APPOINTMENT, id, "title", &new.title)
            .set(APPOINTMENT, id, "description", &new.description)
            .set(APPOINTMENT, id, "location", &new.location)
            .set(APPOINTMENT, id, "startsAt", new.starts_at)
            .set(APPOINTMENT, id, "endsAt", new.ends_at)
            .set(APPOINTMENT, id, "allDay", new.all_day)
            .set(APPOINTMENT, id, "timeZone", &new.time_zone)
            .set(APPOINTMENT, id, "status", &new.status)
            .set(APPOINTMENT, id, "attendees", &new.attendees)
            .set(APPOINTMENT, id, "revision", 0);
    })
}

fn predict_update(id: &AppointmentId, changes: &AppointmentChanges) -> Patch {
    let mut patch = Patch::of(APPOINTMENT, id.as_str());
    let AppointmentChanges { title, description, location, starts_at, ends_at, all_day, .. } =
        changes;
    let AppointmentChanges { time_zone, status, attendees, .. } = changes;
    if let Some(value) = title {
        patch = patch.set("title", value);
    }
    for (field, change) in [("description", description), ("location", location)] {
        patch = match change {
            Maybe::Keep => patch,
            Maybe::Clear => patch.set(field, ()),
            Maybe::Set(it) => patch.set(field, it),
        };
    }
    for (field, at) in [("startsAt", starts_at), ("endsAt", ends_at)] {
        if let Some(it) = at {
            patch = patch.set(field, it);
        }
    }
    if let Some(value) = all_day {
        patch = patch.set("allDay", value);
    }
    if let Some(value) = time_zone {
        patch = patch.set("timeZone", value);
    }
    if let Some(value) = status {
        patch = patch.set("status", value);
    }
    if let Some(value) = attendees {
        patch = patch.set("attendees", value);
    }
    patch
}
