//! Reading a snapshot: first all of it, checked, and then as much of it enters as the cache does not
//! know better.
//!
//! Names and entities have other numbers in this cache than in the one that wrote it, so every value is
//! taken apart and packed again.

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

/// Values nested deeper than this were not written by us.
const MAX_DEPTH: usize = 128;

/// A snapshot, read and checked, with the numbers of this cache.
struct Content {
    entities: Vec<(EntityId, bool, Option<Record>)>,
    scopes: Vec<(usize, String, Option<Revision>, Vec<CoveredSpan>)>,
    /// Whose, what it refuses, where it is records, and in which of the scopes.
    tombstones: Vec<(EntityId, Revision, Revision, Option<usize>)>,
}

/// Lets in what a snapshot says, as far as `base` does not know better.
pub(crate) fn restore(base: &mut Base, rules: &Rules, snapshot: &[u8]) -> Result<()> {
    let body = body(snapshot, rules)?;
    let before = base.store.entities.next_number();
    match parse(base, rules, Input::new(body)) {
        Ok(content) => {
            apply(base, rules, content);
            Ok(())
        }
        Err(error) => {
            // What became known by name only is forgotten again.
            for number in before..base.store.entities.next_number() {
                base.store.entities.release(EntityId(number as u32));
            }
            Err(error)
        }
    }
}

/// What is between the head and the checksum.
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

