//! A subscription has exactly one root field (specification, Single Root Field), which the library does not check.

use std::collections::HashSet;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, ServerError};

use super::error::coded;
use super::variables::operation;

/// Refuses a subscription that has more root fields than one, fragments counted in, or one that only asks for its type.
pub(super) fn check(document: &ExecutableDocument, name: Option<&str>) -> Result<(), ServerError> {
    let Some(subscription) = operation(document, name) else { return Ok(()) };
    let mut found = Roots { document, names: HashSet::new(), seen: HashSet::new() };
    found.collect(&subscription.selection_set.node);
    let is_one = found.names.len() <= 1 && !found.names.contains("__typename");
    match is_one {
        true => Ok(()),
        false => {
            let message =
                "A subscription must have exactly one root field, and follow something with it.";
            Err(coded("VALIDATION_FAILED", ServerError::new(message, None)))
        }
    }
}

struct Roots<'d> {
    document: &'d ExecutableDocument,
    /// As they are called in the answer; `__typename` by that name.
    names: HashSet<&'d str>,
    seen: HashSet<&'d Name>,
}

impl<'d> Roots<'d> {
    fn collect(&mut self, set: &'d SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let is_type = field.name.node == "__typename";
                    self.names.insert(if is_type {
                        "__typename"
                    } else {
                        field.response_key().node.as_str()
                    });
                }
                Selection::InlineFragment(it) => self.collect(&it.node.selection_set.node),
                Selection::FragmentSpread(it) => {
                    let name = &it.node.fragment_name.node;
                    let fragment = self.document.fragments.get(name);
                    if let Some(fragment) = fragment.filter(|_| self.seen.insert(name)) {
                        self.collect(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
}
