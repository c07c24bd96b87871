//! Variables that were not sent (S18), and those that were where the library is too strict.
//!
//! By the specification a field of an input object (or an argument) that is given by a variable
//! which was not sent, and has no default, is *absent*. The library makes it null, which would
//! silently clear the field. So such fields are taken out of the document before it is executed,
//! with the definitions that nothing uses any more.
//!
//! By the specification a nullable variable may stand where a value is required if that place has
//! a default. The library refuses it; so a variable that was sent is declared to be required.

use std::collections::HashSet;

use async_graphql::parser::types::{
    BaseType, Directive, DocumentOperations, ExecutableDocument, OperationDefinition,
    OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError, Variables};
use async_graphql_value::Value;

use super::error::coded;

/// How many values may be put in place of variables that are lists.
const MAX_INLINED: usize = 10_000;

/// Rewrites `document` for one execution of `operation` with these `variables`, and answers what
/// kind of operation it is; nothing if there is none of that name.
pub(super) fn prune(
    document: &mut ExecutableDocument,
    operation: Option<&str>,
    variables: &Variables,
) -> Result<Option<OperationType>, ServerError> {
    let ExecutableDocument { operations, fragments } = document;
    let Some(selected) = select(operations, operation) else {
        return Ok(None); // the library says that there is no such operation
    };
    let kind = selected.ty;
    let mut rewrite = Rewrite::plan(selected, variables)?;
    if rewrite.is_needed() {
        rewrite.selections(&mut selected.selection_set.node);
        for fragment in fragments.values_mut() {
            rewrite.selections(&mut fragment.node.selection_set.node);
        }
        if rewrite.inlined_values > MAX_INLINED {
            let message = format!("The lists in variables come to more than {MAX_INLINED} values.");
            return Err(coded("TOO_COMPLEX", ServerError::new(message, None)));
        }
        let mut used_in_fragments = HashSet::new();
        for fragment in fragments.values() {
            uses_of_directives(&fragment.node.directives, &mut used_in_fragments);
            uses(&fragment.node.selection_set.node, &mut used_in_fragments);
        }
        for operation in each(operations) {
            let mut used = HashSet::new();
            uses_of_directives(&operation.directives, &mut used);
            uses(&operation.selection_set.node, &mut used);
            operation.variable_definitions.retain(|it| {
                let name = &it.node.name.node;
                !rewrite.taken_out.contains(name)
                    || used.contains(name)
                    || used_in_fragments.contains(name)
            });
        }
    }
    Ok(Some(kind))
}

/// The operation that is meant; nothing if there is none of that name.
pub(super) fn operation<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Option<&'d OperationDefinition> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name),
        (DocumentOperations::Multiple(all), None) => all.values().next().filter(|_| all.len() == 1),
    };
    found.map(|it| &it.node)
}

/// What happens to the variables of one operation.
#[derive(Default)]
struct Rewrite<'v> {
    /// Not sent, and without a default.
    absent: HashSet<Name>,
    /// Lists that were sent: put in place of their variables, as their types cannot be compared.
    inlined: Vec<(Name, &'v async_graphql::Value)>,
    /// How many values that has come to. What is over the limit is not put in any more.
    inlined_values: usize,
    /// Those that stood somewhere and no longer do; what is never used is still an error.
    taken_out: HashSet<Name>,
}

impl<'v> Rewrite<'v> {
    fn plan(
        operation: &mut OperationDefinition,
        variables: &'v Variables,
    ) -> Result<Self, ServerError> {
        let mut plan = Self::default();
        for definition in &mut operation.variable_definitions {
            let at = definition.pos;
            let definition = &mut definition.node;
            let (name, of) = (&definition.name.node, &mut definition.var_type.node);
            match variables.get(name) {
                None if definition.default_value.is_some() => {}
                None if !of.nullable => {
                    let message = format!("The variable ${name} is required and was not sent.");
                    return Err(coded("BAD_INPUT", ServerError::new(message, Some(at))));
                }
                None => {
                    plan.absent.insert(name.clone());
                }
                Some(async_graphql::Value::Null) => {}
                Some(value) => match of.base {
                    BaseType::Named(_) => {
                        of.nullable = false;
                        definition.default_value = None; // `null` would no longer fit
                    }
                    BaseType::List(_) => plan.inlined.push((name.clone(), value)),
                },
            }
        }
        Ok(plan)
    }

