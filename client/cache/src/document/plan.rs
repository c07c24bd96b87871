//! Plans: compiled operations. Writing a response and reading a view follow the same plan.
//!
//! # Words
//!
//! - **Selection set**: the text between two braces of a document. It has one case for each type.
//! - **Case**: the fields that a selection set selects of one concrete type, fragments merged.
//! - **Slot**: one selected field of a case. It has a number, and a key in the stored record.
//! - **Role**: what the cache does with the value of a slot: store it, or derive it when reading.
//! - **Collection**: the entities of one type that the policy lists by scope and time range.
//! - **Listing**: one use of a collection in an operation: its scope, range and selected fields.
//! - **Envelope**: the object around the list of a collection, such as `Loans { revision items }`.
//! - **Bound**: a plan with its variables filled in. It has the key of each slot and the listings.

use std::sync::Arc;

use cynic_parser::common::OperationType;
use serde_json::Value as Json;

use crate::record::Symbol;
use crate::rules::EntityRule;
use crate::schema::{Leaf, Nullability};

/// A compiled operation.
pub(crate) struct Plan {
    /// The completed document, which is sent to the server.
    pub(crate) text: Arc<str>,
    pub(crate) operation_type: OperationType,
    /// All selection sets; the first one is the root's.
    pub(crate) sets: Vec<SelectionSet>,
    /// The number of slots in all sets.
    pub(crate) slot_count: u32,
    /// The number of cases in all sets.
    pub(crate) case_count: u32,
    /// The slots that depend on variables.
    pub(crate) slot_arguments: Vec<SlotArguments>,
    /// The defaults of the operation's variables.
    pub(crate) defaults: Vec<(String, Json)>,
}

/// A selection set: one case for each possible type.
///
/// For an interface or a union the last case is for types that the schema does not know.
pub(crate) struct SelectionSet {
    pub(crate) cases: Vec<Case>,
    /// Whether the type is an interface or a union.
    pub(crate) is_abstract: bool,
    /// Whether the selected objects can contain entities.
    pub(crate) has_entities: bool,
}

/// The fields that are selected of one concrete type.
pub(crate) struct Case {
    /// Counts all cases of the plan, from 0.
    pub(crate) number: u32,
    pub(crate) type_name: Symbol,
    /// `None` if objects of the type have no identity.
    pub(crate) entity: Option<EntityRule>,
    pub(crate) slots: Vec<Slot>,
}

/// One selected field.
pub(crate) struct Slot {
    /// Counts all slots of the plan, from 0.
    pub(crate) number: u32,
    /// The field's name in the response: its alias, or its name.
    pub(crate) response: Arc<str>,
    /// The field's name in the schema.
    pub(crate) name: Arc<str>,
    /// The field's key in a record, if it has no arguments.
    pub(crate) key: Symbol,
    /// The index of the selection set below; `None` for scalars and enums.
    pub(crate) child: Option<usize>,
    pub(crate) nullability: Nullability,
    pub(crate) role: Role,
    /// The type of a scalar or an enum.
    pub(crate) leaf: Leaf,
    /// Whether the server sets the field with every change. A change of it alone wakes no watch.
    pub(crate) is_server_made: bool,
    /// Whether the cache added the field: it is stored, and not read.
    pub(crate) is_added: bool,
}

/// The way in which the cache handles the value of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The value is stored in the record.
    Value,
    /// `__typename`: the shape of the record has it.
    Typename,
    /// A field of a collection: the numbers of the collection, and of its field in the policy.
    Collection(usize, usize),
    /// The list itself, in the envelope of a collection.
    Items,
    /// The revision at which the list was read, in the envelope of a collection.
    Position,
}

/// The arguments and conditions of a slot, which may depend on variables.
pub(crate) struct SlotArguments {
    pub(crate) slot: u32,
    pub(crate) arguments: Vec<ArgumentValue>,
    pub(crate) conditions: Vec<Condition>,
}

/// `@skip` or `@include`.
#[derive(Clone)]
pub(crate) struct Condition {
    /// The value of `if` for which the field is left out: true for `@skip`.
    pub(crate) omits_when: bool,
    pub(crate) value: Literal,
}

/// The value of an argument.
pub(crate) struct ArgumentValue {
    pub(crate) name: String,
    pub(crate) value: Literal,
    /// The schema's default, used if `value` is a variable that was not sent.
    pub(crate) default: Option<Json>,
}

/// A value in a document, which may contain variables.
#[derive(Clone, Debug)]
pub(crate) enum Literal {
    Variable(String),
    Constant(Json),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Slot {
    /// Returns whether null is allowed inside of `depth` lists, and in each list further inside.
    #[inline]
    pub(crate) fn nullability_at(&self, depth: u32) -> &[bool] {
        self.nullability.get(depth as usize..).unwrap_or_default()
    }
}

impl SelectionSet {
    /// Returns the case for a type; for a type that the schema does not know, the last one.
    #[inline]
    pub(crate) fn case_of(&self, type_name: Symbol) -> Option<&Case> {
        let known = self.cases.iter().find(|it| it.type_name == type_name);
        known.or_else(|| self.cases.last().filter(|_| self.is_abstract))
    }

    /// Returns the only case of an object type; `None` for an interface or a union.
    #[inline]
    pub(crate) fn only_case(&self) -> Option<&Case> {
        self.cases.first().filter(|_| !self.is_abstract)
    }
}

impl Plan {
    /// Returns the case of the root.
    pub(crate) fn root(&self) -> Option<&Case> {
        self.sets.first()?.only_case()
    }

    /// Returns all slots.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.sets.iter().flat_map(|it| &it.cases).flat_map(|it| &it.slots)
    }
}
