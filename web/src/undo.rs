//! What takes back what was just done, as long as nobody else has changed it since.

use appointments_client::{Appointment, Calendar, Changes, NewAppointment, Pending, Shared};

/// Something that was done: what there was before, and what there is now. (A deletion is undone by an appointment like the
/// one that is gone.)
#[derive(Clone)]
pub(crate) struct Undo {
    pub(crate) was: Option<Shared<Appointment>>,
    pub(crate) left: Option<Appointment>,
}

impl Undo {
    /// Takes it back; there is nothing to do if nothing was there, and nothing is.
    pub(crate) fn run(&self, calendar: &Calendar) -> Option<Pending> {
        match (&self.was, &self.left) {
            (None, Some(left)) => Some(calendar.delete_if_at(&left.id, left.revision)),
            (Some(was), Some(left)) => {
                let changes = Changes::back_to(was).if_at(left.revision);
                Some(calendar.update(&left.id, changes))
            }
            (Some(was), None) => Some(calendar.create(NewAppointment::like(was))),
            (None, None) => None,
        }
    }
}