/// A snapshot is an answer as of its positions, and enters scopes of which nothing is held.
fn apply(base: &mut Base, rules: &Rules, content: Content) {
    let mut entered: HashSet<ScopeId> = HashSet::new();
    let mut scopes = Vec::new();
    for (collection, key, position, stretches) in content.scopes {
        let scope = base.scopes.intern(collection, &key);
        scopes.push(scope);
        let state = base.scopes.get_mut(scope);
        if !state.holds_nothing() {
            continue;
        }
        state.position = position;
        for stretch in stretches {
            state.coverage.cover(stretch);
        }
        entered.insert(scope);
        base.touched.coverage(scope);
        base.touched.position(scope);
    }
    for (entity, refuses, at, scope) in content.tombstones {
        let scope = scope.and_then(|it| scopes.get(it).copied());
        if scope.is_none_or(|it| entered.contains(&it)) {
            base.tombstones.restore((entity, refuses, at, scope), &base.requests);
        }
    }
    for (entity, is_deleted, record) in content.entities {
        let place = record.as_ref().and_then(|it| base.placement(rules, it));
        if place.is_some_and(|it| !entered.contains(&it.scope)) {
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

fn parse(base: &mut Base, rules: &Rules, mut input: Input<'_>) -> Result<Content> {
    let mut names = Vec::new();
    for _ in 0..input.count()? {
        names.push(base.store.names.intern(input.text()?));
    }
    let mut shapes = HashMap::new();
    for _ in 0..input.count()? {
        let number = input.number()?;
        let type_name = *input.entry_of(&names)?;
        let fields =
            (0..input.count()?).map(|_| input.entry_of(&names).copied()).collect::<Result<_>>()?;
        shapes.insert(number, SourceShape { type_name, fields });
    }
    let mut numbers = HashMap::new();
    let mut records = Vec::new();
    for _ in 0..input.count()? {
        let number = u32::try_from(input.number()?).map_err(|_| SnapshotError::Damaged)?;
        let (type_name, key) = (*input.entry_of(&names)?, input.text()?);
        let entity = match number {
            0 => QUERY,
            _ => base.store.entities.intern(type_name, key).0,
        };
        numbers.insert(number, entity);
        let is_deleted = input.flag()?;
        let record = match input.flag()? {
            false => None,
            true => {
                // Whether there is such a shape is seen when it is used.
                Some((input.number()?, revision(&mut input)?, input.text()?))
            }
        };
        records.push((entity, is_deleted, record));
    }
    let mut content = Content { entities: Vec::new(), scopes: Vec::new(), tombstones: Vec::new() };
    let source = SourceNumbers { shapes, numbers };
    for (entity, is_deleted, record) in records {
        let record = match record {
            None => None,
            Some((shape, revision, packed)) => {
                let mut out = Vec::with_capacity(packed.len());
                let shape = repack_object(base, &source, shape, Items::new(packed), &mut out, 0)?;
                Some(Record { shape, revision, packed: to_boxed_str(&out) })
            }
        };
        content.entities.push((entity, is_deleted, record));
    }
    for _ in 0..input.count()? {
        let collection = usize::try_from(input.number()?).map_err(|_| SnapshotError::Damaged)?;
        if collection >= rules.collections.len() {
            return Err(SnapshotError::Damaged);
        }
        let (key, position) = (input.text()?.to_owned(), revision(&mut input)?);
        let mut stretches = Vec::new();
        for _ in 0..input.count()? {
            stretches.push(stretch(&mut input, &names)?);
        }
        content.scopes.push((collection, key, position, stretches));
    }
    for _ in 0..input.count()? {
        let number = u32::try_from(input.number()?).map_err(|_| SnapshotError::Damaged)?;
        let entity = *source.numbers.get(&number).ok_or(SnapshotError::Damaged)?;
        let (refuses, at) = (input.number()?, input.number()?);
        let scope = usize::try_from(input.number()?).map_err(|_| SnapshotError::Damaged)?;
        let scope = scope.checked_sub(1).filter(|it| *it < content.scopes.len());
        content.tombstones.push((entity, refuses, at, scope));
    }
    if input.is_empty() { Ok(content) } else { Err(SnapshotError::Damaged) }
}

fn stretch(input: &mut Input<'_>, names: &[Symbol]) -> Result<CoveredSpan> {
    let start = i64::from_le_bytes(input.array()?);
    let end = i64::from_le_bytes(input.array()?);
    let (floor, is_stale) = (revision(input)?, input.flag()?);
    let count = input.count()?;
    let fields = (0..count).map(|_| input.entry_of(names).copied()).collect::<Result<Vec<_>>>()?;
    let mut fields = fields;
    fields.sort_unstable();
    let fields: FieldSet = fields.into();
    let freshness = if is_stale { Freshness::Stale } else { Freshness::Current };
    Ok(CoveredSpan { span: Span { start, end }, fields, floor, freshness })
}

fn revision(input: &mut Input<'_>) -> Result<Option<Revision>> {
    if input.flag()? { input.number().map(Some) } else { Ok(None) }
}

/// The numbers of the cache that wrote it.
struct SourceNumbers {
    shapes: HashMap<u64, SourceShape>,
    numbers: HashMap<u32, EntityId>,
}

/// A shape with this cache's names, in the order of the other's.
struct SourceShape {
    type_name: Symbol,
    fields: Vec<Symbol>,
}

/// Packs the values of an object again. Returns its shape here.
fn repack_object(
    base: &mut Base,
    source: &SourceNumbers,
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
    let has_twins = packed.windows(2).any(|pair| pair[0].0 == pair[1].0);
    if !values.is_empty() || has_twins {
        return Err(SnapshotError::Damaged);
    }
    let fields = packed.iter().map(|(field, _)| *field).collect();
    out.extend(packed.into_iter().flat_map(|(_, it)| it));
    Ok(base.store.shapes.intern(*type_name, fields))
}

fn repack_value(
    base: &mut Base,
    source: &SourceNumbers,
    value_of: Option<Value<'_>>,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(SnapshotError::Damaged);
    }
    match value_of.ok_or(SnapshotError::Damaged)? {
        Value::Null => out.null(),
        Value::Bool(it) => out.bool(it),
        Value::Int(it) => out.int(it),
        Value::Uint(it) => out.uint(it),
        Value::Float(it) => out.float(it),
        Value::Text(it) => out.text(it),
        Value::Ref(it) => out.reference(*source.numbers.get(&it.0).ok_or(SnapshotError::Damaged)?),
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

fn repack_items(
    base: &mut Base,
    source: &SourceNumbers,
    mut items: Items<'_>,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<()> {
    while !items.is_empty() {
        repack_value(base, source, items.next(), out, depth + 1)?;
    }
    Ok(())
}
