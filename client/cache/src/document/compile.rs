//! Compiles a completed document into a plan.
//!
//! Each selection set is compiled once for every type that an object in its place can have. Fields
//! of fragments are merged into it (GraphQL specification, CollectFields). So writing and reading
//! never look at a fragment.

use std::sync::Arc;

use cynic_parser::executable::{Directive, FieldSelection, Iter, OperationDefinition, Selection};
use cynic_parser::{ExecutableDocument, Span};

use super::MAX_DEPTH;
use super::json::literal;
use super::plan::{
    ArgumentValue, Case, Condition, Literal, Plan, Role, SelectionSet, Slot, SlotArguments,
};
use crate::error::OperationError;
use crate::record::Names;
use crate::rules::Rules;
use crate::schema::{Leaf, constant};

/// Compiles the first operation of `document`, whose text is `text`.
///
/// `added` lists the parts of the text that the cache added.
///
/// # Errors
///
/// The document has no operation, is nested too deep, or uses a name that the schema does not have.
pub(crate) fn compile(
    text: &str,
    document: &ExecutableDocument,
    added: Vec<Span>,
    rules: &Rules,
    names: &mut Names,
) -> Result<Plan, OperationError> {
    let operation = document
        .operations()
        .next()
        .ok_or_else(|| OperationError::Document("no operation".to_owned()))?;
    let operation_type = operation.operation_type();
    let plan = Plan {
        text: text.into(),
        operation_type,
        sets: Vec::new(),
        slot_count: 0,
        case_count: 0,
        slot_arguments: Vec::new(),
        defaults: defaults(operation),
    };
    let mut compiler = Compiler { document, added, rules, names, plan };
    let root = rules.schema.root(operation_type).to_owned();
    compiler.compile_set(&root, &[operation.selection_set()], None, 0)?;
    Ok(compiler.plan)
}

/// Returns the variables of an operation that have a default.
fn defaults(operation: OperationDefinition<'_>) -> Vec<(String, serde_json::Value)> {
    operation
        .variable_definitions()
        .filter_map(|it| Some((it.name().to_owned(), constant(it.default_value()?))))
        .collect()
}

struct Compiler<'a> {
    document: &'a ExecutableDocument,
    added: Vec<Span>,
    rules: &'a Rules,
    names: &'a mut Names,
    plan: Plan,
}

/// The selections of one pair of braces. Several of them are merged into one selection set.
type Selections<'a> = Iter<'a, Selection<'a>>;

/// All selections of one response name, merged.
struct CollectedField<'a> {
    response: &'a str,
    first: FieldSelection<'a>,
    sets: Vec<Selections<'a>>,
    /// The conditions of the first selection; empty if one of the selections has none.
    conditions: Vec<Condition>,
    is_added: bool,
}

