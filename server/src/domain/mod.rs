//! Appointments, calendars and their rules: pure functions, shared by every store and protocol.
//!
//! **Must not contain** a database, the GraphQL library, an executor or a clock (`cargo xtask tidy`
//! checks this). Everything that a rule needs is an argument.

mod actor;
mod appointment;
mod calendar;
mod change;
mod fingerprint;
mod id;
mod input;
mod instant;
mod interval;
mod refusal;
mod revision;
mod text;
mod validation;
mod zone;

pub use actor::Actor;
pub use appointment::{
    Appointment, AppointmentContent, AppointmentEdits, AppointmentStatus, Attendee,
    AttendeeResponse,
};
pub use calendar::{Calendar, CalendarContent, CalendarEdits, Color, OverlapPolicy};
pub use change::{Change, ChangeKind};
pub use fingerprint::Fingerprint;
pub use id::{AppointmentId, CalendarId, EntityId, MutationId};
pub use input::{
    AttendeeInput, CreateAppointment, CreateAppointmentInput, CreateCalendar, CreateCalendarInput,
    DeleteAppointment, DeleteAppointmentInput, DeleteCalendar, DeleteCalendarInput, Maybe,
    UpdateAppointment, UpdateAppointmentInput, UpdateCalendar, UpdateCalendarInput,
};
pub use instant::Instant;
pub use interval::{Interval, MAX_RANGE_DAYS, MAX_RANGE_ROWS, RangeError};
pub use refusal::{Entity, EntityKind, Refusal};
pub use revision::Revision;
pub use validation::{Problem, Problems};
pub use zone::Zone;

#[cfg(test)]
mod tests;
