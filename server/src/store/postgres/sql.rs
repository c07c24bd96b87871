//! The statements in the words of PostgreSQL: instants are `timestamptz` there and whole seconds here, JSON is kept as the text
//! that was written.

use super::super::sql::Statements;

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

/// The appointments of calendar $1 that touch [$2, $3) (S13, S17): looked for once in each class of length that the calendar
/// has, which the recursion finds by one seek each. `offset 0` keeps the planner from making one join of all: its guesses
/// would end in reading the whole table.
macro_rules! with_touching {
    ($columns:literal, $and:literal) => {
        concat!(
            "with recursive spans (span) as (
                select min(span) from appointments where calendar_id = $1
                union all
                select (select min(b.span) from appointments b
                        where b.calendar_id = $1 and b.span > spans.span)
                from spans where spans.span is not null
            ), touching as (
                select b.* from spans cross join lateral (
                    select ",
            $columns,
            " from appointments b
                    where b.calendar_id = $1 and b.span = spans.span
                        and b.starts_at > to_timestamp($2 - (1::bigint << spans.span))
                        and b.starts_at < to_timestamp($3)
                        and (b.ends_at > to_timestamp($2) or b.starts_at >= to_timestamp($2)) ",
            $and,
            "
                    offset 0
                ) b
            )"
        )
    };
}

/// The limit stands inside of the sort: a range with too much in it is not read to its end.
const RANGE: &str = concat!(
    with_touching!("*", ""),
    "select ",
    appointment_columns!(),
    " from (select * from touching limit $4) a order by a.starts_at, a.ends_at desc, a.id"
);

/// A page of the log: the innermost select bounds the rows, the next adds up the bytes of their
/// states, so that a page of large ones is short. One is always let through.
const LOG: &str = concat!(
    "select ",
    change_columns!(),
    " from (
        select *, sum(size) over (order by revision) - size as bytes_before from (
            select *, coalesce(octet_length(state::text), 0) as size
            from changes where calendar_id = $1 and revision > $2 order by revision limit $3
        ) page
    ) bounded where bytes_before < $4 order by revision"
);

/// All are counted by their keys; the earliest are read whole.
macro_rules! earliest {
    ($from:literal, $most:literal) => {
        concat!(
            "select ",
            appointment_columns!(),
            ", (select count(*) from ",
            $from,
            ") from (select id from ",
            $from,
            " order by starts_at, ends_at desc, id limit ",
            $most,
            ") t cross join lateral (
                select * from appointments where calendar_id = $1 and id = t.id offset 0
            ) a order by a.starts_at, a.ends_at desc, a.id"
        )
    };
}

const IN_THE_WAY: &str = concat!(
    with_touching!(
        "starts_at, ends_at, id",
        "and b.status <> 'CANCELLED' and b.id is distinct from $4"
    ),
    earliest!("touching", "$5")
);

/// One pass by start: an appointment overlaps an earlier one if some earlier one has not ended, and
/// a later one if the next has begun. It looks at the whole calendar, which is done once, when its
/// policy becomes REJECT.
const OVERLAPPING: &str = concat!(
    "with ordered (starts_at, ends_at, id, ended, follows) as (
        select starts_at, ends_at, id,
            max(ends_at) over (order by starts_at, ends_at desc, id
                rows between unbounded preceding and 1 preceding),
            lead(starts_at) over (order by starts_at, ends_at desc, id)
        from appointments where calendar_id = $1 and status <> 'CANCELLED'
    ), overlapping (starts_at, ends_at, id) as materialized (
        select starts_at, ends_at, id from ordered where ended > starts_at or follows < ends_at
    )",
    earliest!("overlapping", "$2")
);

