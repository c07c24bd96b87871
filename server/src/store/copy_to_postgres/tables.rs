//! The SQL that copies each table.

/// The statements for one table. All of them use one JSON object for a row.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Reads all rows from SQLite, ordered by key.
    pub(super) read: &'static str,
    /// Inserts rows into PostgreSQL. The parameter is an array of JSON texts.
    pub(super) write: &'static str,
    /// Reads all rows from PostgreSQL, in the order and form of `read`.
    pub(super) read_back: &'static str,
}

/// All tables. A table comes after those that it refers to.
pub(super) const TABLES: [Table; 6] =
    [CALENDARS, APPOINTMENTS, CHANGES, MUTATIONS, LEDGER, DIRECTORY];

const CALENDARS: Table = Table {
    name: "calendars",
    read: "select json_object('id', lower(hex(id)), 'head', head, 'pruned', pruned, 'gone', gone,
            'revision', revision, 'is_default', is_default, 'name', name, 'color', color,
            'time_zone', time_zone, 'overlaps', overlaps)
        from calendars order by id",
    write: r#"insert into calendars (id, head, pruned, gone, revision, is_default, name, color,
            time_zone, "overlaps")
        select (r->>'id')::uuid, (r->>'head')::bigint, (r->>'pruned')::bigint,
            (r->>'gone')::bigint, (r->>'revision')::bigint, (r->>'is_default')::int::boolean,
            r->>'name', r->>'color', r->>'time_zone', r->>'overlaps'
        from unnest($1::text[]::json[]) r"#,
    read_back: "select json_build_object('id', replace(id::text, '-', ''), 'head', head,
            'pruned', pruned, 'gone', gone, 'revision', revision, 'is_default', is_default::int,
            'name', name, 'color', color, 'time_zone', time_zone, 'overlaps', c.overlaps)::text
        from calendars c order by id",
};

const APPOINTMENTS: Table = Table {
    name: "appointments",
    read: "select json_object('calendar_id', lower(hex(calendar_id)), 'id', lower(hex(id)),
            'revision', revision, 'created_at', created_at, 'updated_at', updated_at,
            'title', title, 'description', description, 'location', location,
            'starts_at', starts_at, 'ends_at', ends_at, 'span', span, 'all_day', all_day,
            'time_zone', time_zone, 'status', status, 'attendees', attendees || '')
        from appointments order by calendar_id, id",
    write: "insert into appointments (calendar_id, id, revision, created_at, updated_at, title,
            description, location, starts_at, ends_at, span, all_day, time_zone, status,
            attendees, exclusive)
        select c.id, (r->>'id')::uuid, (r->>'revision')::bigint,
            to_timestamp((r->>'created_at')::bigint), to_timestamp((r->>'updated_at')::bigint),
            r->>'title', r->>'description', r->>'location',
            to_timestamp((r->>'starts_at')::bigint), to_timestamp((r->>'ends_at')::bigint),
            (r->>'span')::smallint, (r->>'all_day')::int::boolean, r->>'time_zone',
            r->>'status', (r->>'attendees')::json,
            c.overlaps = 'REJECT' and r->>'status' <> 'CANCELLED'
        from unnest($1::text[]::json[]) r join calendars c on c.id = (r->>'calendar_id')::uuid",
    read_back: "select json_build_object('calendar_id', replace(calendar_id::text, '-', ''),
            'id', replace(id::text, '-', ''), 'revision', revision,
            'created_at', extract(epoch from created_at)::bigint,
            'updated_at', extract(epoch from updated_at)::bigint, 'title', title,
            'description', description, 'location', location,
            'starts_at', extract(epoch from starts_at)::bigint,
            'ends_at', extract(epoch from ends_at)::bigint, 'span', span,
            'all_day', all_day::int, 'time_zone', time_zone, 'status', status,
            'attendees', attendees::text)::text
        from appointments order by calendar_id, id",
};

