//! A plan under its variables: which fields are asked for, under which keys, over which ranges.

use std::sync::Arc;

use cynic_parser::common::OperationType;
use hashbrown::HashMap;
use serde_json::{Map, Value as Json};

use super::json;
use super::plan::{Case, Plan, Role, Slot};
use crate::instant;
use crate::record::{Names, Symbol};
use crate::rules::Rules;

/// A plan and the keys that its fields have under some variables.
pub(crate) struct Bound {
    /// Whose names these are.
    pub(crate) cache: u64,
    pub(crate) plan: Arc<Plan>,
    /// The key of each slot in its record; `None` where the slot is left out.
    keys: Box<[Option<Symbol>]>,
    /// For each case its stored slots that are read, in the order of their keys.
    stored_slots: Box<[Box<[StoredSlot]>]>,
    /// Which cases have fields that are read and not stored.
    has_derived_fields: Box<[bool]>,
    /// How many fields an answer has of each case, but for `__typename`.
    expected_fields: Box<[u16]>,
    /// The collections that are listed, by slot.
    listings: HashMap<u32, Arc<Listing>>,
    /// Whether it reads at which revision a list stands.
    reads_position: bool,
    /// The listings by the set inside of which their list is.
    envelopes: HashMap<usize, Arc<Listing>>,
}

/// A slot that is read from a record.
#[derive(Clone, Copy)]
pub(crate) struct StoredSlot {
    pub(crate) key: Symbol,
    /// Which slot of its case.
    pub(crate) slot: u16,
    /// The next one reads the same field under another name.
    pub(crate) has_twin: bool,
}

/// A collection's field, asked for a range.
#[derive(Debug, PartialEq)]
pub(crate) struct Listing {
    pub(crate) collection: usize,
    /// `None` where the scope is the entity that the field is of.
    pub(crate) scope: Option<Arc<str>>,
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// What is selected of each member, as paths.
    pub(crate) fields: FieldSet,
    /// The same, as a selection set.
    pub(crate) members: Option<usize>,
}

/// Which fields of a member are known or asked for, and of all that is inside of it; sorted.
pub(crate) type FieldSet = Arc<[Symbol]>;

/// Whether what has `one` has all of `other`.
pub(crate) fn includes(one: &FieldSet, other: &FieldSet) -> bool {
    Arc::ptr_eq(one, other) || other.iter().all(|it| one.binary_search(it).is_ok())
}

impl Bound {
    pub(crate) fn new(plan: Arc<Plan>, variables: Json, rules: &Rules, names: &mut Names) -> Self {
        let variables = apply_defaults(variables, &plan.defaults);
        let mut keys = vec![None; plan.slots as usize];
        let slots = plan.sets.iter().flat_map(|it| &it.cases).flat_map(|it| &it.slots);
        let by_number: HashMap<u32, &Slot> = slots.clone().map(|it| (it.number, it)).collect();
        for slot in slots {
            keys[slot.number as usize] = Some(slot.key);
        }
        // What a mutation's or a subscription's root says is not kept, and its arguments, which are
        // different every time, are no names.
        let roots = plan.root().filter(|_| plan.kind != OperationType::Query);
        let passing = roots.map_or(&[][..], |it| &it.slots);
        let lasts = |slot: &Slot| passing.iter().all(|it| it.number != slot.number);
        let mut asked = HashMap::new();
        for call in &plan.slot_arguments {
            let Some(slot) = by_number.get(&call.slot) else { continue };
            let is_out = call.conditions.iter().any(|(skips, it)| {
                it.resolve(&variables).and_then(|it| it.as_bool()).unwrap_or(!*skips) == *skips
            });
            let arguments = call.arguments.iter();
            let arguments: Map<String, Json> = arguments
                .filter_map(|it| {
                    let value = it.value.resolve(&variables).or_else(|| it.default.clone())?;
                    Some((it.name.clone(), value))
                })
                .collect();
            let arguments = Json::Object(arguments);
            let key = match lasts(slot) {
                true => names.intern(&json::field_key(&slot.name, &arguments)),
                false => slot.key,
            };
            keys[call.slot as usize] = (!is_out).then_some(key);
            asked.insert(call.slot, arguments);
        }
        let mut bound = Self {
            cache: names.id,
            stored_slots: Box::default(),
            has_derived_fields: Box::default(),
            expected_fields: Box::default(),
            listings: HashMap::new(),
            envelopes: HashMap::new(),
            reads_position: false,
            keys: keys.into(),
            plan: plan.clone(),
        };
        for (slot, arguments) in asked {
            let Some(slot) = by_number.get(&slot) else { continue };
            let Some(listing) = bound.build_listing(slot, &arguments, rules, names) else {
                continue;
            };
            let listing = Arc::new(listing);
            if rules.collections[listing.collection].items.is_some() {
                bound.envelopes.extend(slot.child.map(|it| (it, listing.clone())));
            }
            bound.listings.insert(slot.number, listing);
        }
        bound.stored_slots = bound.sort_stored_slots();
        let cases = plan.sets.iter().flat_map(|it| &it.cases);
        let mut told = vec![0; plan.cases as usize];
        let mut has_derived_fields = vec![false; plan.cases as usize];
        for case in cases {
            let slots = case.slots.iter().filter(|it| it.role != Role::Typename);
            let is_derived =
                |it: &Slot| !it.is_added && bound.key(it).is_some() && it.role != Role::Value;
            has_derived_fields[case.number as usize] = case.slots.iter().any(is_derived);
            told[case.number as usize] = slots.filter(|it| bound.key(it).is_some()).count() as u16;
        }
        (bound.expected_fields, bound.has_derived_fields) =
            (told.into(), has_derived_fields.into());
        let slots = plan.sets.iter().flat_map(|it| &it.cases).flat_map(|it| &it.slots);
        bound.reads_position = slots.filter(|it| !it.is_added).any(|it| it.role == Role::Position);
        bound
    }

