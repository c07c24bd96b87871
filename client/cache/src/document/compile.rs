//! From a completed document to a plan.
//!
//! Each selection set is compiled once for every type that may stand in its place, with the fields of
//! all its fragments in place and fields of one name merged (specification, CollectFields), so that
//! neither writing nor reading ever looks at a fragment.

use std::sync::Arc;

use cynic_parser::executable::{Directive, FieldSelection, Iter, OperationDefinition, Selection};
use cynic_parser::{ExecutableDocument, Span};

use super::MAX_DEPTH;
use super::json::literal;
use super::plan::{ArgumentValue, Case, Literal, Plan, Role, SelectionSet, Slot, SlotArguments};
use crate::error::OperationError;
use crate::record::Names;
use crate::rules::Rules;
use crate::schema::{Leaf, constant};

/// Compiles the first operation of `document`, whose text is `text`. `added` is where the cache has
/// added something to it.
pub(crate) fn compile(
    text: &str,
    document: &ExecutableDocument,
    added: Vec<Span>,
    rules: &Rules,
    names: &mut Names,
) -> Result<Plan, OperationError> {
    let operation = document.operations().next();
    let operation = operation.ok_or_else(|| OperationError::Document("no operation".to_owned()))?;
    let kind = operation.operation_type();
    let plan = Plan {
        text: text.into(),
        kind,
        sets: Vec::new(),
        slots: 0,
        cases: 0,
        slot_arguments: Vec::new(),
        defaults: defaults(operation),
    };
    let mut compiler = Compiler { document, added, rules, names, plan };
    let root = rules.schema.root(kind).to_owned();
    compiler.compile_set(&root, &[operation.selection_set()], None, 0)?;
    Ok(compiler.plan)
}

fn defaults(operation: OperationDefinition<'_>) -> Vec<(String, serde_json::Value)> {
    let variables = operation.variable_definitions();
    let given =
        variables.filter_map(|it| Some((it.name().to_owned(), constant(it.default_value()?))));
    given.collect()
}

struct Compiler<'a> {
    document: &'a ExecutableDocument,
    added: Vec<Span>,
    rules: &'a Rules,
    names: &'a mut Names,
    plan: Plan,
}

/// The selection sets that are merged into one.
type Selections<'a> = Iter<'a, Selection<'a>>;

/// A field as it was collected: all that select it under one name, and the conditions of the first.
struct Collected<'a> {
    response: &'a str,
    first: FieldSelection<'a>,
    sets: Vec<Selections<'a>>,
    conditions: Vec<(bool, Literal)>,
    is_added: bool,
}