const CHANGES: Table = Table {
    name: "changes",
    read: "select json_object('calendar_id', lower(hex(calendar_id)), 'revision', revision,
            'kind', kind, 'appointment_id', lower(hex(appointment_id)),
            'before_starts_at', before_starts_at, 'before_ends_at', before_ends_at,
            'after_starts_at', after_starts_at, 'after_ends_at', after_ends_at,
            'state', state || '', 'mutation_id', lower(hex(mutation_id)), 'actor', actor, 'at', at)
        from changes order by calendar_id, revision",
    write: "insert into changes (calendar_id, revision, kind, appointment_id, before_starts_at,
            before_ends_at, after_starts_at, after_ends_at, state, mutation_id, actor, at)
        select (r->>'calendar_id')::uuid, (r->>'revision')::bigint, r->>'kind',
            nullif(r->>'appointment_id', '')::uuid,
            to_timestamp((r->>'before_starts_at')::bigint),
            to_timestamp((r->>'before_ends_at')::bigint),
            to_timestamp((r->>'after_starts_at')::bigint),
            to_timestamp((r->>'after_ends_at')::bigint), (r->>'state')::json,
            nullif(r->>'mutation_id', '')::uuid, r->>'actor', to_timestamp((r->>'at')::bigint)
        from unnest($1::text[]::json[]) r",
    read_back: "select json_build_object('calendar_id', replace(calendar_id::text, '-', ''),
            'revision', revision, 'kind', kind,
            'appointment_id', coalesce(replace(appointment_id::text, '-', ''), ''),
            'before_starts_at', extract(epoch from before_starts_at)::bigint,
            'before_ends_at', extract(epoch from before_ends_at)::bigint,
            'after_starts_at', extract(epoch from after_starts_at)::bigint,
            'after_ends_at', extract(epoch from after_ends_at)::bigint, 'state', state::text,
            'mutation_id', coalesce(replace(mutation_id::text, '-', ''), ''), 'actor', actor,
            'at', extract(epoch from at)::bigint)::text
        from changes order by calendar_id, revision",
};

const MUTATIONS: Table = Table {
    name: "mutations",
    read: "select json_object('id', lower(hex(id)), 'fingerprint', lower(hex(fingerprint)),
            'decision', decision || '', 'decided_at', decided_at)
        from mutations order by id",
    write: "insert into mutations (id, fingerprint, decision, decided_at)
        select (r->>'id')::uuid, decode(r->>'fingerprint', 'hex'), (r->>'decision')::json,
            to_timestamp((r->>'decided_at')::bigint)
        from unnest($1::text[]::json[]) r",
    read_back: "select json_build_object('id', replace(id::text, '-', ''),
            'fingerprint', encode(fingerprint, 'hex'), 'decision', decision::text,
            'decided_at', extract(epoch from decided_at)::bigint)::text
        from mutations order by id",
};

const LEDGER: Table = Table {
    name: "ledger",
    read: "select json_object('reaches', reaches) from ledger",
    write: "update ledger set reaches = to_timestamp((r->>'reaches')::bigint)
        from unnest($1::text[]::json[]) r",
    read_back: "select json_build_object('reaches', extract(epoch from reaches)::bigint)::text
        from ledger",
};

const DIRECTORY: Table = Table {
    name: "directory",
    read: "select json_object('id', lower(hex(id)), 'calendar_id', lower(hex(calendar_id)),
            'created_as', lower(hex(created_as)), 'deleted_at', deleted_at)
        from directory order by id",
    write: "insert into directory (id, calendar_id, created_as, deleted_at)
        select (r->>'id')::uuid, (r->>'calendar_id')::uuid, decode(r->>'created_as', 'hex'),
            (r->>'deleted_at')::bigint
        from unnest($1::text[]::json[]) r",
    read_back: "select json_build_object('id', replace(id::text, '-', ''),
            'calendar_id', replace(calendar_id::text, '-', ''),
            'created_as', encode(created_as, 'hex'), 'deleted_at', deleted_at)::text
        from directory order by id",
};
