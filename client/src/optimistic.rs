//! Predictions: what a mutation is expected to do, for the cache. Pure.

use cynic_cache::{Cache, Draft, EntityKey, Patch, Prediction};

use crate::model::input::{Changes, NewAppointment, Set};
use crate::model::scalars::Revision;
use crate::mutation::What;
use crate::wire::policy::APPOINTMENT;

/// The name of an appointment in the cache.
pub(crate) fn key(id: &cynic::Id) -> EntityKey {
    EntityKey::new(APPOINTMENT, id.inner())
}

/// The revision of an appointment that is known.
pub(crate) fn revision(cache: &Cache, id: &cynic::Id) -> Option<Revision> {
    cache.revision(&key(id))
}

/// What a mutation is expected to do.
pub(crate) fn of(calendar: &cynic::Id, appointment: &cynic::Id, what: &What) -> Prediction {
    match what {
        What::Create(new) => created(calendar.clone(), appointment.clone(), new.as_ref().clone()),
        What::Update(changes) => changed(appointment, changes).into(),
        What::Delete(_) => Patch::of(APPOINTMENT, appointment.inner()).delete().into(),
    }
}

fn created(calendar: cynic::Id, id: cynic::Id, new: NewAppointment) -> Prediction {
    Prediction::draft(move |draft: &mut Draft<'_>| {
        let id = id.inner();
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

fn changed(id: &cynic::Id, changes: &Changes) -> Patch {
    let mut patch = Patch::of(APPOINTMENT, id.inner());
    let Changes { title, description, location, starts_at, ends_at, all_day, .. } = changes;
    let Changes { time_zone, status, attendees, .. } = changes;
    if let Some(it) = title {
        patch = patch.set("title", it);
    }
    for (field, set) in [("description", description), ("location", location)] {
        patch = match set {
            Set::Keep => patch,
            Set::Clear => patch.set(field, ()),
            Set::To(it) => patch.set(field, it),
        };
    }
    for (field, at) in [("startsAt", starts_at), ("endsAt", ends_at)] {
        if let Some(it) = at {
            patch = patch.set(field, it);
        }
    }
    if let Some(it) = all_day {
        patch = patch.set("allDay", it);
    }
    if let Some(it) = time_zone {
        patch = patch.set("timeZone", it);
    }
    if let Some(it) = status {
        patch = patch.set("status", it);
    }
    if let Some(it) = attendees {
        patch = patch.set("attendees", it);
    }
    patch
}
