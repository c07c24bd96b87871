//! Rewrites a document where the library handles variables differently from the specification
//! (S18).
//!
//! - **Variables that were not sent.** If an argument or an input field is such a variable without
//!   a default, the specification makes the field absent. The library makes it null, which would
//!   clear the field. So the field is removed from the document, with definitions left unused.
//! - **Nullable variables.** The specification allows them where a value is required but has a
//!   default. The library rejects that, so variables that were sent are declared as required.

use std::collections::HashSet;

use async_graphql::parser::types::{
    BaseType, Directive, DocumentOperations, ExecutableDocument, OperationDefinition,
    OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError, Variables};
use async_graphql_value::Value;

use super::document_size::count_values;
use super::error::with_code;

/// The maximum number of values that may replace list variables.
const MAX_INLINED: usize = 10_000;

/// Rewrites `document` for one execution of the operation named `name` with these `variables`.
///
/// Returns the kind of the operation. `None` means that there is no such operation, which the
/// library reports.
pub(super) fn prune(
    document: &mut ExecutableDocument,
    name: Option<&str>,
    variables: &Variables,
) -> Result<Option<OperationType>, ServerError> {
    let ExecutableDocument { operations, fragments } = document;
    let Some(selected) = select(operations_mut(operations).into_iter(), name) else {
        return Ok(None);
    };
    let kind = selected.ty;
    let mut rewrite = Rewrite::plan(selected, variables)?;
    if rewrite.is_needed() {
        rewrite.rewrite_selections(&mut selected.selection_set.node);
        for fragment in fragments.values_mut() {
            rewrite.rewrite_selections(&mut fragment.node.selection_set.node);
        }
        if rewrite.inlined_values > MAX_INLINED {
            let message =
                format!("The lists in the variables have more than {MAX_INLINED} values.");
            return Err(with_code("TOO_COMPLEX", ServerError::new(message, None)));
        }
        let mut used_in_fragments = HashSet::new();
        for fragment in fragments.values() {
            collect_from_directives(&fragment.node.directives, &mut used_in_fragments);
            collect_variables(&fragment.node.selection_set.node, &mut used_in_fragments);
        }
        for (_, operation) in operations_mut(operations) {
            let mut used = HashSet::new();
            collect_from_directives(&operation.directives, &mut used);
            collect_variables(&operation.selection_set.node, &mut used);
            operation.variable_definitions.retain(|it| {
                let name = &it.node.name.node;
                !rewrite.replaced.contains(name)
                    || used.contains(name)
                    || used_in_fragments.contains(name)
            });
        }
    }
    Ok(Some(kind))
}

/// Returns the operation that a request with this operation name executes.
pub(super) fn find_operation<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Option<&'d OperationDefinition> {
    select(document.operations.iter().map(|(name, it)| (name, &it.node)), name)
}

/// Selects an operation by the specification's rule (GetOperation): the one with the requested
/// name, or the only one if no name is requested.
fn select<'d, T>(
    mut operations: impl Iterator<Item = (Option<&'d Name>, T)>,
    name: Option<&str>,
) -> Option<T> {
    if let Some(name) = name {
        let mut named = operations.filter(|(it, _)| it.is_some_and(|it| it.as_str() == name));
        return named.next().map(|(_, operation)| operation);
    }
    let (_, only) = operations.next()?;
    operations.next().is_none().then_some(only)
}

/// The changes that one operation's variables need.
#[derive(Default)]
struct Rewrite {
    /// Variables that were not sent and have no default.
    absent: HashSet<Name>,
    /// Lists that were sent. They replace their variables, because the type of a list variable
    /// cannot simply be declared as required.
    inlined: Vec<InlinedList>,
    /// The number of values that have replaced variables. Replacing stops above the limit.
    inlined_values: usize,
    /// Variables that were used and no longer are. Any other unused variable is an error.
    replaced: HashSet<Name>,
}

/// A list that replaces a variable.
struct InlinedList {
    name: Name,
    list: Value,
    /// The number of values in the list, itself included.
    size: usize,
}

