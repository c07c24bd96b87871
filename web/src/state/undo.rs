//! Undo of an action that the server has confirmed.

use appointments_client::{Appointment, CalendarHandle, NewAppointment};
use futures_util::{FutureExt, TryFutureExt};

use crate::state::actions::{Change, Sent};
use crate::text::messages::{Undone, undone_message};
use crate::time::display::Display;

/// A confirmed change, and what is needed to undo it.
#[derive(Clone)]
pub(super) struct Undo {
    pub(super) done: Change,
    /// The appointment after the change, or `None` if it was deleted.
    pub(super) current: Option<Appointment>,
    pub(super) calendar: CalendarHandle,
    /// The title after the change.
    pub(super) title: String,
}

impl Undo {
    /// Sends the undo. It fails if somebody else has changed the appointment since. A deletion is
    /// undone by a new appointment with the same content. Returns `None` if nothing can be undone.
    pub(super) fn send(&self) -> Option<Sent> {
        let calendar = &self.calendar;
        match (&self.done, &self.current) {
            (Change::Create(_), current) => current.as_ref().map(|it| {
                let deletion = calendar.delete_if_revision(&it.id, it.revision);
                deletion.map_ok(|()| None).boxed()
            }),
            (Change::Update(before, changes), Some(current)) => {
                let back = changes.reverted(before).if_revision(current.revision);
                Some(calendar.update(&current.id, back).map_ok(Some).boxed())
            }
            (Change::Update(before, _) | Change::Delete(before), _) => {
                Some(calendar.create(NewAppointment::copy_of(before)).map_ok(Some).boxed())
            }
        }
    }

    /// Returns the message of a successful undo.
    pub(super) fn message(&self, display: &Display) -> String {
        let language = display.locale.language;
        let Some(before) = self.done.before() else {
            return undone_message(&self.title, Undone::Removed, language);
        };
        let start = display.format_instant(before.starts_at);
        let is_moved = self.current.as_ref().is_some_and(|it| {
            let is_same_day = display.date(it.starts_at) == display.date(before.starts_at);
            !before.all_day && is_same_day && it.starts_at != before.starts_at
        });
        let undone = if is_moved { Undone::BackAt(&start) } else { Undone::Restored };
        undone_message(&before.title, undone, language)
    }
}
