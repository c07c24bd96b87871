//! Packing: how JSON becomes stored values and edits, and stored values become JSON.

use serde_json::Value as Json;

use super::{Edit, Layers, Patch};
use crate::base::Base;
use crate::error::PredictionError;
use crate::normalize::{FromPrediction, Staged};
use crate::record::{
    EntityId, ListMerge, Pack, Record, Symbol, Value, merge_value, to_boxed_str, value,
};
use crate::rules::Rules;
use crate::schema::{Field, Leaf};

/// Converts a patch to edits.
pub(crate) fn patch_edits(
    base: &mut Base,
    rules: &Rules,
    patch: Patch,
) -> Result<Vec<(EntityId, Edit)>, PredictionError> {
    let type_name = base.store.names.intern(&patch.type_name);
    let entity = base.store.entities.intern(type_name, &patch.key).0;
    if patch.deletes {
        return Ok(vec![(entity, Edit::Delete)]);
    }
    let mut edits = Vec::new();
    for (field, value) in patch.fields {
        let value = value.map_err(|error| PredictionError::Mismatch(error.to_string()))?;
        set_field(base, rules, entity, &field, &value, &mut edits)?;
    }
    Ok(edits)
}

/// Adds the edits that set a field, named as in the schema, to a JSON value. Entities inside the
/// value get edits of their own.
pub(crate) fn set_field(
    base: &mut Base,
    rules: &Rules,
    entity: EntityId,
    field: &str,
    value: &Json,
    edits: &mut Vec<(EntityId, Edit)>,
) -> Result<(), PredictionError> {
    let type_name = base.store.names.text(base.type_name(entity)).clone();
    let mut packed = Vec::new();
    let known =
        rules.schema.field(&type_name, field).ok_or_else(|| no_such_field(&type_name, field))?;
    if !matches_schema(rules, known, value) {
        let message = format!("`{type_name}.{field}` cannot be {value}");
        return Err(PredictionError::Mismatch(message));
    }
    pack(base, rules, &known.type_name, value, &mut packed, edits)?;
    let symbol = base.store.names.intern(field);
    edits.push((entity, Edit::Set(symbol, to_boxed_str(&packed))));
    Ok(())
}

/// Returns whether a value has the form of the field's type: lists, nulls and the built-in scalars.
fn matches_schema(rules: &Rules, field: &Field, value: &Json) -> bool {
    fn at(levels: &[bool], leaf: Option<Leaf>, value: &Json) -> bool {
        match (levels, value, leaf) {
            ([is_nullable, ..], Json::Null, _) => *is_nullable,
            ([_, inner @ ..], Json::Array(items), _) if !inner.is_empty() => {
                items.iter().all(|it| at(inner, leaf, it))
            }
            ([_, _, ..], ..) => false,
            (.., None) => value.is_object(),
            (.., Some(leaf)) => match leaf {
                Leaf::Int => value.is_i64() || value.is_u64(),
                Leaf::Float => value.is_number(),
                Leaf::Boolean => value.is_boolean(),
                Leaf::Text => value.is_string(),
                Leaf::Id => value.is_string() || value.is_i64() || value.is_u64(),
                Leaf::Any => true,
            },
        }
    }
    let is_composite = rules.schema.composite(&field.type_name).is_some();
    let leaf = (!is_composite).then(|| rules.schema.leaf(&field.type_name));
    at(&field.nullability, leaf, value)
}