impl<'a> Compiler<'a> {
    /// `envelope` is the collection whose list is inside of this set.
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
        let schema = &self.rules.schema;
        let of = schema.composite(parent);
        let of = of.ok_or_else(|| OperationError::Unknown(parent.to_owned()))?;
        let is_abstract = of.is_abstract;
        let mut types: Vec<String> = if is_abstract { of.possible.clone() } else { Vec::new() };
        types.push(parent.to_owned());
        let at = self.plan.sets.len();
        self.plan.sets.push(SelectionSet { cases: Vec::new(), is_abstract, has_entities: false });
        for type_name in types {
            let case = self.compile_case(&type_name, selections, envelope, depth)?;
            let children = case.slots.iter().filter_map(|it| it.child);
            let has_entities = children.map(|it| &self.plan.sets[it]).any(|child| {
                child.has_entities || child.cases.iter().any(|it| it.entity.is_some())
            });
            self.plan.sets[at].has_entities |= has_entities;
            self.plan.sets[at].cases.push(case);
        }
        Ok(at)
    }

    fn compile_case(
        &mut self,
        type_name: &str,
        selections: &[Selections<'a>],
        envelope: Option<usize>,
        depth: usize,
    ) -> Result<Case, OperationError> {
        let number = self.plan.cases;
        self.plan.cases += 1;
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

    fn collect_fields(
        &self,
        type_name: &str,
        selections: Selections<'a>,
        conditions: &[(bool, Literal)],
        fields: &mut Vec<Collected<'a>>,
        depth: usize,
    ) -> Result<(), OperationError> {
        if depth > MAX_DEPTH {
            return Err(OperationError::TooDeep(MAX_DEPTH));
        }
        for selection in selections {
            let all = |own: Iter<'a, Directive<'a>>| -> Vec<(bool, Literal)> {
                conditions.iter().cloned().chain(own.filter_map(condition)).collect()
            };
            match selection {
                Selection::Field(field) => {
                    let response = field.alias().unwrap_or(field.name());
                    let set = field.selection_set();
                    let is_added = self.is_added(field);
                    match fields.iter_mut().find(|it| it.response == response) {
                        Some(known) => {
                            known.sets.push(set);
                            known.is_added &= is_added;
                            // Selected twice, once without a condition: it is always there.
                            if all(field.directives()).is_empty() {
                                known.conditions.clear();
                            }
                        }
                        None => fields.push(Collected {
                            response,
                            first: field,
                            sets: vec![set],
                            conditions: all(field.directives()),
                            is_added,
                        }),
                    }
                }
                Selection::InlineFragment(it)
                    if self.fragment_applies(type_name, it.type_condition())? =>
                {
                    let conditions = all(it.directives());
                    self.collect_fields(
                        type_name,
                        it.selection_set(),
                        &conditions,
                        fields,
                        depth + 1,
                    )?;
                }
                Selection::FragmentSpread(spread) => {
                    let mut fragments = self.document.fragments();
                    let fragment = fragments.find(|it| it.name() == spread.fragment_name());
                    let fragment = fragment.ok_or_else(|| {
                        OperationError::Unknown(format!("...{}", spread.fragment_name()))
                    })?;
                    if self.fragment_applies(type_name, Some(fragment.type_condition()))? {
                        let conditions = all(spread.directives());
                        let set = fragment.selection_set();
                        self.collect_fields(type_name, set, &conditions, fields, depth + 1)?;
                    }
                }
                Selection::InlineFragment(_) => {}
            }
        }
        Ok(())
    }

    /// Whether a fragment on the type `on` is for objects of this type.
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
        collected: Collected<'a>,
        envelope: Option<usize>,
        depth: usize,
    ) -> Result<Slot, OperationError> {
        let (number, is_added) = (self.plan.slots, collected.is_added);
        self.plan.slots += 1;
        let (field, name) = (collected.first, collected.first.name());
        let (response, key) = (Arc::from(collected.response), self.names.intern(name));
        if name == "__typename" {
            let nullability = Arc::new([false]);
            let (role, name, child) = (Role::Typename, name.into(), None);
            let is_server_made = false;
            return Ok(Slot {
                number,
                response,
                name,
                key,
                child,
                nullability,
                role,
                leaf: Leaf::Text,
                is_server_made,
                is_added,
            });
        }
        let known = self.rules.schema.field(parent, name).cloned();
        let known = known.ok_or_else(|| OperationError::Unknown(format!("{parent}.{name}")))?;
        let mut defaults = known.defaults;
        let given = field.arguments().map(|it| {
            let at = defaults.iter().position(|(name, _)| name == it.name());
            let default = at.map(|at| defaults.swap_remove(at).1);
            ArgumentValue { name: it.name().to_owned(), value: literal(it.value()), default }
        });
        let mut arguments: Vec<ArgumentValue> = given.collect();
        arguments.extend(defaults.into_iter().map(|(name, default)| ArgumentValue {
            name,
            value: Literal::Constant(default),
            default: None,
        }));
        if !arguments.is_empty() || !collected.conditions.is_empty() {
            let conditions = collected.conditions;
            self.plan.slot_arguments.push(SlotArguments { slot: number, arguments, conditions });
        }
        let role = self.role(parent, name, envelope);
        let inner = match role {
            Role::Collection(collection, _) => Some(collection),
            _ => None,
        };
        let is_composite = self.rules.schema.composite(&known.type_name).is_some();
        let child = is_composite
            .then(|| self.compile_set(&known.type_name, &collected.sets, inner, depth + 1))
            .transpose()?;
        let (nullability, is_server_made) =
            (known.nullability, self.rules.is_server_made(parent, name));
        let name = name.into();
        let leaf = self.rules.schema.leaf(&known.type_name);
        Ok(Slot {
            number,
            response,
            name,
            key,
            child,
            nullability,
            role,
            leaf,
            is_server_made,
            is_added,
        })
    }

    fn role(&self, parent: &str, name: &str, envelope: Option<usize>) -> Role {
        if let Some((collection, listed)) = self.rules.list_field(parent, name) {
            return Role::Collection(collection, listed);
        }
        let around = envelope.map(|it| &self.rules.collections[it]);
        match around {
            Some(it) if it.items.as_deref() == Some(name) => Role::Items,
            Some(it) if it.position.as_deref() == Some(name) => Role::Position,
            _ => Role::Value,
        }
    }
}

/// `@skip` and `@include`; other directives are the server's.
fn condition(directive: Directive<'_>) -> Option<(bool, Literal)> {
    let skips = match directive.name() {
        "skip" => true,
        "include" => false,
        _ => return None,
    };
    let condition = directive.arguments().find(|it| it.name() == "if")?;
    Some((skips, literal(condition.value())))
}
