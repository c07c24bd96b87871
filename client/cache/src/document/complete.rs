//! Completes a document with the fields that the cache needs: `__typename`, and the fields that the
//! policy requires of each entity.
//!
//! Additions are inserted after the opening brace of a selection set; the rest of the text stays as
//! it is. Nothing is added at a root, because a subscription may have only one root field.

use cynic_parser::executable::{Iter, Selection};
use cynic_parser::{ExecutableDocument, Span};

use super::MAX_DEPTH;
use crate::error::OperationError;
use crate::record::Names;
use crate::rules::Rules;

/// Completes `text`, which was parsed into `document`.
///
/// Returns the new text, and the parts of it that were added.
///
/// # Errors
///
/// The document is nested too deep, uses a name that the schema does not have, or has an alias that
/// hides a field that the cache needs.
pub(crate) fn complete(
    text: &str,
    document: &ExecutableDocument,
    rules: &Rules,
    names: &Names,
) -> Result<(String, Vec<Span>), OperationError> {
    let mut completion = Completion { rules, names, splices: Vec::new() };
    for operation in document.operations() {
        let root = rules.schema.root(operation.operation_type());
        completion.complete_children(root, operation.selection_set(), 0)?;
    }
    for fragment in document.fragments() {
        let (set, span) = (fragment.selection_set(), fragment.selection_set_span());
        completion.complete_fragment(fragment.type_condition(), set, span, 0)?;
    }
    let mut splices = completion.splices;
    splices.sort_by_key(|(at, _)| *at);
    let mut completed = String::with_capacity(text.len() + 64 * splices.len());
    let mut added = Vec::with_capacity(splices.len());
    let mut from = 0;
    for (at, addition) in splices {
        completed.push_str(text.get(from..at).unwrap_or_default());
        let start = completed.len();
        completed.push_str(&addition);
        added.push(Span::new(start, completed.len()));
        from = at;
    }
    completed.push_str(text.get(from..).unwrap_or_default());
    Ok((completed, added))
}

struct Completion<'a> {
    rules: &'a Rules,
    names: &'a Names,
    /// The additions, with their byte offsets in the original text.
    splices: Vec<(usize, String)>,
}

impl Completion<'_> {
    /// Completes a selection set on the type `parent`, and all sets below it.
    ///
    /// `position` is the field with the revision of the list, if the set is an envelope.
    fn complete_set(
        &mut self,
        parent: &str,
        selections: Iter<'_, Selection<'_>>,
        span: Span,
        position: Option<&str>,
        depth: usize,
    ) -> Result<(), OperationError> {
        let selects = |name: &str| {
            selections.clone().filter_map(Selection::as_field).any(|it| {
                it.name() == name
                    && it.alias().is_none()
                    && it.directives().len() == 0
                    && it.arguments().len() == 0
            })
        };
        if let Some(alias) = self.conflicting_alias(parent, selections.clone()) {
            return Err(OperationError::Alias(alias));
        }
        let mut addition = String::new();
        if !selects("__typename") {
            addition.push_str(" __typename");
        }
        let schema = &self.rules.schema;
        let is_abstract = schema.composite(parent).is_some_and(|it| it.is_abstract);
        for field in self.required_fields(parent).chain(position) {
            if !selects(field) {
                addition.push(' ');
                addition.push_str(field);
            }
        }
        let possible = schema.composite(parent).map_or(&[][..], |it| &it.possible);
        for object in possible.iter().filter(|_| is_abstract) {
            let fields: Vec<&str> =
                self.required_fields(object).filter(|it| !selects(it)).collect();
            if !fields.is_empty() {
                addition.push_str(&format!(" ... on {object} {{ {} }}", fields.join(" ")));
            }
        }
        // Insert before the selected fields, so that `__typename` comes first in the response.
        self.splices.push((span.start + 1, format!("{addition} ")));
        self.complete_children(parent, selections, depth)
    }

    /// Returns an alias that hides a field which the cache needs.
    fn conflicting_alias(
        &self,
        parent: &str,
        selections: Iter<'_, Selection<'_>>,
    ) -> Option<String> {
        let hides = |alias: &str, name: &str| {
            alias != name
                && (alias == "__typename" || self.required_fields(parent).any(|it| it == alias))
        };
        let mut fields = selections.filter_map(Selection::as_field);
        fields.find_map(|it| Some(it.alias()?.to_owned()).filter(|alias| hides(alias, it.name())))
    }

    /// Returns the fields that the policy requires of a type.
    fn required_fields(&self, type_name: &str) -> impl Iterator<Item = &str> {
        let symbol = self.names.get(type_name);
        let needs = symbol.into_iter().flat_map(|it| self.rules.required_fields(it));
        needs.map(|it| &**self.names.text(it))
    }

    /// Completes all selection sets below `selections`.
    fn complete_children(
        &mut self,
        parent: &str,
        selections: Iter<'_, Selection<'_>>,
        depth: usize,
    ) -> Result<(), OperationError> {
        if depth > MAX_DEPTH {
            return Err(OperationError::TooDeep(MAX_DEPTH));
        }
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    let Some(span) = field.selection_set_span() else { continue };
                    let rules = self.rules;
                    let definition = rules.schema.field(parent, field.name()).ok_or_else(|| {
                        OperationError::Unknown(format!("{parent}.{}", field.name()))
                    })?;
                    let type_name = &definition.type_name;
                    let listed = rules.list_field(parent, field.name());
                    let position =
                        listed.and_then(|(it, _)| rules.collections[it].position.as_deref());
                    self.complete_set(type_name, field.selection_set(), span, position, depth + 1)?;
                }
                Selection::InlineFragment(fragment) => {
                    let type_name = fragment.type_condition().unwrap_or(parent);
                    let (set, span) = (fragment.selection_set(), fragment.selection_set_span());
                    self.complete_fragment(type_name, set, span, depth + 1)?;
                }
                Selection::FragmentSpread(_) => {}
            }
        }
        Ok(())
    }

    /// Completes a fragment. A fragment on a root type is part of the root.
    fn complete_fragment(
        &mut self,
        type_name: &str,
        selections: Iter<'_, Selection<'_>>,
        span: Span,
        depth: usize,
    ) -> Result<(), OperationError> {
        if self.rules.schema.is_root(type_name) {
            return self.complete_children(type_name, selections, depth);
        }
        self.complete_set(type_name, selections, span, None, depth)
    }
}