    /// The key of a slot; `None` where it is left out.
    #[inline]
    pub(crate) fn key(&self, slot: &Slot) -> Option<Symbol> {
        self.keys[slot.number as usize]
    }

    /// Whether a case has fields that are read and not stored.
    #[inline]
    pub(crate) fn has_derived_fields(&self, case: &Case) -> bool {
        self.has_derived_fields[case.number as usize]
    }

    /// How many fields a whole answer has of a case, but for `__typename`.
    #[inline]
    pub(crate) fn expected_fields(&self, case: &Case) -> u16 {
        self.expected_fields[case.number as usize]
    }

    /// The slots of a case that are read from its record, in the order of their keys.
    #[inline]
    pub(crate) fn stored_slots(&self, case: &Case) -> &[StoredSlot] {
        &self.stored_slots[case.number as usize]
    }

    /// The same, with the slots.
    pub(crate) fn stored<'b>(
        &'b self,
        case: &'b Case,
    ) -> impl Iterator<Item = (Symbol, &'b Slot)> + Clone {
        self.stored_slots(case).iter().map(|it| (it.key, &case.slots[usize::from(it.slot)]))
    }

    fn is_derived(&self, slot: &Slot) -> bool {
        match slot.role {
            Role::Typename | Role::Items | Role::Position => true,
            Role::Collection(..) => self.listings.contains_key(&slot.number),
            Role::Value => false,
        }
    }

    /// The listing that a slot asks for, if it lists a collection over a range.
    #[inline]
    pub(crate) fn listing(&self, slot: &Slot) -> Option<&Arc<Listing>> {
        self.listings.get(&slot.number)
    }

    /// The listing whose list is inside of a set.
    #[inline]
    pub(crate) fn envelope(&self, set: usize) -> Option<&Arc<Listing>> {
        self.envelopes.get(&set)
    }

    pub(crate) fn reads_position(&self) -> bool {
        self.reads_position
    }

    pub(crate) fn listings(&self) -> impl Iterator<Item = &Arc<Listing>> {
        self.listings.values()
    }

    fn build_listing(
        &self,
        slot: &Slot,
        arguments: &Json,
        rules: &Rules,
        names: &mut Names,
    ) -> Option<Listing> {
        let Role::Collection(collection, listed) = slot.role else { return None };
        self.key(slot)?;
        let rule = &rules.collections[collection];
        let listed = &rule.list_fields[listed];
        let instant = |path: &[String]| instant::from_json(json::value_at(arguments, path)?);
        let [start, end] = listed.range.as_ref()?;
        let scope = match &listed.scope {
            Some(path) => Some(json::value_at(arguments, path)?.as_str()?.into()),
            None => None,
        };
        let child = slot.child?;
        let members = match &rule.items {
            Some(_) => {
                let slots = self.plan.sets[child].only_case()?.slots.iter();
                slots.filter(|it| it.role == Role::Items).find_map(|it| it.child)
            }
            None => Some(child),
        };
        let mut fields = Vec::new();
        if let Some(members) = members {
            self.collect_paths(members, "", names, &mut fields);
        }
        fields.sort_unstable();
        fields.dedup();
        Some(Listing {
            collection,
            scope,
            start: instant(start)?,
            end: instant(end)?,
            fields: fields.into(),
            members,
        })
    }

    fn collect_paths(&self, set: usize, before: &str, names: &mut Names, out: &mut Vec<Symbol>) {
        for case in &self.plan.sets[set].cases {
            for slot in &case.slots {
                let Some(key) = self.keys[slot.number as usize] else { continue };
                let path = format!("{before}{}", names.text(key));
                out.push(names.intern(&path));
                if let Some(child) = slot.child {
                    self.collect_paths(child, &format!("{path}."), names, out);
                }
            }
        }
    }

    fn sort_stored_slots(&self) -> Box<[Box<[StoredSlot]>]> {
        let mut orders = vec![Box::default(); self.plan.cases as usize];
        for (at, set) in self.plan.sets.iter().enumerate() {
            // Outside of a listing, the list of an envelope is a field like any other.
            let is_envelope = self.envelope(at).is_some();
            for case in &set.cases {
                let slots = case.slots.iter().enumerate().filter(|(_, slot)| {
                    let is_plain = matches!(slot.role, Role::Items | Role::Position);
                    !slot.is_added && (is_plain && !is_envelope || !self.is_derived(slot))
                });
                let stored = slots.filter_map(|(at, slot)| {
                    Some(StoredSlot { key: self.key(slot)?, slot: at as u16, has_twin: false })
                });
                let mut order: Vec<StoredSlot> = stored.collect();
                order.sort_by_key(|it| it.key);
                for at in 1..order.len() {
                    order[at - 1].has_twin = order[at - 1].key == order[at].key;
                }
                orders[case.number as usize] = order.into();
            }
        }
        orders.into()
    }
}

fn apply_defaults(variables: Json, defaults: &[(String, Json)]) -> Json {
    let mut variables = match variables {
        Json::Object(variables) => variables,
        _ => Map::new(),
    };
    for (name, default) in defaults {
        variables.entry(name).or_insert_with(|| default.clone());
    }
    Json::Object(variables)
}
