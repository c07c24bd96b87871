//! Rules: the policy, checked against the schema and with interned names for fast lookup.

use hashbrown::{HashMap, HashSet};

use crate::error::SetupError;
use crate::fingerprint::fnv;
use crate::policy::{Collection, Policy};
use crate::record::{Names, Symbol};
use crate::schema::Schema;

/// The schema and its policy.
pub(crate) struct Rules {
    pub(crate) schema: Schema,
    pub(crate) collections: Vec<Collection>,
    entities: HashMap<Symbol, EntityRule>,
    server_made: HashSet<(String, String)>,
    /// A hash of schema and policy. A snapshot with another fingerprint is refused.
    pub(crate) fingerprint: u64,
}

/// The key and the revision of the entities of one type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntityRule {
    pub(crate) key: Symbol,
    pub(crate) revision: Option<Symbol>,
    /// Set for the members of a collection.
    pub(crate) placement: Option<PlacementRule>,
}

/// The fields that determine where a member is in its collection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlacementRule {
    pub(crate) collection: usize,
    pub(crate) scope: Symbol,
    pub(crate) start: Symbol,
    pub(crate) end: Symbol,
}

impl Rules {
    pub(crate) fn new(policy: &dyn Policy, names: &mut Names) -> Result<Self, SetupError> {
        let schema = Schema::parse(policy.schema())?;
        let collections = policy.collections();
        let mut entities = HashMap::new();
        let mut server_made = HashSet::new();
        let mut keys = Vec::new();
        for (name, of) in schema.object_types() {
            let Some(key) = policy.key(name).filter(|it| of.fields.contains_key(*it)) else {
                continue;
            };
            let made = of.fields.keys().filter(|it| {
                policy.is_server_made(name, it) || policy.revision(name) == Some(it.as_str())
            });
            server_made.extend(made.map(|it| (name.clone(), it.clone())));
            let revision = policy.revision(name).map(|field| {
                let is_known = of.fields.contains_key(field);
                is_known.then(|| names.intern(field)).ok_or_else(|| unknown(name, field))
            });
            keys.push((name, key.to_owned(), policy.revision(name).map(str::to_owned)));
            let key = names.intern(key);
            let rule = EntityRule { key, revision: revision.transpose()?, placement: None };
            entities.insert(names.intern(name), rule);
        }
        keys.sort();
        for (collection, it) in collections.iter().enumerate() {
            check_collection(it, &schema)?;
            let member = names.intern(&it.member);
            let rule = entities.get_mut(&member);
            let rule = rule.ok_or_else(|| SetupError::Unknown(it.member.clone()))?;
            if rule.placement.is_some() {
                return Err(SetupError::TwoCollections(it.member.clone()));
            }
            let [scope, start, end] = [&it.scope, &it.start, &it.end].map(|it| names.intern(it));
            rule.placement = Some(PlacementRule { collection, scope, start, end });
        }
        let fingerprinted = format!("{}{collections:?}{keys:?}", policy.schema());
        let fingerprint = fnv(fingerprinted.as_bytes());
        Ok(Self { schema, collections, entities, server_made, fingerprint })
    }

    pub(crate) fn entity(&self, type_name: Symbol) -> Option<&EntityRule> {
        self.entities.get(&type_name)
    }

    pub(crate) fn is_server_made(&self, type_name: &str, field: &str) -> bool {
        self.server_made.contains(&(type_name.to_owned(), field.to_owned()))
    }

    /// Returns the collection that a field lists, and the index of the [`ListField`].
    ///
    /// [`ListField`]: crate::ListField
    pub(crate) fn list_field(&self, parent: &str, field: &str) -> Option<(usize, usize)> {
        self.collections.iter().enumerate().find_map(|(at, it)| {
            let listed =
                it.list_fields.iter().position(|it| it.parent == parent && it.name == field)?;
            Some((at, listed))
        })
    }

    /// Returns the fields that the cache must know of every entity of a type.
    pub(crate) fn required_fields(&self, type_name: Symbol) -> impl Iterator<Item = Symbol> {
        let rule = self.entity(type_name).copied();
        let place = rule.and_then(|it| it.placement);
        let of_placement = place.into_iter().flat_map(|it| [it.scope, it.start, it.end]);
        let of_rule = rule.into_iter().flat_map(|it| [Some(it.key), it.revision]);
        of_rule.flatten().chain(of_placement)
    }
}

fn check_collection(collection: &Collection, schema: &Schema) -> Result<(), SetupError> {
    for field in [&collection.scope, &collection.start, &collection.end] {
        if schema.field(&collection.member, field).is_none() {
            return Err(unknown(&collection.member, field));
        }
    }
    if collection.position.is_some() && collection.items.is_none() {
        let what = format!("the collection of `{}` has no `items_in`", collection.member);
        return Err(SetupError::Incomplete(what));
    }
    for listed in &collection.list_fields {
        if listed.range.is_none() {
            let what = format!("`{}.{}` has no `range`", listed.parent, listed.name);
            return Err(SetupError::Incomplete(what));
        }
        let field = schema.field(&listed.parent, &listed.name);
        let field = field.ok_or_else(|| unknown(&listed.parent, &listed.name))?;
        for inner in collection.items.iter().chain(&collection.position) {
            if schema.field(&field.type_name, inner).is_none() {
                return Err(unknown(&field.type_name, inner));
            }
        }
    }
    Ok(())
}

fn unknown(type_name: &str, field: &str) -> SetupError {
    SetupError::Unknown(format!("{type_name}.{field}"))
}
