//! Plans: what an operation selects, in the numbers that writing and reading follow.

use std::sync::Arc;

use cynic_parser::common::OperationType;
use serde_json::Value as Json;

use crate::record::Symbol;
use crate::rules::EntityRule;
use crate::schema::{Leaf, Nullability};

/// An operation, compiled.
pub(crate) struct Plan {
    /// The completed document: what is to be sent.
    pub(crate) text: Arc<str>,
    pub(crate) kind: OperationType,
    /// Selection sets; the first is the root's.
    pub(crate) sets: Vec<SelectionSet>,
    pub(crate) slots: u32,
    pub(crate) cases: u32,
    /// What depends on variables: arguments and conditions, by slot.
    pub(crate) slot_arguments: Vec<SlotArguments>,
    pub(crate) defaults: Vec<(String, Json)>,
}

/// A selection set: one case for each type that may stand there, and for an abstract type a last one for
/// types that the schema does not know.
pub(crate) struct SelectionSet {
    pub(crate) cases: Vec<Case>,
    pub(crate) is_abstract: bool,
    /// Whether entities can be inside of what is selected here.
    pub(crate) has_entities: bool,
}

/// What is selected of one concrete type.
pub(crate) struct Case {
    pub(crate) number: u32,
    pub(crate) type_name: Symbol,
    pub(crate) entity: Option<EntityRule>,
    pub(crate) slots: Vec<Slot>,
}

/// One field of an answer.
pub(crate) struct Slot {
    pub(crate) number: u32,
    /// Its name in the answer.
    pub(crate) response: Arc<str>,
    /// Its name in the schema.
    pub(crate) name: Arc<str>,
    /// Its key in a record, if it has no arguments.
    pub(crate) key: Symbol,
    pub(crate) child: Option<usize>,
    pub(crate) nullability: Nullability,
    pub(crate) role: Role,
    pub(crate) leaf: Leaf,
    /// The server makes it with every change: a change of it alone is none of the content.
    pub(crate) is_server_made: bool,
    /// The cache has added it: it is stored, and no reader asks for it.
    pub(crate) is_added: bool,
}

/// What a slot is to the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A value of its record.
    Value,
    /// `__typename`: it is in the record's shape.
    Typename,
    /// Lists the members of a collection, in the way of this number.
    Collection(usize, usize),
    /// In the object that a collection's field returns: the list itself.
    Items,
    /// In that object: the revision at which the list was read.
    Position,
}

/// A slot whose key depends on its arguments, or that may be left out.
pub(crate) struct SlotArguments {
    pub(crate) slot: u32,
    pub(crate) arguments: Vec<ArgumentValue>,
    /// `@skip` (true) and `@include` (false), and the value that they look at.
    pub(crate) conditions: Vec<(bool, Literal)>,
}

/// An argument: its name, what was given, and the schema's default for a variable that is not.
pub(crate) struct ArgumentValue {
    pub(crate) name: String,
    pub(crate) value: Literal,
    pub(crate) default: Option<Json>,
}

/// A literal of a document, kept without its document.
#[derive(Clone, Debug)]
pub(crate) enum Literal {
    Variable(String),
    Constant(Json),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Slot {
    /// Whether null is allowed inside of so many lists, and further inside.
    #[inline]
    pub(crate) fn nullability_at(&self, depth: u32) -> &[bool] {
        self.nullability.get(depth as usize..).unwrap_or_default()
    }
}

impl SelectionSet {
    /// The case for a type; the last one for those that the schema does not know.
    #[inline]
    pub(crate) fn case_of(&self, type_name: Symbol) -> Option<&Case> {
        let known = self.cases.iter().find(|it| it.type_name == type_name);
        known.or_else(|| self.cases.last().filter(|_| self.is_abstract))
    }

    /// The only case, where the type is certain before `__typename` has been read.
    #[inline]
    pub(crate) fn only_case(&self) -> Option<&Case> {
        self.cases.first().filter(|_| !self.is_abstract)
    }
}

impl Plan {
    pub(crate) fn root(&self) -> Option<&Case> {
        self.sets.first()?.only_case()
    }
}