    fn is_needed(&self) -> bool {
        !self.absent.is_empty() || !self.inlined.is_empty()
    }

    fn selections(&mut self, set: &mut SelectionSet) {
        for selection in &mut set.items {
            match &mut selection.node {
                Selection::Field(field) => {
                    let arguments = &mut field.node.arguments;
                    arguments.retain(|(_, value)| !self.takes_out(&value.node));
                    for (_, value) in arguments {
                        self.value(&mut value.node);
                    }
                    self.selections(&mut field.node.selection_set.node);
                }
                Selection::InlineFragment(it) => self.selections(&mut it.node.selection_set.node),
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|_, value| !self.takes_out(value));
                fields.values_mut().for_each(|it| self.value(it));
            }
            Value::List(items) => items.iter_mut().for_each(|it| self.value(it)),
            Value::Variable(name) => {
                if let Some((name, sent)) = self.inlined.iter().find(|(it, _)| it == name) {
                    self.inlined_values = self.inlined_values.saturating_add(values(sent));
                    if self.inlined_values <= MAX_INLINED {
                        self.taken_out.insert(name.clone());
                        *value = (*sent).clone().into_value();
                    }
                }
            }
            _ => {}
        }
    }

    /// In a list a variable that was not sent is null, as the library has it.
    fn takes_out(&mut self, value: &Value) -> bool {
        match value {
            Value::Variable(name) if self.absent.contains(name) => {
                self.taken_out.insert(name.clone());
                true
            }
            _ => false,
        }
    }
}

/// How many values a value consists of.
fn values(value: &async_graphql::Value) -> usize {
    1 + match value {
        async_graphql::Value::List(items) => items.iter().map(values).sum(),
        async_graphql::Value::Object(fields) => fields.values().map(values).sum(),
        _ => 0,
    }
}

fn select<'d>(
    operations: &'d mut DocumentOperations,
    name: Option<&str>,
) -> Option<&'d mut OperationDefinition> {
    match (operations, name) {
        (DocumentOperations::Single(it), None) => Some(&mut it.node),
        (DocumentOperations::Single(_), Some(_)) => None, // it has no name
        (DocumentOperations::Multiple(all), Some(name)) => all.get_mut(name).map(|it| &mut it.node),
        (DocumentOperations::Multiple(all), None) if all.len() == 1 => {
            all.values_mut().next().map(|it| &mut it.node)
        }
        (DocumentOperations::Multiple(_), None) => None,
    }
}

fn each(operations: &mut DocumentOperations) -> Vec<&mut OperationDefinition> {
    match operations {
        DocumentOperations::Single(it) => vec![&mut it.node],
        DocumentOperations::Multiple(all) => all.values_mut().map(|it| &mut it.node).collect(),
    }
}

fn uses(set: &SelectionSet, used: &mut HashSet<Name>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                uses_of_directives(&field.node.directives, used);
                for (_, value) in &field.node.arguments {
                    uses_of_value(&value.node, used);
                }
                uses(&field.node.selection_set.node, used);
            }
            Selection::InlineFragment(it) => {
                uses_of_directives(&it.node.directives, used);
                uses(&it.node.selection_set.node, used);
            }
            Selection::FragmentSpread(it) => uses_of_directives(&it.node.directives, used),
        }
    }
}

fn uses_of_directives(directives: &[Positioned<Directive>], used: &mut HashSet<Name>) {
    for (_, value) in directives.iter().flat_map(|it| &it.node.arguments) {
        uses_of_value(&value.node, used);
    }
}

fn uses_of_value(value: &Value, used: &mut HashSet<Name>) {
    match value {
        Value::Variable(name) => drop(used.insert(name.clone())),
        Value::List(items) => items.iter().for_each(|it| uses_of_value(it, used)),
        Value::Object(fields) => fields.values().for_each(|it| uses_of_value(it, used)),
        _ => {}
    }
}
