//! What rows are read from, in the order of `rows`.

use sqlx::Row;

use super::super::rows::reads_columns;

reads_columns!(sqlx::sqlite::SqliteRow);

/// An appointment's, of `a`.
macro_rules! appointment_columns {
    () => {
        "a.id, a.calendar_id, a.revision, a.created_at, a.updated_at, a.title, a.description, \
         a.location, a.starts_at, a.ends_at, a.all_day, a.time_zone, a.status, a.attendees"
    };
}

/// A calendar's, of `c`.
macro_rules! calendar_columns {
    () => {
        "c.id, c.revision, c.is_default, c.name, c.color, c.time_zone, c.overlaps, c.head, c.gone"
    };
}

/// A change's.
macro_rules! change_columns {
    () => {
        "calendar_id, revision, kind, appointment_id, before_starts_at, before_ends_at, state, \
         mutation_id, actor, at"
    };
}

pub(super) use {appointment_columns, calendar_columns, change_columns};
