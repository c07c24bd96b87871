//! The contract's type `AppointmentChange`: one event of a subscription.

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
    /// The subscriber has now received all changes up to this revision. Pass it as `after` to
    /// resume from here.
    revision: Revision,
    /// The revision of the event delivered before this one, so that a client can verify that none
    /// is missing. For the first event it is `after`, or the revision at which the subscription
    /// started.
    previous_revision: Revision,
    /// Set for CREATED, UPDATED and DELETED.
    appointment_id: Option<ID>,
    /// The appointment after this change. Set for CREATED and UPDATED.
    appointment: Option<Appointment>,
    /// Set for DELETED only.
    deleted_appointment_id: Option<ID>,
    /// Set for CALENDAR_UPDATED.
    calendar: Option<Calendar>,
    /// The mutationId of the mutation that caused this change, so that a client recognises its own
    /// changes.
    mutation_id: Option<ID>,
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum ChangeKind {
    Created,
    Updated,
    Deleted,
    CalendarUpdated,
    /// The last event: the calendar was deleted, or the caller may no longer see it.
    CalendarGone,
    /// There are no more changes in the range up to `revision`. Ends the backlog, and advances an
    /// idle subscriber.
    Bookmark,
    /// The log does not reach back to `after`, or `after` is ahead of it: query again. Events
    /// continue after `revision`.
    Reset,
}

impl From<Event> for AppointmentChange {
    fn from(event: Event) -> Self {
        let mut change = Self {
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
            EventKind::Bookmark => change.kind = ChangeKind::Bookmark,
            EventKind::Reset => change.kind = ChangeKind::Reset,
            EventKind::Gone => change.kind = ChangeKind::CalendarGone,
            EventKind::Change(buffered) => {
                change.mutation_id = buffered.change.mutation_id.map(|it| it.to_string().into());
                change.set_details(&buffered.change.kind);
            }
        }
        change
    }
}

impl AppointmentChange {
    fn set_details(&mut self, kind: &domain::ChangeKind) {
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
