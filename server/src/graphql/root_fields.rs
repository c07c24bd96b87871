//! The root fields of an operation, fragments counted in: what it is called where it is counted, and the one rule about them
//! that the library does not check. A subscription has exactly one (specification, Single Root Field).

use std::collections::HashSet;

use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::{Name, ServerError};

use super::error::coded;
use super::variables::operation;

/// The root fields of an operation; there may be several of one name.
pub(super) struct Roots<'d> {
    document: &'d ExecutableDocument,
    fields: Vec<&'d Field>,
    seen: HashSet<&'d Name>,
}

impl<'d> Roots<'d> {
    /// Of the operation of that name; none if there is no such operation.
    pub(super) fn of(document: &'d ExecutableDocument, name: Option<&str>) -> Self {
        let mut found = Self { document, fields: Vec::new(), seen: HashSet::new() };
        if let Some(operation) = operation(document, name) {
            found.collect(&operation.selection_set.node);
        }
        found
    }

    /// The name of the field, if there is only one.
    pub(super) fn name(&self) -> &'d str {
        match self.fields.as_slice() {
            [] => "none",
            [field] => &field.name.node,
            _ => "several",
        }
    }

    /// Refuses a subscription that has more root fields than one, or one that only asks for its type.
    pub(super) fn check_subscription(&self) -> Result<(), ServerError> {
        let is_type = |it: &&Field| it.name.node == "__typename";
        let keys: HashSet<_> = self.fields.iter().map(|it| &it.response_key().node).collect();
        match keys.len() <= 1 && !self.fields.iter().any(is_type) {
            true => Ok(()),
            false => {
                let message = "A subscription must have exactly one root field, and follow something with it.";
                Err(coded("VALIDATION_FAILED", ServerError::new(message, None)))
            }
        }
    }

    fn collect(&mut self, set: &'d SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.fields.push(&field.node),
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
