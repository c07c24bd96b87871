//! Binding: fills the variables into a plan. The result knows the key of each field, and the lists
//! of collections with their ranges.

use std::sync::Arc;

use cynic_parser::common::OperationType;
use hashbrown::HashMap;
use serde_json::{Map, Value as Json};

use super::json;
use super::plan::{Case, Plan, Role, Slot};
use crate::instant;
use crate::record::{Names, Symbol};
use crate::rules::Rules;

/// A plan with its variables filled in.
pub(crate) struct Bound {
    /// The id of the [`Names`] that the symbols are of. It tells the plans of two caches apart.
    pub(crate) cache: u64,
    pub(crate) plan: Arc<Plan>,
    /// The key of each slot in its record, by slot number; `None` where the slot is left out.
    keys: Box<[Option<Symbol>]>,
    /// The slots that are read from records, by case number, each list sorted by key.
    stored_slots: Box<[Box<[StoredSlot]>]>,
    /// Whether a case has fields that are derived when reading, by case number.
    has_derived_fields: Box<[bool]>,
    /// The number of fields in a complete response without `__typename`, by case number.
    expected_fields: Box<[u16]>,
    /// The listings by the number of their slot.
    listings: HashMap<u32, Arc<Listing>>,
    /// Whether the operation selects the revision at which a list was read.
    reads_position: bool,
    /// The listings with an envelope, by the selection set of the envelope.
    envelopes: HashMap<usize, Arc<Listing>>,
}

/// A slot that is read from a record.
#[derive(Clone, Copy)]
pub(crate) struct StoredSlot {
    pub(crate) key: Symbol,
    /// The index of the slot in its case.
    pub(crate) slot: u16,
    /// Whether the next slot has the same key: it reads the field under another alias.
    pub(crate) shares_key_with_next: bool,
}

/// One use of a collection in an operation: a list of its members in a time range.
#[derive(Debug, PartialEq)]
pub(crate) struct Listing {
    /// The number of the collection in the policy.
    pub(crate) collection: usize,
    /// The key of the scope; `None` if the scope is the entity that has the field.
    pub(crate) scope: Option<Arc<str>>,
    /// The start of the range, in the unit of [`Span`](crate::record::Span).
    pub(crate) start: i64,
    /// The end of the range, exclusive, in the unit of `start`.
    pub(crate) end: i64,
    /// The fields that are selected of each member, as paths.
    pub(crate) fields: FieldSet,
    /// The selection set of the members; `None` if the operation does not select the list.
    pub(crate) members: Option<usize>,
}

/// A set of fields of a member, and of the objects inside of it, as sorted paths.
pub(crate) type FieldSet = Arc<[Symbol]>;

/// Returns whether `one` has all fields of `other`.
pub(crate) fn includes(one: &FieldSet, other: &FieldSet) -> bool {
    Arc::ptr_eq(one, other) || other.iter().all(|it| one.binary_search(it).is_ok())
}

