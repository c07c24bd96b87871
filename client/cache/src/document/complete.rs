//! A document with everything in it that the cache must know: `__typename`, and the fields that the
//! policy needs of each entity.
//!
//! What is added is spliced into the text behind the brace that opens a selection, so everything the
//! author wrote stays as it was written. Roots are left alone, a subscription's above all: it may
//! have one field only.

use cynic_parser::executable::{Iter, Selection};
use cynic_parser::{ExecutableDocument, Span};

use super::MAX_DEPTH;
use crate::error::OperationError;
use crate::record::Names;
use crate::rules::Rules;

/// Completes `text`, of which `document` is the parse. Returns the new text, and where in it something was
/// added.
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
    splices: Vec<(usize, String)>,
}

impl Completion<'_> {
    /// Completes a selection set of the type `parent`, and all below it. `position` is the field that
    /// tells at which revision the list in it was read.
    fn complete_set(
        &mut self,
        parent: &str,
        selections: Iter<'_, Selection<'_>>,
        span: Span,
        position: Option<&str>,
        depth: usize,
    ) -> Result<(), OperationError> {
        let has = |name: &str| {
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
        if !has("__typename") {
            addition.push_str(" __typename");
        }
        let schema = &self.rules.schema;
        let is_abstract = schema.composite(parent).is_some_and(|it| it.is_abstract);
        for field in self.required_fields(parent).chain(position) {
            if !has(field) {
                addition.push(' ');
                addition.push_str(field);
            }
        }
        let possible = schema.composite(parent).map_or(&[][..], |it| &it.possible);
        for object in possible.iter().filter(|_| is_abstract) {
            let of_object: Vec<&str> = self.required_fields(object).filter(|it| !has(it)).collect();
            if !of_object.is_empty() {
                addition.push_str(&format!(" ... on {object} {{ {} }}", of_object.join(" ")));
            }
        }
        // Behind the brace; and before whatever the author wrote, so that it is the first in the answer.
        self.splices.push((span.start + 1, format!("{addition} ")));
        self.complete_children(parent, selections, depth)
    }

    /// An alias that has the name of a field which the cache adds.
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

    fn required_fields(&self, type_name: &str) -> impl Iterator<Item = &str> {
        let symbol = self.names.get(type_name);
        let needs = symbol.into_iter().flat_map(|it| self.rules.required_fields(it));
        needs.map(|it| &**self.names.text(it))
    }

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
                    let known = self.rules.schema.field(parent, field.name());
                    let known = known.ok_or_else(|| {
                        OperationError::Unknown(format!("{parent}.{}", field.name()))
                    })?;
                    let of = known.type_name.clone();
                    let rules = self.rules;
                    let listed = rules.list_field(parent, field.name());
                    let position =
                        listed.and_then(|(it, _)| rules.collections[it].position.as_deref());
                    self.complete_set(&of, field.selection_set(), span, position, depth + 1)?;
                }
                Selection::InlineFragment(fragment) => {
                    let of = fragment.type_condition().unwrap_or(parent);
                    let (set, span) = (fragment.selection_set(), fragment.selection_set_span());
                    self.complete_fragment(of, set, span, depth + 1)?;
                }
                Selection::FragmentSpread(_) => {}
            }
        }
        Ok(())
    }

    /// What stands in an inline fragment at a root is part of the root.
    fn complete_fragment(
        &mut self,
        of: &str,
        selections: Iter<'_, Selection<'_>>,
        span: Span,
        depth: usize,
    ) -> Result<(), OperationError> {
        if self.rules.schema.is_root(of) {
            return self.complete_children(of, selections, depth);
        }
        self.complete_set(of, selections, span, None, depth)
    }
}
