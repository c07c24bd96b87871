//! `AppointmentChange`: one event of a subscription.

use async_graphql::{Enum, ID, SimpleObject};

use super::appointment::Appointment;
use super::calendar::Calendar;
use super::scalar::Revision;
use crate::domain;
use crate::feed::{Event, EventKind};

#[derive(Clone, SimpleObject)]
#[graphql(serial)]
pub(super) struct AppointmentChange {
    kind: ChangeKind,
    calendar_id: ID,
    /// After this event the subscriber has seen everything up to here: pass it as `after` to go on from this point.
    revision: Revision,
    /// The revision of the event delivered before this one, so that a client can prove that none is missing; for the first
    /// event `after`, or the revision that the subscription started from.
    previous_revision: Revision,
    /// Set for CREATED, UPDATED and DELETED.
    appointment_id: Option<ID>,
    /// The appointment as this change left it; set for CREATED and UPDATED.
    appointment: Option<Appointment>,
    /// Set for DELETED alone.
    deleted_appointment_id: Option<ID>,
    /// Set for CALENDAR_UPDATED.
    calendar: Option<Calendar>,
    /// The mutationId of the mutation that caused it, so that a client knows its own echo.
    mutation_id: Option<ID>,
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum ChangeKind {
    Created,
    Updated,
    Deleted,
    CalendarUpdated,
    /// The last event: the calendar is gone, or the caller may no longer see it.
    CalendarGone,
    /// Nothing more in your range up to `revision`. Ends the backlog, and moves an idle subscriber forward.
    Bookmark,
    /// The log does not reach back to `after`, or `after` is ahead of it: query again. Events go on after `revision`.
    Reset,
}

impl From<Event> for AppointmentChange {
    fn from(event: Event) -> Self {
        let mut told = Self {
            kind: ChangeKind::Bookmark,
            calendar_id: event.calendar_id.to_string().into(),
            revision: Revision(event.revision),
            previous_revision: Revision(event.previous),
            appointment_id: None,
            appointment: None,
            deleted_appointment_id: None,
            calendar: None,
            mutation_id: None,
        };
        match event.kind {
            EventKind::Bookmark => told.kind = ChangeKind::Bookmark,
            EventKind::Reset => told.kind = ChangeKind::Reset,
            EventKind::Gone => told.kind = ChangeKind::CalendarGone,
            EventKind::Change(held) => {
                told.mutation_id = held.change.mutation_id.map(|it| it.to_string().into());
                told.tell(&held.change.kind);
            }
        }
        told
    }
}

impl AppointmentChange {
    fn tell(&mut self, kind: &domain::ChangeKind) {
        match kind {
            domain::ChangeKind::Created(it) | domain::ChangeKind::Updated(it) => {
                self.kind = match kind {
                    domain::ChangeKind::Created(_) => ChangeKind::Created,
                    _ => ChangeKind::Updated,
                };
                self.appointment_id = Some(it.id.to_string().into());
                self.appointment = Some(it.clone().into());
            }
            domain::ChangeKind::Deleted(id) => {
                self.kind = ChangeKind::Deleted;
                self.appointment_id = Some(id.to_string().into());
                self.deleted_appointment_id = Some(id.to_string().into());
            }
            domain::ChangeKind::CalendarUpdated(it) => {
                self.kind = ChangeKind::CalendarUpdated;
                self.calendar = Some(it.clone().into());
            }
            domain::ChangeKind::CalendarGone => self.kind = ChangeKind::CalendarGone,
        }
    }
}
