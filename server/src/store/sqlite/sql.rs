//! The statements for SQLite. Ids are blobs, and instants are whole seconds.

use super::super::sql::Statements;

/// The columns of an appointment, from the alias `a`.
macro_rules! appointment_columns {
    () => {
        "a.id, a.calendar_id, a.revision, a.created_at, a.updated_at, a.title, a.description, \
         a.location, a.starts_at, a.ends_at, a.all_day, a.time_zone, a.status, a.attendees"
    };
}

/// The columns of a calendar, from the alias `c`.
macro_rules! calendar_columns {
    () => {
        "c.id, c.revision, c.is_default, c.name, c.color, c.time_zone, c.overlaps, c.head, c.gone"
    };
}

/// The columns of a change.
macro_rules! change_columns {
    () => {
        "calendar_id, revision, kind, appointment_id, before_starts_at, before_ends_at, state, \
         mutation_id, actor, at"
    };
}

/// Finds the appointments of calendar ?1 that touch [?2, ?3) (S13, S17), by their keys. It searches
/// each duration class of the calendar once; the recursion finds the classes by one seek each. The
/// cross join keeps that order, and the index covers all columns that are read.
macro_rules! with_touching {
    ($and:literal) => {
        concat!(
            "with recursive spans (span) as (
                select min(span) from appointments where calendar_id = ?1
                union all
                select (select min(b.span) from appointments b
                        where b.calendar_id = ?1 and b.span > spans.span)
                from spans where spans.span is not null
            ), touching (row, starts_at, ends_at, id) as (
                select b.rowid, b.starts_at, b.ends_at, b.id
                from spans cross join appointments b
                where b.calendar_id = ?1 and b.span = spans.span
                    and b.starts_at > ?2 - (1 << spans.span) and b.starts_at < ?3
                    and (b.ends_at > ?2 or b.starts_at >= ?2) ",
            $and,
            ")"
        )
    };
}

/// Limits before it sorts, so that a range with too many appointments is not read to its end.
const RANGE: &str = concat!(
    with_touching!("limit ?4"),
    "select ",
    appointment_columns!(),
    " from touching t cross join appointments a on a.rowid = t.row
    order by a.starts_at, a.ends_at desc, a.id"
);

/// Reads a page of the log. The innermost select limits the rows. The next one adds up the sizes of
/// their states without reading them, so that a page of large states is short. The first row is
/// always returned.
const LOG_PAGE: &str = concat!(
    "select ",
    change_columns!(),
    " from (
        select position, sum(size) over (order by position) - size as bytes_before from (
            select revision as position, coalesce(octet_length(state), 0) as size
            from changes where calendar_id = ?1 and revision > ?2 order by revision limit ?3
        )
    ) cross join changes on calendar_id = ?1 and revision = position
    where bytes_before < ?4 order by revision"
);

/// Counts all rows by their keys, and reads only the earliest ones completely.
macro_rules! earliest {
    ($from:literal, $limit:literal) => {
        concat!(
            "select ",
            appointment_columns!(),
            ", (select count(*) from ",
            $from,
            ") from (select row from ",
            $from,
            " order by starts_at, ends_at desc, id limit ",
            $limit,
            ") t cross join appointments a on a.rowid = t.row
            order by a.starts_at, a.ends_at desc, a.id"
        )
    };
}

const CONFLICTS: &str = concat!(
    with_touching!("and b.status <> 'CANCELLED' and b.id is not ?4"),
    earliest!("touching", "?5")
);

/// Passes over the appointments once, ordered by start. An appointment overlaps an earlier one if
/// any earlier one ends after its start. It overlaps a later one if the next one starts before its
/// end. The statement reads the whole calendar, but runs only when the policy becomes REJECT.
const OVERLAPS: &str = concat!(
    "with ordered (row, starts_at, ends_at, id, ended, follows) as (
        select rowid, starts_at, ends_at, id,
            max(ends_at) over (order by starts_at, ends_at desc, id
                rows between unbounded preceding and 1 preceding),
            lead(starts_at) over (order by starts_at, ends_at desc, id)
        from appointments where calendar_id = ?1 and status <> 'CANCELLED'
    ), overlapping (row, starts_at, ends_at, id) as materialized (
        select row, starts_at, ends_at, id from ordered where ended > starts_at or follows < ends_at
    )",
    earliest!("overlapping", "?2")
);

