//! Reads a snapshot: checks all of it first, then stores the part that the cache does not have.
//!
//! Names, shapes and entities have other numbers in this cache than in the one that wrote the
//! snapshot. So every value is unpacked and packed again.

use hashbrown::{HashMap, HashSet};

use super::bytes::Input;
use super::{MAGIC, VERSION};
use crate::base::Base;
use crate::collections::{CoveredSpan, Freshness, ScopeId, Span};
use crate::document::FieldSet;
use crate::error::SnapshotError;
use crate::fingerprint::fnv;
use crate::record::QUERY;
use crate::record::{
    EntityId, Items, Pack, Record, Revision, ShapeId, Symbol, Value, to_boxed_str,
};
use crate::rules::Rules;

type Result<T> = std::result::Result<T, SnapshotError>;

/// The maximum depth of nested values. Deeper values are not from this library.
const MAX_DEPTH: usize = 128;

/// A parsed and checked snapshot, with the numbers of this cache.
struct Content {
    entities: Vec<ParsedEntity>,
    scopes: Vec<ParsedScope>,
    tombstones: Vec<ParsedTombstone>,
}

struct ParsedEntity {
    entity: EntityId,
    is_deleted: bool,
    record: Option<Record>,
}

struct ParsedScope {
    /// The number of the collection in the policy.
    collection: usize,
    key: String,
    position: Option<Revision>,
    covered: Vec<CoveredSpan>,
}

struct ParsedTombstone {
    entity: EntityId,
    /// Records of the entity up to this revision are blocked.
    blocked_until: Revision,
    /// The revision at which the log has the deletion.
    logged_at: Revision,
    /// The index of the scope in [`Content::scopes`]; `None` if the scope is not known.
    scope: Option<usize>,
}

/// Stores the content of a snapshot, except where `base` has data of its own.
///
/// # Errors
///
/// The snapshot is damaged, or was written under another format, schema or policy.
pub(crate) fn restore(base: &mut Base, rules: &Rules, snapshot: &[u8]) -> Result<()> {
    let body = body(snapshot, rules)?;
    let before = base.store.entities.next_number();
    match parse(base, rules, Input::new(body)) {
        Ok(content) => {
            apply(base, rules, content);
            Ok(())
        }
        Err(error) => {
            // Remove the entities that were added while parsing.
            for number in before..base.store.entities.next_number() {
                base.store.entities.release(EntityId(number as u32));
            }
            Err(error)
        }
    }
}

/// Checks head and checksum, and returns the bytes between them.
fn body<'s>(snapshot: &'s [u8], rules: &Rules) -> Result<&'s [u8]> {
    let (content, sum) = snapshot.split_last_chunk::<8>().ok_or(SnapshotError::Damaged)?;
    let mut head = Input::new(content);
    if head.raw(MAGIC.len())? != MAGIC {
        return Err(SnapshotError::Damaged);
    }
    let found = u32::from_le_bytes(head.array()?);
    if found != VERSION {
        return Err(SnapshotError::Version { found, expected: VERSION });
    }
    if fnv(content).to_le_bytes() != *sum {
        return Err(SnapshotError::Damaged);
    }
    if u64::from_le_bytes(head.array()?) != rules.fingerprint {
        return Err(SnapshotError::OtherSchema);
    }
    content.get(16..).ok_or(SnapshotError::Damaged)
}

/// Stores a snapshot like a response that was read at the positions of its scopes. Scopes with data
/// keep their data.
fn apply(base: &mut Base, rules: &Rules, content: Content) {
    let mut restored: HashSet<ScopeId> = HashSet::new();
    let mut scopes = Vec::new();
    for parsed in content.scopes {
        let scope = base.scopes.intern(parsed.collection, &parsed.key);
        scopes.push(scope);
        let state = base.scopes.get_mut(scope);
        if !state.is_empty() {
            continue;
        }
        state.position = parsed.position;
        for covered in parsed.covered {
            state.coverage.cover(covered);
        }
        restored.insert(scope);
        base.touched.add_coverage(scope);
        base.touched.add_position(scope);
    }
    for ParsedTombstone { entity, blocked_until, logged_at, scope } in content.tombstones {
        let scope = scope.and_then(|it| scopes.get(it).copied());
        if scope.is_none_or(|it| restored.contains(&it)) {
            let tombstone = (entity, blocked_until, logged_at, scope);
            base.tombstones.restore(tombstone, &base.requests);
        }
    }
    for ParsedEntity { entity, is_deleted, record } in content.entities {
        let placement = record.as_ref().and_then(|it| base.placement(rules, it));
        if placement.is_some_and(|it| !restored.contains(&it.scope)) {
            continue;
        }
        match record {
            Some(record) => base.restore(entity, record),
            None if base.store.entities.record(entity).is_none() => {
                base.store.entities.get_mut(entity).is_deleted |= is_deleted;
            }
            None => {}
        }
    }
}

