//! One entry of a calendar's change log.

use super::{
    Actor, Appointment, AppointmentId, Calendar, CalendarId, Instant, Interval, MutationId,
    Revision,
};

/// One committed change (S3). It holds everything that an event to a subscriber needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The calendar whose log contains this change.
    pub calendar_id: CalendarId,
    /// The position in the log.
    pub revision: Revision,
    /// The kind of change, with the state after it.
    pub kind: ChangeKind,
    /// The appointment's time before this change. `None` if the appointment did not exist, or if
    /// the change is about the calendar.
    pub before: Option<Interval>,
    /// The id of the mutation that caused the change, if its client gave one.
    pub mutation_id: Option<MutationId>,
    /// The user who made the change.
    pub actor: Actor,
    /// When the server decided the mutation.
    pub at: Instant,
}

/// The kind of a change, with the state after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// An appointment was created.
    Created(Appointment),
    /// An appointment was changed.
    Updated(Appointment),
    /// An appointment was deleted.
    Deleted(AppointmentId),
    /// The calendar itself was changed.
    CalendarUpdated(Calendar),
    /// The calendar was deleted; this is the last change of its log.
    CalendarGone,
}

impl Change {
    /// The appointment's time after this change. `None` after a deletion, or if the change is about
    /// the calendar.
    pub fn after(&self) -> Option<Interval> {
        match &self.kind {
            ChangeKind::Created(it) | ChangeKind::Updated(it) => Some(it.content.interval()),
            ChangeKind::Deleted(_) | ChangeKind::CalendarUpdated(_) | ChangeKind::CalendarGone => {
                None
            }
        }
    }

    /// Whether a subscriber of `range` gets this change: the appointment was in the range before or
    /// is in it now. Changes of the calendar itself affect every range.
    pub fn affects(&self, range: &Interval) -> bool {
        match &self.kind {
            ChangeKind::CalendarUpdated(_) | ChangeKind::CalendarGone => true,
            ChangeKind::Created(_) | ChangeKind::Updated(_) | ChangeKind::Deleted(_) => {
                [self.before, self.after()].into_iter().flatten().any(|it| it.touches(range))
            }
        }
    }
}
