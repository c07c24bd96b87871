//! What rows are read from, in the order of `rows`: instants as whole seconds, JSON as the text that was written.

use sqlx::Row;

use super::super::rows::reads_columns;

reads_columns!(sqlx::postgres::PgRow);

/// An appointment's, of `a`.
macro_rules! appointment_columns {
    () => {
        "a.id, a.calendar_id, a.revision, extract(epoch from a.created_at)::bigint, \
         extract(epoch from a.updated_at)::bigint, a.title, a.description, a.location, \
         extract(epoch from a.starts_at)::bigint, extract(epoch from a.ends_at)::bigint, \
         a.all_day, a.time_zone, a.status, a.attendees::text"
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
        "calendar_id, revision, kind, appointment_id, \
         extract(epoch from before_starts_at)::bigint, extract(epoch from before_ends_at)::bigint, \
         state::text, mutation_id, actor, extract(epoch from at)::bigint"
    };
}

pub(super) use {appointment_columns, calendar_columns, change_columns};