impl Rewrite {
    fn plan(
        operation: &mut OperationDefinition,
        variables: &Variables,
    ) -> Result<Self, ServerError> {
        let mut plan = Self::default();
        for definition in &mut operation.variable_definitions {
            let position = definition.pos;
            let definition = &mut definition.node;
            let name = &definition.name.node;
            let var_type = &mut definition.var_type.node;
            match variables.get(name) {
                None if definition.default_value.is_some() => {}
                None if !var_type.nullable => {
                    let message = format!("The variable ${name} is required and was not sent.");
                    return Err(with_code("BAD_INPUT", ServerError::new(message, Some(position))));
                }
                None => {
                    plan.absent.insert(name.clone());
                }
                Some(async_graphql::Value::Null) => {}
                Some(value) => match var_type.base {
                    BaseType::Named(_) => {
                        var_type.nullable = false;
                        // A default of null would no longer be valid.
                        definition.default_value = None;
                    }
                    BaseType::List(_) => {
                        let list = value.clone().into_value();
                        let size = count_values(&list);
                        plan.inlined.push(InlinedList { name: name.clone(), list, size });
                    }
                },
            }
        }
        Ok(plan)
    }

    fn is_needed(&self) -> bool {
        !self.absent.is_empty() || !self.inlined.is_empty()
    }

    fn rewrite_selections(&mut self, set: &mut SelectionSet) {
        for selection in &mut set.items {
            match &mut selection.node {
                Selection::Field(field) => {
                    let arguments = &mut field.node.arguments;
                    arguments.retain(|(_, value)| !self.removes(&value.node));
                    for (_, value) in arguments {
                        self.rewrite_value(&mut value.node);
                    }
                    self.rewrite_selections(&mut field.node.selection_set.node);
                }
                Selection::InlineFragment(it) => {
                    self.rewrite_selections(&mut it.node.selection_set.node);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn rewrite_value(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|_, value| !self.removes(value));
                fields.values_mut().for_each(|it| self.rewrite_value(it));
            }
            Value::List(items) => items.iter_mut().for_each(|it| self.rewrite_value(it)),
            Value::Variable(name) => {
                if let Some(inlined) = self.inlined.iter().find(|it| it.name == *name) {
                    self.inlined_values = self.inlined_values.saturating_add(inlined.size);
                    if self.inlined_values <= MAX_INLINED {
                        self.replaced.insert(name.clone());
                        *value = inlined.list.clone();
                    }
                }
            }
            _ => {}
        }
    }

    /// Returns whether a field with this value must be removed, and notes its variable.
    ///
    /// Items of lists stay: there a variable that was not sent is null, as in the library.
    fn removes(&mut self, value: &Value) -> bool {
        match value {
            Value::Variable(name) if self.absent.contains(name) => {
                self.replaced.insert(name.clone());
                true
            }
            _ => false,
        }
    }
}

fn operations_mut(
    operations: &mut DocumentOperations,
) -> Vec<(Option<&Name>, &mut OperationDefinition)> {
    match operations {
        DocumentOperations::Single(it) => vec![(None, &mut it.node)],
        DocumentOperations::Multiple(all) => {
            all.iter_mut().map(|(name, it)| (Some(name), &mut it.node)).collect()
        }
    }
}

fn collect_variables(set: &SelectionSet, used: &mut HashSet<Name>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                collect_from_directives(&field.node.directives, used);
                for (_, value) in &field.node.arguments {
                    collect_from_value(&value.node, used);
                }
                collect_variables(&field.node.selection_set.node, used);
            }
            Selection::InlineFragment(it) => {
                collect_from_directives(&it.node.directives, used);
                collect_variables(&it.node.selection_set.node, used);
            }
            Selection::FragmentSpread(it) => collect_from_directives(&it.node.directives, used),
        }
    }
}

fn collect_from_directives(directives: &[Positioned<Directive>], used: &mut HashSet<Name>) {
    for (_, value) in directives.iter().flat_map(|it| &it.node.arguments) {
        collect_from_value(&value.node, used);
    }
}

fn collect_from_value(value: &Value, used: &mut HashSet<Name>) {
    match value {
        Value::Variable(name) => drop(used.insert(name.clone())),
        Value::List(items) => items.iter().for_each(|it| collect_from_value(it, used)),
        Value::Object(fields) => fields.values().for_each(|it| collect_from_value(it, used)),
        _ => {}
    }
}
