//! The inputs of mutations, before and after their checks.
//!
//! A `…Input` holds text as the client sent it. Its `check` returns a typed command, or every
//! problem that is independent of the stored state (S15).

mod appointment;
mod calendar;
mod maybe;

pub use appointment::{
    AttendeeInput, CreateAppointment, CreateAppointmentInput, DeleteAppointment,
    DeleteAppointmentInput, UpdateAppointment, UpdateAppointmentInput,
};
pub use calendar::{
    CreateCalendar, CreateCalendarInput, DeleteCalendar, DeleteCalendarInput, UpdateCalendar,
    UpdateCalendarInput,
};
pub use maybe::Maybe;
