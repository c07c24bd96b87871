//! Mutations as they were sent, and the same once they are checked.
//!
//! What was sent is text. What is checked has types, and is what the commands decide on. Checking
//! finds everything that is wrong whatever the calendar holds (S15).

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
