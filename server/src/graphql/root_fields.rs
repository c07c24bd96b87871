//! The root fields of an operation, including those in fragments.
//!
//! They label the request's metrics. A subscription must have exactly one (GraphQL specification,
//! "Single Root Field"), which the library does not check.

use std::collections::HashSet;

use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::{Name, ServerError};

use super::error::with_code;
use super::variables::find_operation;

/// The root fields of one operation. A name may occur several times.
pub(super) struct RootFields<'d> {
    document: &'d ExecutableDocument,
    fields: Vec<&'d Field>,
    /// Fragments whose fields are collected.
    visited: HashSet<&'d Name>,
}

impl<'d> RootFields<'d> {
    /// Collects the fields of the operation that `name` selects. Empty if there is none.
    pub(super) fn new(document: &'d ExecutableDocument, name: Option<&str>) -> Self {
        let mut found = Self { document, fields: Vec::new(), visited: HashSet::new() };
        if let Some(operation) = find_operation(document, name) {
            found.collect(&operation.selection_set.node);
        }
        found
    }

    /// Returns the field's name, or `none` or `several` if there is not exactly one.
    pub(super) fn label(&self) -> &'d str {
        match self.fields.as_slice() {
            [] => "none",
            [field] => &field.name.node,
            _ => "several",
        }
    }

    /// Checks that a subscription has exactly one root field, and that it is not `__typename`.
    pub(super) fn check_subscription(&self) -> Result<(), ServerError> {
        let is_type_name = |it: &&Field| it.name.node == "__typename";
        let keys: HashSet<_> = self.fields.iter().map(|it| &it.response_key().node).collect();
        if keys.len() <= 1 && !self.fields.iter().any(is_type_name) {
            return Ok(());
        }
        let message = "A subscription must have exactly one root field, other than __typename.";
        Err(with_code("VALIDATION_FAILED", ServerError::new(message, None)))
    }

    fn collect(&mut self, set: &'d SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => self.fields.push(&field.node),
                Selection::InlineFragment(it) => self.collect(&it.node.selection_set.node),
                Selection::FragmentSpread(it) => {
                    let name = &it.node.fragment_name.node;
                    let fragment = self.document.fragments.get(name);
                    if let Some(fragment) = fragment.filter(|_| self.visited.insert(name)) {
                        self.collect(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
}