/// Parses a snapshot: the bytes after the head. Adds its names, shapes and entities to the store.
fn parse(base: &mut Base, rules: &Rules, mut input: Input<'_>) -> Result<Content> {
    let mut names = Vec::new();
    for _ in 0..input.count()? {
        names.push(base.store.names.intern(input.text()?));
    }
    let mut source = Source { names, shapes: HashMap::new(), entities: HashMap::new() };
    parse_shapes(&mut source, &mut input)?;
    let entities = parse_entities(base, &mut source, &mut input)?;
    let scopes = parse_scopes(rules, &source, &mut input)?;
    let mut tombstones = Vec::new();
    for _ in 0..input.count()? {
        tombstones.push(parse_tombstone(&source, scopes.len(), &mut input)?);
    }
    if input.is_empty() {
        Ok(Content { entities, scopes, tombstones })
    } else {
        Err(SnapshotError::Damaged)
    }
}

fn parse_shapes(source: &mut Source, input: &mut Input<'_>) -> Result<()> {
    for _ in 0..input.count()? {
        let number = input.number()?;
        let type_name = *input.entry_of(&source.names)?;
        let count = input.count()?;
        let fields =
            (0..count).map(|_| input.entry_of(&source.names).copied()).collect::<Result<_>>()?;
        source.shapes.insert(number, SourceShape { type_name, fields });
    }
    Ok(())
}

fn parse_entities(
    base: &mut Base,
    source: &mut Source,
    input: &mut Input<'_>,
) -> Result<Vec<ParsedEntity>> {
    let mut packed_entities = Vec::new();
    for _ in 0..input.count()? {
        let number = u32_of(input.number()?)?;
        let type_name = *input.entry_of(&source.names)?;
        let key = input.text()?;
        let entity = if number == 0 { QUERY } else { base.store.entities.intern(type_name, key).0 };
        source.entities.insert(number, entity);
        let is_deleted = input.flag()?;
        let record = if input.flag()? {
            Some((input.number()?, parse_revision(input)?, input.text()?))
        } else {
            None
        };
        packed_entities.push((entity, is_deleted, record));
    }
    // Records can refer to entities that come later, so all numbers must be known first.
    let mut entities = Vec::new();
    for (entity, is_deleted, record) in packed_entities {
        let record = match record {
            None => None,
            Some((shape, revision, packed)) => {
                let mut out = Vec::with_capacity(packed.len());
                let shape = repack_object(base, source, shape, Items::new(packed), &mut out, 0)?;
                Some(Record { shape, revision, packed: to_boxed_str(&out) })
            }
        };
        entities.push(ParsedEntity { entity, is_deleted, record });
    }
    Ok(entities)
}

fn parse_scopes(rules: &Rules, source: &Source, input: &mut Input<'_>) -> Result<Vec<ParsedScope>> {
    let mut scopes = Vec::new();
    for _ in 0..input.count()? {
        let collection = usize_of(input.number()?)?;
        if collection >= rules.collections.len() {
            return Err(SnapshotError::Damaged);
        }
        let key = input.text()?.to_owned();
        let position = parse_revision(input)?;
        let mut covered = Vec::new();
        for _ in 0..input.count()? {
            covered.push(parse_span(input, &source.names)?);
        }
        scopes.push(ParsedScope { collection, key, position, covered });
    }
    Ok(scopes)
}

fn parse_span(input: &mut Input<'_>, names: &[Symbol]) -> Result<CoveredSpan> {
    let start = i64::from_le_bytes(input.array()?);
    let end = i64::from_le_bytes(input.array()?);
    let floor = parse_revision(input)?;
    let freshness = if input.flag()? { Freshness::Stale } else { Freshness::Current };
    let count = input.count()?;
    let mut fields =
        (0..count).map(|_| input.entry_of(names).copied()).collect::<Result<Vec<_>>>()?;
    fields.sort_unstable();
    let fields: FieldSet = fields.into();
    Ok(CoveredSpan { span: Span { start, end }, fields, floor, freshness })
}