/// Packs a value of the type `type_name`, or nested lists of that type. Entities become references,
/// and their fields become `edits`.
fn pack(
    base: &mut Base,
    rules: &Rules,
    type_name: &str,
    value: &Json,
    out: &mut Vec<u8>,
    edits: &mut Vec<(EntityId, Edit)>,
) -> Result<(), PredictionError> {
    match value {
        Json::Null => out.null(),
        Json::Bool(it) => out.bool(*it),
        Json::Number(it) => match (it.as_i64(), it.as_u64()) {
            (Some(it), _) => out.int(it),
            (None, Some(it)) => out.uint(it),
            (None, None) => out.float(it.as_f64().unwrap_or_default()),
        },
        Json::String(it) => out.text(it),
        Json::Array(items) => {
            let opened = out.open_list();
            for item in items {
                pack(base, rules, type_name, item, out, edits)?;
            }
            out.close(opened);
        }
        Json::Object(fields) if rules.schema.composite(type_name).is_none() => {
            let opened = out.open_map();
            for (name, value) in fields {
                out.text(name);
                pack(base, rules, type_name, value, out, edits)?;
            }
            out.close(opened);
        }
        Json::Object(fields) => {
            let type_name = match fields.get("__typename") {
                Some(Json::String(it)) => it,
                _ => type_name,
            };
            let symbol = base.store.names.intern(type_name);
            let key = rules.entity(symbol).map(|it| base.store.names.text(it.key).clone());
            let key = key.and_then(|it| fields.get(&*it)?.as_str());
            let fields = fields.iter().filter(|(name, _)| *name != "__typename");
            if let Some(key) = key {
                let entity = base.store.entities.intern(symbol, key).0;
                for (field, value) in fields {
                    set_field(base, rules, entity, field, value, edits)?;
                }
                out.reference(entity);
                return Ok(());
            }
            let mut values: Vec<(Symbol, Vec<u8>)> = Vec::new();
            for (field, value) in fields {
                let known = rules.schema.field(type_name, field);
                let known = known.ok_or_else(|| no_such_field(type_name, field))?.type_name.clone();
                let mut packed = Vec::new();
                pack(base, rules, &known, value, &mut packed, edits)?;
                values.push((base.store.names.intern(field), packed));
            }
            values.sort();
            let keys = values.iter().map(|(key, _)| *key).collect();
            let opened = out.open_object(base.store.shapes.intern(symbol, keys));
            out.extend(values.into_iter().flat_map(|(_, packed)| packed));
            out.close(opened);
        }
    }
    Ok(())
}

fn no_such_field(type_name: &str, field: &str) -> PredictionError {
    PredictionError::NoSuchField { type_name: type_name.to_owned(), field: field.to_owned() }
}

/// Converts an expected response to the edits by which it differs from the current view.
pub(crate) fn response_edits(
    base: &mut Base,
    layers: &Layers,
    staged: Staged<FromPrediction>,
) -> Vec<(EntityId, Edit)> {
    let mut edits = Vec::new();
    for staged in staged.records {
        let entity = staged.entity;
        let stored = || base.store.entities.record(entity).cloned();
        let Some(expected) = staged.record.or_else(stored) else { continue };
        let visible = layers.view(base, entity, None);
        if visible.is_none() {
            edits.push((entity, Edit::Create));
        }
        let pairs: Vec<(Symbol, &str)> =
            base.store.shapes.get(expected.shape).pairs(expected.values()).collect();
        for (field, new) in pairs {
            let old = visible.as_ref().and_then(|it| it.field(&base.store.shapes, field));
            let is_same = old.is_some_and(|old| {
                let mut merged = Vec::new();
                merge_value(&mut base.store.shapes, old, new, ListMerge::TakeNewer, &mut merged);
                merged == old.as_bytes()
            });
            if !is_same {
                edits.push((entity, Edit::Set(field, new.into())));
            }
        }
    }
    edits
}

/// Converts a packed value to JSON for drafts. A reference becomes the key of the entity.
pub(crate) fn to_json(base: &Base, packed: &str) -> Json {
    fn any(base: &Base, value: Value<'_>) -> Json {
        match value {
            Value::Null => Json::Null,
            Value::Bool(it) => it.into(),
            Value::Int(it) => it.into(),
            Value::Uint(it) => it.into(),
            Value::Float(it) => it.into(),
            Value::Text(it) => it.into(),
            Value::Ref(it) => (*base.store.entities.get(it).key).into(),
            Value::List(items) => items.map(|it| any(base, it)).collect(),
            Value::Object(shape, values) => {
                let pairs = base.store.shapes.get(shape).pairs(values);
                let named = pairs.map(|(field, it)| {
                    (base.store.names.text(field).to_string(), value_of(base, it))
                });
                Json::Object(named.collect())
            }
            Value::Map(mut items) => {
                let mut fields = serde_json::Map::new();
                while let (Some(Value::Text(name)), Some(value)) = (items.next(), items.next()) {
                    fields.insert(name.to_owned(), any(base, value));
                }
                Json::Object(fields)
            }
        }
    }
    fn value_of(base: &Base, packed: &str) -> Json {
        any(base, value(packed))
    }
    value_of(base, packed)
}

/// Returns a field of a record as JSON, and `None` if the field is unknown.
pub(crate) fn field_to_json(base: &Base, record: &Record, field: Symbol) -> Option<Json> {
    Some(to_json(base, record.field(&base.store.shapes, field)?))
}