pub(super) const SQL: Statements = Statements {
    snapshot: "begin isolation level repeatable read read only",
    bounds: "select head, pruned, gone is not null from calendars where id = $1",
    log: LOG,
    heads: "select id, head from calendars where id = any($1)",
    calendars: concat!("select ", calendar_columns!(), " from calendars c where c.id = any($1)"),
    calendars_by_name: concat!(
        "select ",
        calendar_columns!(),
        " from calendars c where c.gone is null and (c.name, c.id) > ($1, $2)
        order by c.name, c.id limit $3"
    ),
    calendar: concat!(
        "select ",
        calendar_columns!(),
        " from calendars c where c.id = $1 and c.gone is null"
    ),
    default_calendar: "select id from calendars where is_default and gone is null",
    appointment: concat!(
        "select ",
        appointment_columns!(),
        " from directory d join appointments a on a.calendar_id = d.calendar_id and a.id = d.id
        where d.id = $1"
    ),
    range: RANGE,
    // (The log of a calendar has a row for each revision that was not pruned.)
    size: "select coalesce((select sum(head - pruned) from calendars), 0)::bigint,
        pg_database_size(current_database())",
    // (Any number will do that nobody else takes; it is "first" in ASCII.)
    first_calendar_lock: Some("select pg_advisory_xact_lock(x'6669727374'::bigint)"),
    any_calendar: "select 1 from calendars limit 1",
    find_decision: "select fingerprint, decision::text from mutations where id = $1",
    record: "insert into mutations (id, fingerprint, decision, decided_at)
        values ($1, $2, $3::json, to_timestamp($4))",
    locate: "select calendar_id, created_as, deleted_at from directory where id = $1",
    lock: concat!(
        "select ",
        calendar_columns!(),
        " from calendars c where c.id = $1 for no key update"
    ),
    appointment_of: concat!(
        "select ",
        appointment_columns!(),
        " from appointments a where a.calendar_id = $1 and a.id = $2"
    ),
    conflicts_with: IN_THE_WAY,
    overlapping: OVERLAPPING,
    count: "select count(*) from appointments where calendar_id = $1",
    claim: "insert into directory (id, calendar_id, created_as) values ($1, $2, $3)
        on conflict do nothing",
    advance: "update calendars set head = $2 where id = $1 and head = $2 - 1 and gone is null",
    append: "insert into changes (calendar_id, revision, kind, appointment_id, before_starts_at,
                before_ends_at, after_starts_at, after_ends_at, state, mutation_id, actor, at)
             values ($1, $2, $3, $4, to_timestamp($5), to_timestamp($6), to_timestamp($7),
                to_timestamp($8), $9::json, $10, $11, to_timestamp($12))",
    insert_appointment: "insert into appointments (calendar_id, id, created_at, revision, updated_at, title,
                description, location, starts_at, ends_at, span, all_day, time_zone, status,
                attendees, exclusive)
             values ($1, $2, to_timestamp($3), $4, to_timestamp($5), $6, $7, $8, to_timestamp($9),
                to_timestamp($10), $11, $12, $13, $14, $15::json,
                $14 <> 'CANCELLED' and (select c.overlaps = 'REJECT' from calendars c where c.id = $1))",
    update_appointment: "update appointments set created_at = to_timestamp($3), revision = $4,
                updated_at = to_timestamp($5), title = $6, description = $7, location = $8,
                starts_at = to_timestamp($9), ends_at = to_timestamp($10), span = $11,
                all_day = $12, time_zone = $13, status = $14, attendees = $15::json,
                exclusive = $14 <> 'CANCELLED'
                    and (select c.overlaps = 'REJECT' from calendars c where c.id = $1)
             where calendar_id = $1 and id = $2",
    delete_appointment: "delete from appointments where calendar_id = $1 and id = $2",
    insert_calendar: "insert into calendars (id, is_default, revision, name, color, time_zone, \"overlaps\")
        values ($1, $2, $3, $4, $5, $6, $7)",
    update_calendar: "update calendars set is_default = $2, revision = $3, name = $4, color = $5,
            time_zone = $6, \"overlaps\" = $7
        where id = $1",
    follow_policy: Some(
        "update appointments set exclusive = not exclusive
        where calendar_id = $1 and exclusive <> ($2 = 'REJECT' and status <> 'CANCELLED')",
    ),
    mark_all_deleted: "update directory set deleted_at = $2
        where id in (select id from appointments where calendar_id = $1)",
    delete_all: "delete from appointments where calendar_id = $1",
    end_calendar: "update calendars set gone = $2 where id = $1",
    mark_deleted: "update directory set deleted_at = $2 where id = $1",
    ledger_reaches: "select extract(epoch from reaches)::bigint from ledger",
    // (In one order, so that two servers that forget at once are not in each other's way.)
    oldest: "select calendar_id, max(revision) from (
            select calendar_id, revision from changes where at < to_timestamp($1) order by at limit $2
        ) oldest group by calendar_id order by calendar_id",
    batch_end: "select max(revision) from (
            select revision from changes where calendar_id = $1 and revision <= $2
            order by revision limit $3) oldest",
    mark_pruned: "update calendars set pruned = greatest(pruned, $2) where id = $1",
    forget_changes: "delete from changes where calendar_id = $1 and revision <= $2",
    raise_ledger: "update ledger set reaches = to_timestamp($1) where reaches < to_timestamp($1)",
    forget_mutations: "delete from mutations where id in (
            select id from mutations where decided_at < to_timestamp($1)
            order by decided_at, id limit $2)",
    forget_all_changes: "delete from changes",
    raise_heads: "update calendars set head = case when head < $2 then $2 else head + $1 end",
    stamp_calendars: "update calendars set pruned = head, revision = head,
            gone = case when gone is not null then head end",
    stamp_appointments: "update appointments set revision = c.head
        from calendars c where c.id = appointments.calendar_id",
    count_calendars: "select count(*) from calendars where gone is null",
};