fn parse_tombstone(
    source: &Source,
    scope_count: usize,
    input: &mut Input<'_>,
) -> Result<ParsedTombstone> {
    let number = u32_of(input.number()?)?;
    let entity = *source.entities.get(&number).ok_or(SnapshotError::Damaged)?;
    let blocked_until = input.number()?;
    let logged_at = input.number()?;
    let scope = usize_of(input.number()?)?.checked_sub(1).filter(|it| *it < scope_count);
    Ok(ParsedTombstone { entity, blocked_until, logged_at, scope })
}

fn parse_revision(input: &mut Input<'_>) -> Result<Option<Revision>> {
    if input.flag()? { input.number().map(Some) } else { Ok(None) }
}

fn u32_of(number: u64) -> Result<u32> {
    u32::try_from(number).map_err(|_| SnapshotError::Damaged)
}

fn usize_of(number: u64) -> Result<usize> {
    usize::try_from(number).map_err(|_| SnapshotError::Damaged)
}

/// The names, shapes and entities of the cache that wrote the snapshot, by their numbers there.
struct Source {
    names: Vec<Symbol>,
    shapes: HashMap<u64, SourceShape>,
    entities: HashMap<u32, EntityId>,
}

/// A shape with the names of this cache, in the field order of the other cache.
struct SourceShape {
    type_name: Symbol,
    fields: Vec<Symbol>,
}

/// Packs the values of an object with the numbers of this cache. Returns the shape in this cache.
fn repack_object(
    base: &mut Base,
    source: &Source,
    shape: u64,
    mut values: Items<'_>,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<ShapeId> {
    let SourceShape { type_name, fields } =
        source.shapes.get(&shape).ok_or(SnapshotError::Damaged)?;
    let mut packed = Vec::with_capacity(fields.len());
    for field in fields {
        let mut one = Vec::new();
        repack_value(base, source, values.next(), &mut one, depth)?;
        packed.push((*field, one));
    }
    packed.sort();
    let has_duplicates = packed.windows(2).any(|pair| pair[0].0 == pair[1].0);
    if !values.is_empty() || has_duplicates {
        return Err(SnapshotError::Damaged);
    }
    let fields = packed.iter().map(|(field, _)| *field).collect();
    out.extend(packed.into_iter().flat_map(|(_, it)| it));
    Ok(base.store.shapes.intern(*type_name, fields))
}

/// Packs a value with the numbers of this cache.
fn repack_value(
    base: &mut Base,
    source: &Source,
    original: Option<Value<'_>>,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(SnapshotError::Damaged);
    }
    match original.ok_or(SnapshotError::Damaged)? {
        Value::Null => out.null(),
        Value::Bool(it) => out.bool(it),
        Value::Int(it) => out.int(it),
        Value::Uint(it) => out.uint(it),
        Value::Float(it) => out.float(it),
        Value::Text(it) => out.text(it),
        Value::Ref(it) => out.reference(*source.entities.get(&it.0).ok_or(SnapshotError::Damaged)?),
        Value::List(items) => {
            let opened = out.open_list();
            repack_items(base, source, items, out, depth)?;
            out.close(opened);
        }
        Value::Map(items) => {
            let names = items.step_by(2);
            if items.count() % 2 != 0 || names.into_iter().any(|it| !matches!(it, Value::Text(_))) {
                return Err(SnapshotError::Damaged);
            }
            let opened = out.open_map();
            repack_items(base, source, items, out, depth)?;
            out.close(opened);
        }
        Value::Object(shape, values) => {
            let mut inner = Vec::new();
            let shape =
                repack_object(base, source, u64::from(shape.0), values, &mut inner, depth + 1)?;
            let opened = out.open_object(shape);
            out.append(&mut inner);
            out.close(opened);
        }
    }
    Ok(())
}

/// Packs the content of a list or a map with the numbers of this cache.
fn repack_items(
    base: &mut Base,
    source: &Source,
    mut items: Items<'_>,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<()> {
    while !items.is_empty() {
        repack_value(base, source, items.next(), out, depth + 1)?;
    }
    Ok(())
}