pub(super) const SQL: Statements = Statements {
    snapshot: "begin",
    log_bounds: "select head, pruned, gone is not null from calendars where id = ?1",
    log_page: LOG_PAGE,
    heads: "select c.id, c.head
        from json_each(?1) wanted cross join calendars c on c.id = unhex(wanted.value)",
    calendars: concat!(
        "select ",
        calendar_columns!(),
        " from json_each(?1) wanted cross join calendars c on c.id = unhex(wanted.value)"
    ),
    calendars_by_name: concat!(
        "select ",
        calendar_columns!(),
        " from calendars c where c.gone is null and (c.name, c.id) > (?1, ?2)
        order by c.name, c.id limit ?3"
    ),
    calendar: concat!(
        "select ",
        calendar_columns!(),
        " from calendars c where c.id = ?1 and c.gone is null"
    ),
    default_calendar: "select id from calendars where is_default = 1 and gone is null",
    appointment: concat!(
        "select ",
        appointment_columns!(),
        " from directory d cross join appointments a
        on a.calendar_id = d.calendar_id and a.id = d.id where d.id = ?1"
    ),
    range: RANGE,
    // A log has one row for each revision that was not pruned.
    size: "select coalesce((select sum(head - pruned) from calendars), 0),
        (select page_count * page_size from pragma_page_count(), pragma_page_size())",
    first_calendar_lock: None,
    any_calendar: "select 1 from calendars limit 1",
    find_decision: "select fingerprint, decision from mutations where id = ?1",
    record_decision: "insert into mutations (id, fingerprint, decision, decided_at)
        values (?1, ?2, ?3, ?4)",
    locate: "select calendar_id, created_as, deleted_at from directory where id = ?1",
    // `begin immediate` has locked the whole file.
    lock_calendar: concat!("select ", calendar_columns!(), " from calendars c where c.id = ?1"),
    appointment_in_calendar: concat!(
        "select ",
        appointment_columns!(),
        " from appointments a where a.calendar_id = ?1 and a.id = ?2"
    ),
    find_conflicts: CONFLICTS,
    find_overlaps: OVERLAPS,
    count_appointments: "select count(*) from appointments where calendar_id = ?1",
    claim_id: "insert into directory (id, calendar_id, created_as) values (?1, ?2, ?3)
        on conflict do nothing",
    advance_head: "update calendars set head = ?2 where id = ?1 and head = ?2 - 1 and gone is null",
    append_change: "insert into changes (calendar_id, revision, kind, appointment_id,
                before_starts_at, before_ends_at, after_starts_at, after_ends_at, state,
                mutation_id, actor, at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    insert_appointment:
        "insert into appointments (calendar_id, id, created_at, revision, updated_at, title,
                description, location, starts_at, ends_at, span, all_day, time_zone, status,
                attendees)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    update_appointment:
        "update appointments set created_at = ?3, revision = ?4, updated_at = ?5, title = ?6,
                description = ?7, location = ?8, starts_at = ?9, ends_at = ?10, span = ?11,
                all_day = ?12, time_zone = ?13, status = ?14, attendees = ?15
             where calendar_id = ?1 and id = ?2",
    delete_appointment: "delete from appointments where calendar_id = ?1 and id = ?2",
    insert_calendar:
        "insert into calendars (id, is_default, revision, name, color, time_zone, overlaps)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    update_calendar: "update calendars set is_default = ?2, revision = ?3, name = ?4, color = ?5,
            time_zone = ?6, overlaps = ?7
        where id = ?1",
    update_exclusive: None,
    mark_appointment_ids_deleted: "update directory set deleted_at = ?2
        where id in (select id from appointments where calendar_id = ?1)",
    delete_all_appointments: "delete from appointments where calendar_id = ?1",
    mark_calendar_deleted: "update calendars set gone = ?2 where id = ?1",
    mark_id_deleted: "update directory set deleted_at = ?2 where id = ?1",
    ledger_start: "select reaches from ledger",
    oldest_changes: "select calendar_id, max(revision) from (
            select calendar_id, revision from changes where at < ?1 order by at limit ?2
        ) group by calendar_id",
    batch_end: "select max(revision) from (
            select revision from changes where calendar_id = ?1 and revision <= ?2
            order by revision limit ?3)",
    mark_pruned: "update calendars set pruned = max(pruned, ?2) where id = ?1",
    delete_changes: "delete from changes where calendar_id = ?1 and revision <= ?2",
    raise_ledger_start: "update ledger set reaches = max(reaches, ?1)",
    delete_decisions: "delete from mutations where id in (
            select id from mutations where decided_at < ?1 order by decided_at limit ?2)",
    delete_all_changes: "delete from changes",
    raise_heads: "update calendars set head = iif(head < ?2, ?2, head + ?1)",
    stamp_calendars: "update calendars set pruned = head, revision = head,
            gone = iif(gone is null, null, head)",
    stamp_appointments: "update appointments set revision =
            (select head from calendars c where c.id = appointments.calendar_id)",
    count_calendars: "select count(*) from calendars where gone is null",
};
