//! One row of a calendar's change log.

use super::{
    Actor, Appointment, AppointmentId, Calendar, CalendarId, Instant, Interval, MutationId,
    Revision,
};

/// One committed change (S3): enough to answer a subscriber without reading anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose log it is in.
    pub calendar_id: CalendarId,
    /// Where in the log.
    pub revision: Revision,
    /// What was changed, and what it left.
    pub kind: ChangeKind,
    /// When the appointment was before this change; nothing for what was not there.
    pub before: Option<Interval>,
    /// The client's name for the mutation that caused it.
    pub mutation_id: Option<MutationId>,
    /// Who did it.
    pub actor: Actor,
    /// When it was decided.
    pub at: Instant,
}

/// What a change was, and what it left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A new appointment.
    Created(Appointment),
    /// An appointment has other content.
    Updated(Appointment),
    /// An appointment is gone.
    Deleted(AppointmentId),
    /// The calendar itself has other content.
    CalendarUpdated(Calendar),
    /// The calendar is gone; no change follows.
    CalendarGone,
}

impl Change {
    /// When the appointment is after this change.
    pub fn after(&self) -> Option<Interval> {
        match &self.kind {
            ChangeKind::Created(it) | ChangeKind::Updated(it) => Some(it.content.interval()),
            ChangeKind::Deleted(_) | ChangeKind::CalendarUpdated(_) | ChangeKind::CalendarGone => {
                None
            }
        }
    }

    /// Whether somebody who watches `range` is told: the appointment was in it or is in it now.
    /// Changes of the calendar itself concern everybody.
    pub fn affects(&self, range: &Interval) -> bool {
        match &self.kind {
            ChangeKind::CalendarUpdated(_) | ChangeKind::CalendarGone => true,
            ChangeKind::Created(_) | ChangeKind::Updated(_) | ChangeKind::Deleted(_) => {
                [self.before, self.after()].into_iter().flatten().any(|it| it.touches(range))
            }
        }
    }
}
