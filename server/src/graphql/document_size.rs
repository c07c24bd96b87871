//! Measures a document with all its fragments expanded, and rejects one that is too large.
//!
//! Thirty fragments that each spread the next one twice expand to a billion selections.

use std::collections::HashMap;
use std::ops::Add;

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, FragmentDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError};
use async_graphql_value::Value;

use super::error::with_code;

/// The maximum depth of nested brackets and fragments. GraphiQL's introspection has 13.
pub(super) const MAX_NESTING: usize = 64;
/// The maximum number of selections, directives and values.
const MAX_SIZE: usize = 10_000;

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// Rejects a document that exceeds [`MAX_SIZE`] or `max_aliases`.
pub(super) fn check_size(
    document: &ExecutableDocument,
    max_aliases: usize,
) -> Result<(), ServerError> {
    let mut sizes = Sizes { fragments: &document.fragments, known: HashMap::new(), depth: 0 };
    let mut sum = Size::default();
    for fragment in document.fragments.keys() {
        // Aliases are counted where the fragment is spread.
        sum = sum + Size { aliases: 0, ..sizes.fragment(fragment)? };
    }
    // Variable definitions need no count: they are visited once, and the bracket limit bounds them.
    let operations: Vec<_> = match &document.operations {
        DocumentOperations::Single(it) => vec![it],
        DocumentOperations::Multiple(all) => all.values().collect(),
    };
    for operation in operations {
        sum = sum + Size::of(count_directives(&operation.node.directives));
        sum = sum + sizes.set(&operation.node.selection_set.node)?;
    }
    let too_complex = |message| Err(with_code("TOO_COMPLEX", ServerError::new(message, None)));
    if sum.all > MAX_SIZE {
        return too_complex(format!(
            "The document has more than {MAX_SIZE} selections and values."
        ));
    }
    if sum.aliases > max_aliases {
        return too_complex(format!(
            "The document has more than {max_aliases} aliases; split it into several requests."
        ));
    }
    Ok(())
}

#[derive(Clone, Copy, Default)]
struct Size {
    /// Selections, directives and values.
    all: usize,
    /// Fields with an alias.
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

/// The size of each fragment with all spreads expanded.
struct Sizes<'d> {
    fragments: &'d Fragments,
    /// `None` while the fragment is being measured.
    known: HashMap<&'d Name, Option<Size>>,
    /// The number of fragments being measured, which is the depth of the recursion.
    depth: usize,
}

impl<'d> Sizes<'d> {
    fn fragment(&mut self, name: &'d Name) -> Result<Size, ServerError> {
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = format!("The fragment {name} spreads itself.");
                return Err(with_code("VALIDATION_FAILED", ServerError::new(message, None)));
            }
            None => {}
        }
        // The library rejects unknown fragments.
        let Some(fragment) = self.fragments.get(name) else { return Ok(Size::of(1)) };
        self.known.insert(name, None);
        self.depth += 1;
        if self.depth > MAX_NESTING {
            let message = format!("The document nests deeper than {MAX_NESTING} fragments.");
            return Err(with_code("TOO_COMPLEX", ServerError::new(message, None)));
        }
        let size = self.set(&fragment.node.selection_set.node)?;
        let size = size + Size::of(count_directives(&fragment.node.directives));
        self.depth -= 1;
        self.known.insert(name, Some(size));
        Ok(size)
    }

    fn set(&mut self, set: &'d SelectionSet) -> Result<Size, ServerError> {
        let mut sum = Size::default();
        for selection in &set.items {
            let (inner, directives) = match &selection.node {
                Selection::Field(it) => {
                    let field = &it.node;
                    let aliases = usize::from(field.alias.is_some());
                    sum = sum + Size { all: count_arguments(&field.arguments), aliases };
                    (self.set(&field.selection_set.node)?, &field.directives)
                }
                Selection::InlineFragment(it) => {
                    (self.set(&it.node.selection_set.node)?, &it.node.directives)
                }
                Selection::FragmentSpread(it) => {
                    (self.fragment(&it.node.fragment_name.node)?, &it.node.directives)
                }
            };
            sum = sum + inner + Size::of(1 + count_directives(directives));
        }
        Ok(sum)
    }
}

fn count_directives(all: &[Positioned<Directive>]) -> usize {
    all.iter().map(|it| 1 + count_arguments(&it.node.arguments)).sum()
}

fn count_arguments(all: &[(Positioned<Name>, Positioned<Value>)]) -> usize {
    all.iter().map(|(_, value)| count_values(&value.node)).sum()
}

/// Counts a value and all values inside it. The recursion is as deep as the value is nested, which
/// is bounded for documents and for JSON.
pub(super) fn count_values(value: &Value) -> usize {
    1 + match value {
        Value::List(items) => items.iter().map(count_values).sum(),
        Value::Object(fields) => fields.values().map(count_values).sum(),
        _ => 0,
    }
}
