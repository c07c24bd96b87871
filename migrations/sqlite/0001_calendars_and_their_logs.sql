-- Calendars, what is in them, and the log of every change.
--
-- Instants are whole seconds since 1970; ids are the 16 bytes of a UUID. The calendar leads every
-- key but those of `directory` and `mutations`, which are asked before the calendar is known.

-- 'APPT': a file that says this is ours; any other is refused, so that nobody's data is touched.
pragma application_id = 0x41505054;

create table calendars (
    id         blob    not null primary key check (length(id) = 16),
    -- The log's position (S1). Updating it is what makes commits of one calendar serial (S2).
    head       integer not null default 0 check (head >= pruned),
    -- The highest revision that is no longer in the log (S7).
    pruned     integer not null default 0,
    -- The revision of the removal. The row stays: its log still tells subscribers of the end, and
    -- its id stays used.
    gone       integer,
    revision   integer not null default 0,
    is_default integer not null check (is_default in (0, 1)),
    name       text    not null,
    color      text,
    time_zone  text    not null,
    overlaps   text    not null check (overlaps in ('ALLOW', 'REJECT'))
) strict;

create unique index calendars_one_default on calendars (is_default) where is_default = 1 and gone is null;
create index calendars_by_name on calendars (name, id) where gone is null;

create table appointments (
    calendar_id blob    not null references calendars (id),
    id          blob    not null check (length(id) = 16),
    revision    integer not null,
    created_at  integer not null,
    updated_at  integer not null,
    title       text    not null,
    description text,
    location    text,
    starts_at   integer not null,
    ends_at     integer not null check (ends_at >= starts_at),
    -- ceil(log2(seconds)): a long appointment is looked for among the long ones only (S17).
    span        integer not null check (span between 0 and 25),
    all_day     integer not null check (all_day in (0, 1)),
    time_zone   text    not null,
    status      text    not null,
    attendees   text    not null check (json_valid(attendees)),
    primary key (calendar_id, id)
) strict;

-- Holds all that tells whether an appointment is in a range, or in the way.
create index appointments_by_span
    on appointments (calendar_id, span, starts_at, ends_at, status, id);

-- The log (S3): a row is enough to answer a subscriber without reading anything else. It is read
-- by stretches of one calendar, so it is stored in that order.
create table changes (
    calendar_id      blob    not null references calendars (id),
    revision         integer not null,
    kind             text    not null check (
        kind in ('CREATED', 'UPDATED', 'DELETED', 'CALENDAR_UPDATED', 'CALENDAR_GONE')),
    appointment_id   blob,
    before_starts_at integer,
    before_ends_at   integer,
    after_starts_at  integer,
    after_ends_at    integer,
    -- The appointment, or the calendar, as the change left it.
    state            text check (state is null or json_valid(state)),
    mutation_id      blob,
    actor            text    not null,
    at               integer not null,
    primary key (calendar_id, revision)
) strict, without rowid;

create index changes_by_age on changes (at);

-- The ledger (S10): the first decision under a mutation id is the decision. The promise is about
-- the id, whatever calendar it came for, so the id is the key.
create table mutations (
    id          blob    not null primary key check (length(id) = 16),
    fingerprint blob    not null check (length(fingerprint) = 32),
    decision    text    not null check (json_valid(decision)),
    -- Or when the id says it was made, if the client's clock is ahead: what is younger than the
    -- ledger reaches is never decided a second time.
    decided_at  integer not null
) strict;

create index mutations_by_age on mutations (decided_at);

-- One row: decisions since then are all there. It only rises, also when the retention is raised.
create table ledger (
    reaches integer not null
) strict;

insert into ledger (reaches) values (0);

-- Every id that was ever used, by a calendar or an appointment (S19). Never pruned.
create table directory (
    id          blob    not null primary key check (length(id) = 16),
    calendar_id blob    not null,
    -- What it was created with, so that the same attempt again is harmless.
    created_as  blob    not null check (length(created_as) = 32),
    -- The revision of its deletion.
    deleted_at  integer
) strict, without rowid;
