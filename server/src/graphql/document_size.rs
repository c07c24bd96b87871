//! How large a document is once its fragments are put in their places: two spreads in each of thirty fragments are a billion.

use std::collections::HashMap;
use std::ops::Add;

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, FragmentDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError};
use async_graphql_value::Value;

use super::error::coded;

/// How deep brackets and fragments may nest; GraphiQL's introspection has 13.
pub(super) const MAX_NESTING: usize = 64;
/// How many selections, directives and values there may be.
const MAX_SIZE: usize = 10_000;

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// Refuses what is too large.
pub(super) fn check_size(
    document: &ExecutableDocument,
    max_aliases: usize,
) -> Result<(), ServerError> {
    let mut sizes = Sizes { fragments: &document.fragments, known: HashMap::new(), open: 0 };
    let mut sum = Size::default();
    for fragment in document.fragments.keys() {
        // (Where they are spread their aliases are counted.)
        sum = sum + Size { aliases: 0, ..sizes.fragment(fragment)? };
    }
    // Variable definitions are not walked more than once, and their values are counted by brackets.
    let operations: Vec<_> = match &document.operations {
        DocumentOperations::Single(it) => vec![it],
        DocumentOperations::Multiple(all) => all.values().collect(),
    };
    for operation in operations {
        sum = sum + Size::of(directives(&operation.node.directives));
        sum = sum + sizes.set(&operation.node.selection_set.node)?;
    }
    let too_much = |message| Err(coded("TOO_COMPLEX", ServerError::new(message, None)));
    if sum.all > MAX_SIZE {
        return too_much(format!("The document has more than {MAX_SIZE} selections and values."));
    }
    if sum.aliases > max_aliases {
        return too_much(format!(
            "The document has more than {max_aliases} aliases; ask in several."
        ));
    }
    Ok(())
}

#[derive(Clone, Copy, Default)]
struct Size {
    /// Selections, directives and values.
    all: usize,
    /// Fields with another name than their own.
    aliases: usize,
}

impl Size {
    fn of(all: usize) -> Self {
        Self { all, aliases: 0 }
    }
}

impl Add for Size {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            all: self.all.saturating_add(other.all),
            aliases: self.aliases.saturating_add(other.aliases),
        }
    }
}

/// How large each fragment is, with all others in place; `None` while it is being counted.
struct Sizes<'d> {
    fragments: &'d Fragments,
    known: HashMap<&'d Name, Option<Size>>,
    /// How many are being counted: how deep this recursion is.
    open: usize,
}

impl<'d> Sizes<'d> {
    fn fragment(&mut self, name: &'d Name) -> Result<Size, ServerError> {
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = format!("The fragment {name} spreads itself.");
                return Err(coded("VALIDATION_FAILED", ServerError::new(message, None)));
            }
            None => {}
        }
        // An unknown fragment is the library's to refuse.
        let Some(fragment) = self.fragments.get(name) else { return Ok(Size::of(1)) };
        self.known.insert(name, None);
        self.open += 1;
        if self.open > MAX_NESTING {
            let message = format!("The document nests deeper than {MAX_NESTING} fragments.");
            return Err(coded("TOO_COMPLEX", ServerError::new(message, None)));
        }
        let size = self.set(&fragment.node.selection_set.node)?;
        let size = size + Size::of(directives(&fragment.node.directives));
        self.open -= 1;
        self.known.insert(name, Some(size));
        Ok(size)
    }

    fn set(&mut self, set: &'d SelectionSet) -> Result<Size, ServerError> {
        let mut sum = Size::default();
        for selection in &set.items {
            let (inside, marks) = match &selection.node {
                Selection::Field(it) => {
                    let field = &it.node;
                    let aliases = usize::from(field.alias.is_some());
                    sum = sum + Size { all: arguments(&field.arguments), aliases };
                    (self.set(&field.selection_set.node)?, &field.directives)
                }
                Selection::InlineFragment(it) => {
                    (self.set(&it.node.selection_set.node)?, &it.node.directives)
                }
                Selection::FragmentSpread(it) => {
                    (self.fragment(&it.node.fragment_name.node)?, &it.node.directives)
                }
            };
            sum = sum + inside + Size::of(1 + directives(marks));
        }
        Ok(sum)
    }
}

fn directives(all: &[Positioned<Directive>]) -> usize {
    all.iter().map(|it| 1 + arguments(&it.node.arguments)).sum()
}

fn arguments(all: &[(Positioned<Name>, Positioned<Value>)]) -> usize {
    all.iter().map(|(_, value)| values(&value.node)).sum()
}

/// How many values a value consists of; brackets bound how deep this goes.
fn values(value: &Value) -> usize {
    1 + match value {
        Value::List(items) => items.iter().map(values).sum(),
        Value::Object(fields) => fields.values().map(values).sum(),
        _ => 0,
    }
}
