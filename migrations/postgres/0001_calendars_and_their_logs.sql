-- Calendars, what is in them, and the log of every change.
--
-- The same tables as in the other store, in types that belong here. The calendar leads every key but those of `directory` and
-- `mutations`, which are asked before the calendar is known, so the tables can be distributed by it.

-- So that a uuid can stand in a gist index.
create extension if not exists btree_gist;

create table calendars (
    id         uuid    not null primary key,
    -- The log's position (S1). Its row is what a transaction locks: commits of one calendar are serial (S2).
    head       bigint  not null default 0,
    -- The highest revision that is no longer in the log (S7).
    pruned     bigint  not null default 0,
    -- The revision of the removal. The row stays: its log still tells subscribers of the end, and
    -- its id stays used.
    gone       bigint,
    revision   bigint  not null default 0,
    is_default boolean not null,
    -- By bytes, as the other store orders them.
    name       text    not null collate "C",
    color      text,
    time_zone  text    not null,
    "overlaps" text    not null check ("overlaps" in ('ALLOW', 'REJECT')),
    check (head >= pruned)
);

-- Its head moves with every change: room on the page, so that no index has to follow.
alter table calendars set (fillfactor = 50);

create unique index calendars_one_default on calendars (is_default) where is_default and gone is null;
create index calendars_by_name on calendars (name, id) where gone is null;

create table appointments (
    calendar_id uuid        not null references calendars (id),
    id          uuid        not null,
    revision    bigint      not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    title       text        not null,
    description text,
    location    text,
    starts_at   timestamptz not null,
    ends_at     timestamptz not null check (ends_at >= starts_at),
    -- ceil(log2(seconds)): a long appointment is looked for among the long ones only (S17).
    span        smallint    not null check (span between 0 and 25),
    all_day     boolean     not null,
    time_zone   text        not null,
    status      text        not null,
    -- As it was written, byte for byte.
    attendees   json        not null,
    -- Whether nothing may overlap it: it is busy, in a calendar that says so.
    exclusive   boolean     not null,
    primary key (calendar_id, id),
    -- The net behind the lock (S12). Two of no length, or one next to the other, do not overlap.
    constraint appointments_overlap exclude using gist (
        calendar_id with =, tstzrange(starts_at, ends_at) with &&
    ) where (exclusive)
);

-- Holds all that tells whether an appointment is in a range, or in the way.
create index appointments_by_span
    on appointments (calendar_id, span, starts_at) include (ends_at, status, id);

-- The log (S3): a row is enough to answer a subscriber without reading anything else.
create table changes (
    calendar_id      uuid        not null references calendars (id),
    revision         bigint      not null,
    kind             text        not null check (
        kind in ('CREATED', 'UPDATED', 'DELETED', 'CALENDAR_UPDATED', 'CALENDAR_GONE')),
    appointment_id   uuid,
    before_starts_at timestamptz,
    before_ends_at   timestamptz,
    after_starts_at  timestamptz,
    after_ends_at    timestamptz,
    -- The appointment, or the calendar, as the change left it.
    state            json,
    mutation_id      uuid,
    actor            text        not null,
    at               timestamptz not null,
    primary key (calendar_id, revision)
);

create index changes_by_age on changes (at);

-- The ledger (S10): the first decision under a mutation id is the decision. The promise is about
-- the id, whatever calendar it came for, so the id is the key.
create table mutations (
    id          uuid        not null primary key,
    fingerprint bytea       not null check (octet_length(fingerprint) = 32),
    decision    json        not null,
    -- Or when the id says it was made, if the client's clock is ahead: what is younger than the
    -- ledger reaches is never decided a second time.
    decided_at  timestamptz not null
);

create index mutations_by_age on mutations (decided_at);

-- One row: decisions since then are all there. It only rises, also when the retention is raised.
create table ledger (
    reaches timestamptz not null
);

insert into ledger (reaches) values (to_timestamp(0));

-- Every id that was ever used, by a calendar or an appointment (S19). Never pruned.
create table directory (
    id          uuid   not null primary key,
    calendar_id uuid   not null,
    -- What it was created with, so that the same attempt again is harmless.
    created_as  bytea  not null check (octet_length(created_as) = 32),
    -- The revision of its deletion.
    deleted_at  bigint
);