impl<'a> Compiler<'a> {
    /// Compiles a selection set and returns its index. `envelope` is the collection whose list is
    /// in the set.
    fn compile_set(
        &mut self,
        parent: &str,
        selections: &[Selections<'a>],
        envelope: Option<usize>,
        depth: usize,
    ) -> Result<usize, OperationError> {
        if depth > MAX_DEPTH {
            return Err(OperationError::TooDeep(MAX_DEPTH));
        }
        let composite = self
            .rules
            .schema
            .composite(parent)
            .ok_or_else(|| OperationError::Unknown(parent.to_owned()))?;
        let is_abstract = composite.is_abstract;
        let mut types = if is_abstract { composite.possible.clone() } else { Vec::new() };
        types.push(parent.to_owned());
        let index = self.plan.sets.len();
        self.plan.sets.push(SelectionSet { cases: Vec::new(), is_abstract, has_entities: false });
        for type_name in types {
            let case = self.compile_case(&type_name, selections, envelope, depth)?;
            let children = case.slots.iter().filter_map(|it| it.child);
            let has_entities = children.map(|it| &self.plan.sets[it]).any(|child| {
                child.has_entities || child.cases.iter().any(|it| it.entity.is_some())
            });
            self.plan.sets[index].has_entities |= has_entities;
            self.plan.sets[index].cases.push(case);
        }
        Ok(index)
    }

    fn compile_case(
        &mut self,
        type_name: &str,
        selections: &[Selections<'a>],
        envelope: Option<usize>,
        depth: usize,
    ) -> Result<Case, OperationError> {
        let number = self.plan.case_count;
        self.plan.case_count += 1;
        let mut fields = Vec::new();
        for set in selections {
            self.collect_fields(type_name, set.clone(), &[], &mut fields, depth)?;
        }
        let mut slots = Vec::with_capacity(fields.len());
        for field in fields {
            slots.push(self.compile_slot(type_name, field, envelope, depth)?);
        }
        let type_name = self.names.intern(type_name);
        Ok(Case { number, type_name, entity: self.rules.entity(type_name).copied(), slots })
    }

    /// Adds the fields that are selected of objects of the type `type_name` to `fields`.
    fn collect_fields(
        &self,
        type_name: &str,
        selections: Selections<'a>,
        conditions: &[Condition],
        fields: &mut Vec<CollectedField<'a>>,
        depth: usize,
    ) -> Result<(), OperationError> {
        if depth > MAX_DEPTH {
            return Err(OperationError::TooDeep(MAX_DEPTH));
        }
        let with_own = |own: Iter<'a, Directive<'a>>| -> Vec<Condition> {
            conditions.iter().cloned().chain(own.filter_map(condition)).collect()
        };
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    self.collect_field(field, with_own(field.directives()), fields);
                }
                Selection::InlineFragment(it)
                    if self.fragment_applies(type_name, it.type_condition())? =>
                {
                    let conditions = with_own(it.directives());
                    let set = it.selection_set();
                    self.collect_fields(type_name, set, &conditions, fields, depth + 1)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name();
                    let fragment = self
                        .document
                        .fragments()
                        .find(|it| it.name() == name)
                        .ok_or_else(|| OperationError::Unknown(format!("...{name}")))?;
                    if self.fragment_applies(type_name, Some(fragment.type_condition()))? {
                        let conditions = with_own(spread.directives());
                        let set = fragment.selection_set();
                        self.collect_fields(type_name, set, &conditions, fields, depth + 1)?;
                    }
                }
                Selection::InlineFragment(_) => {}
            }
        }
        Ok(())
    }

    /// Adds a field to `fields`, or merges it with the one that has the same response name.
    fn collect_field(
        &self,
        field: FieldSelection<'a>,
        conditions: Vec<Condition>,
        fields: &mut Vec<CollectedField<'a>>,
    ) {
        let response = field.alias().unwrap_or(field.name());
        let set = field.selection_set();
        let is_added = self.is_added(field);
        match fields.iter_mut().find(|it| it.response == response) {
            Some(known) => {
                known.sets.push(set);
                known.is_added &= is_added;
                // One of the selections has no condition, so the field is always present.
                if conditions.is_empty() {
                    known.conditions.clear();
                }
            }
            None => {
                let sets = vec![set];
                fields.push(CollectedField { response, first: field, sets, conditions, is_added });
            }
        }
    }

    /// Returns whether a fragment on the type `on` applies to objects of the type `type_name`.
    fn fragment_applies(&self, type_name: &str, on: Option<&str>) -> Result<bool, OperationError> {
        let Some(on) = on else { return Ok(true) };
        match self.rules.schema.composite(on) {
            Some(_) => Ok(self.rules.schema.is_a(type_name, on)),
            None => Err(OperationError::Unknown(on.to_owned())),
        }
    }

    fn is_added(&self, field: FieldSelection<'_>) -> bool {
        let at = field.name_span().start;
        self.added.iter().any(|it| it.start <= at && at < it.end)
    }

    fn compile_slot(
        &mut self,
        parent: &str,
        collected: CollectedField<'a>,
        envelope: Option<usize>,
        depth: usize,
    ) -> Result<Slot, OperationError> {
        let field = collected.first;
        let name = field.name();
        let number = self.plan.slot_count;
        self.plan.slot_count += 1;
        let mut slot = Slot {
            number,
            response: collected.response.into(),
            name: name.into(),
            key: self.names.intern(name),
            child: None,
            nullability: Arc::new([false]),
            role: Role::Typename,
            leaf: Leaf::Text,
            is_server_made: false,
            is_added: collected.is_added,
        };
        if name == "__typename" {
            return Ok(slot);
        }
        let definition = self
            .rules
            .schema
            .field(parent, name)
            .cloned()
            .ok_or_else(|| OperationError::Unknown(format!("{parent}.{name}")))?;
        let arguments = argument_values(field, definition.defaults);
        let conditions = collected.conditions;
        if !arguments.is_empty() || !conditions.is_empty() {
            self.plan.slot_arguments.push(SlotArguments { slot: number, arguments, conditions });
        }
        slot.role = self.role(parent, name, envelope);
        let listed = match slot.role {
            Role::Collection(collection, _) => Some(collection),
            _ => None,
        };
        if self.rules.schema.composite(&definition.type_name).is_some() {
            let sets = &collected.sets;
            slot.child = Some(self.compile_set(&definition.type_name, sets, listed, depth + 1)?);
        }
        slot.nullability = definition.nullability;
        slot.leaf = self.rules.schema.leaf(&definition.type_name);
        slot.is_server_made = self.rules.is_server_made(parent, name);
        Ok(slot)
    }

    fn role(&self, parent: &str, name: &str, envelope: Option<usize>) -> Role {
        if let Some((collection, listed)) = self.rules.list_field(parent, name) {
            return Role::Collection(collection, listed);
        }
        match envelope.map(|it| &self.rules.collections[it]) {
            Some(it) if it.items.as_deref() == Some(name) => Role::Items,
            Some(it) if it.position.as_deref() == Some(name) => Role::Position,
            _ => Role::Value,
        }
    }
}

/// Returns the arguments of a field, and the schema's defaults for those that are not written.
fn argument_values(
    field: FieldSelection<'_>,
    mut defaults: Vec<(String, serde_json::Value)>,
) -> Vec<ArgumentValue> {
    let mut arguments = Vec::new();
    for argument in field.arguments() {
        let at = defaults.iter().position(|(name, _)| name == argument.name());
        let default = at.map(|at| defaults.swap_remove(at).1);
        let name = argument.name().to_owned();
        arguments.push(ArgumentValue { name, value: literal(argument.value()), default });
    }
    arguments.extend(defaults.into_iter().map(|(name, default)| ArgumentValue {
        name,
        value: Literal::Constant(default),
        default: None,
    }));
    arguments
}

/// Returns the condition of `@skip` or `@include`; `None` for other directives.
fn condition(directive: Directive<'_>) -> Option<Condition> {
    let omits_when = match directive.name() {
        "skip" => true,
        "include" => false,
        _ => return None,
    };
    let argument = directive.arguments().find(|it| it.name() == "if")?;
    Some(Condition { omits_when, value: literal(argument.value()) })
}