impl Bound {
    /// Fills `variables` into a plan.
    pub(crate) fn new(plan: Arc<Plan>, variables: Json, rules: &Rules, names: &mut Names) -> Self {
        let variables = apply_defaults(variables, &plan.defaults);
        let slots: HashMap<u32, &Slot> = plan.slots().map(|it| (it.number, it)).collect();
        let mut keys = vec![None; plan.slot_count as usize];
        for slot in plan.slots() {
            keys[slot.number as usize] = Some(slot.key);
        }
        // The root of a mutation or a subscription is not stored. Its arguments differ each time,
        // so a key that contains them would only grow the table of names.
        let unstored_root = plan.root().filter(|_| plan.operation_type != OperationType::Query);
        let unstored = unstored_root.map_or(&[][..], |it| &it.slots);
        let is_stored = |slot: &Slot| unstored.iter().all(|it| it.number != slot.number);
        let mut arguments = HashMap::new();
        for dynamic in &plan.slot_arguments {
            let Some(slot) = slots.get(&dynamic.slot) else { continue };
            let values = dynamic.values(&variables);
            let key = if is_stored(slot) {
                names.intern(&json::field_key(&slot.name, &values))
            } else {
                slot.key
            };
            keys[slot.number as usize] = (!dynamic.is_omitted(&variables)).then_some(key);
            arguments.insert(slot.number, values);
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
        for (number, arguments) in arguments {
            let Some(slot) = slots.get(&number) else { continue };
            bound.add_listing(slot, &arguments, rules, names);
        }
        bound.stored_slots = bound.sort_stored_slots();
        bound.summarize_cases();
        bound
    }

    /// Adds the listing of a slot, if the slot lists a collection over a range.
    fn add_listing(&mut self, slot: &Slot, arguments: &Json, rules: &Rules, names: &mut Names) {
        let Some(listing) = self.build_listing(slot, arguments, rules, names) else { return };
        let listing = Arc::new(listing);
        if rules.collections[listing.collection].items.is_some() {
            self.envelopes.extend(slot.child.map(|it| (it, listing.clone())));
        }
        self.listings.insert(slot.number, listing);
    }

    /// Computes the facts about each case that readers and the writer look up.
    fn summarize_cases(&mut self) {
        let plan = self.plan.clone();
        let mut expected_fields = vec![0; plan.case_count as usize];
        let mut has_derived_fields = vec![false; plan.case_count as usize];
        for case in plan.sets.iter().flat_map(|it| &it.cases) {
            let number = case.number as usize;
            let selected = || case.slots.iter().filter(|it| self.key(it).is_some());
            has_derived_fields[number] =
                selected().any(|it| !it.is_added && it.role != Role::Value);
            expected_fields[number] =
                selected().filter(|it| it.role != Role::Typename).count() as u16;
        }
        self.expected_fields = expected_fields.into();
        self.has_derived_fields = has_derived_fields.into();
        self.reads_position = plan.slots().any(|it| !it.is_added && it.role == Role::Position);
    }

    /// Returns the key of a slot in its record; `None` if the slot is left out.
    #[inline]
    pub(crate) fn key(&self, slot: &Slot) -> Option<Symbol> {
        self.keys[slot.number as usize]
    }

    /// Returns whether a case has fields that are derived when reading.
    #[inline]
    pub(crate) fn has_derived_fields(&self, case: &Case) -> bool {
        self.has_derived_fields[case.number as usize]
    }

    /// Returns the number of fields that a complete response has, without `__typename`.
    #[inline]
    pub(crate) fn expected_fields(&self, case: &Case) -> u16 {
        self.expected_fields[case.number as usize]
    }

    /// Returns the slots of a case that are read from its record, sorted by key.
    #[inline]
    pub(crate) fn stored_slots(&self, case: &Case) -> &[StoredSlot] {
        &self.stored_slots[case.number as usize]
    }

    /// Returns the slots of a case that are read from its record, with their keys.
    pub(crate) fn stored<'b>(
        &'b self,
        case: &'b Case,
    ) -> impl Iterator<Item = (Symbol, &'b Slot)> + Clone {
        self.stored_slots(case).iter().map(|it| (it.key, &case.slots[usize::from(it.slot)]))
    }

    /// Returns whether the value of a slot is derived when reading, rather than stored.
    fn is_derived(&self, slot: &Slot) -> bool {
        match slot.role {
            Role::Typename | Role::Items | Role::Position => true,
            Role::Collection(..) => self.listings.contains_key(&slot.number),
            Role::Value => false,
        }
    }

    /// Returns the listing of a slot, if the slot lists a collection over a range.
    #[inline]
    pub(crate) fn listing(&self, slot: &Slot) -> Option<&Arc<Listing>> {
        self.listings.get(&slot.number)
    }

    /// Returns the listing whose envelope is the selection set with this index.
    #[inline]
    pub(crate) fn envelope(&self, set: usize) -> Option<&Arc<Listing>> {
        self.envelopes.get(&set)
    }

    /// Returns whether the operation selects the revision at which a list was read.
    pub(crate) fn reads_position(&self) -> bool {
        self.reads_position
    }

    /// Returns all listings of the operation.
    pub(crate) fn listings(&self) -> impl Iterator<Item = &Arc<Listing>> {
        self.listings.values()
    }

    /// Returns the listing of a slot; `None` if scope or range are absent.
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

    /// Adds the paths of all fields that a selection set and the sets below it select.
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

    /// Returns the slots that are read from records, by case, sorted by key.
    fn sort_stored_slots(&self) -> Box<[Box<[StoredSlot]>]> {
        let mut by_case = vec![Box::default(); self.plan.case_count as usize];
        for (at, set) in self.plan.sets.iter().enumerate() {
            // Without a listing around it, the list of an envelope is stored like any other field.
            let is_envelope = self.envelope(at).is_some();
            for case in &set.cases {
                let slots = case.slots.iter().enumerate().filter(|(_, slot)| {
                    let is_plain = matches!(slot.role, Role::Items | Role::Position);
                    !slot.is_added && (is_plain && !is_envelope || !self.is_derived(slot))
                });
                let stored = slots.filter_map(|(at, slot)| {
                    Some(StoredSlot {
                        key: self.key(slot)?,
                        slot: at as u16,
                        shares_key_with_next: false,
                    })
                });
                let mut order: Vec<StoredSlot> = stored.collect();
                order.sort_by_key(|it| it.key);
                for at in 1..order.len() {
                    order[at - 1].shares_key_with_next = order[at - 1].key == order[at].key;
                }
                by_case[case.number as usize] = order.into();
            }
        }
        by_case.into()
    }
}

/// Adds the defaults of the variables that were not sent.
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
