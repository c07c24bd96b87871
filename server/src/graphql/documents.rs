//! Documents: parsed once for each text, and none that costs more to look at than to answer.
//!
//! What comes over the wire is looked at by recursion, here and in the library, before any of its
//! limits applies. So three things are bounded before: how deep brackets nest (the parser would
//! overflow the stack), how many selections there are once fragments are put in their places (two
//! spreads in each of thirty fragments are a billion), and fragments that spread themselves.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, FragmentDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::error::coded;

/// Bytes of text whose documents are kept; a document takes up to a hundred times its text.
const KEPT: u64 = 256 * 1024;
/// A longer text is parsed each time.
const LONGEST: usize = 16 * 1024;
/// How deep brackets may nest; GraphiQL's introspection has 13.
const MAX_NESTING: usize = 64;
/// How many selections there may be with all fragments in place.
const MAX_SELECTIONS: usize = 5_000;

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// The documents that were parsed, and found to be valid.
#[derive(Clone)]
pub(super) struct Documents(Arc<Cache<String, Arc<ExecutableDocument>, TextLength>>);

#[derive(Clone)]
struct TextLength;

impl Weighter<String, Arc<ExecutableDocument>> for TextLength {
    fn weight(&self, text: &String, _: &Arc<ExecutableDocument>) -> u64 {
        text.len() as u64
    }
}

impl Documents {
    pub(super) fn new() -> Self {
        Self(Arc::new(Cache::with_weighter(512, KEPT, TextLength)))
    }

    /// The document of a text.
    pub(super) fn parse(&self, text: &str) -> Result<Arc<ExecutableDocument>, ServerError> {
        if let Some(known) = self.0.get(text) {
            return Ok(known);
        }
        if text.trim().is_empty() {
            let message = "The request has no query.";
            return Err(coded("PARSE_FAILED", ServerError::new(message, None)));
        }
        if nests_deeper(text, MAX_NESTING) {
            let message = format!("The document nests deeper than {MAX_NESTING} brackets.");
            return Err(coded("TOO_COMPLEX", ServerError::new(message, None)));
        }
        let document =
            parse_query(text).map_err(|error| coded("PARSE_FAILED", ServerError::from(error)))?;
        check_size(&document)?;
        Ok(Arc::new(document))
    }

    /// Keeps a document that was found to be valid.
    pub(super) fn keep(&self, text: String, document: Arc<ExecutableDocument>) {
        if text.len() <= LONGEST {
            self.0.insert(text, document);
        }
    }
}

/// Whether brackets nest deeper than `most`, outside of strings and comments.
fn nests_deeper(text: &str, most: usize) -> bool {
    let (mut depth, mut rest) = (0_usize, text);
    while let Some(at) = rest.find(['[', '(', '{', ']', ')', '}', '"', '#']) {
        let mark = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        match mark {
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => depth = depth.saturating_sub(1),
            b'#' => rest = rest.find('\n').map_or("", |end| &rest[end..]),
            _ => rest = after_string(rest),
        }
        if depth > most {
            return true;
        }
    }
    false
}

/// What comes after a string whose first quote was read.
fn after_string(rest: &str) -> &str {
    let (mut rest, end) = match rest.strip_prefix("\"\"") {
        Some(block) => (block, "\"\"\""),
        None => (rest, "\""),
    };
    while let Some(at) = rest.find(['"', '\\']) {
        if let Some(after) = rest[at..].strip_prefix(end) {
            return after;
        }
        // A backslash takes the next character with it; a quote inside of a block is text.
        let step = if rest[at..].starts_with('\\') { 2 } else { 1 };
        rest = rest.get(at + step..).unwrap_or_default();
    }
    ""
}

fn check_size(document: &ExecutableDocument) -> Result<(), ServerError> {
    let mut sizes = Sizes { fragments: &document.fragments, known: HashMap::new(), open: 0 };
    let mut sum = 0_usize;
    for fragment in document.fragments.keys() {
        sum = sum.saturating_add(sizes.fragment(fragment)?);
    }
    let operations: Vec<_> = match &document.operations {
        DocumentOperations::Single(it) => vec![it],
        DocumentOperations::Multiple(all) => all.values().collect(),
    };
    for operation in operations {
        sum = sum.saturating_add(sizes.set(&operation.node.selection_set.node)?);
    }
    if sum <= MAX_SELECTIONS {
        return Ok(());
    }
    let message = format!("The document has more than {MAX_SELECTIONS} selections.");
    Err(coded("TOO_COMPLEX", ServerError::new(message, None)))
}

/// How many selections each fragment comes to; `None` while it is being counted.
struct Sizes<'d> {
    fragments: &'d Fragments,
    known: HashMap<&'d Name, Option<usize>>,
    /// How many are being counted: how deep this recursion is.
    open: usize,
}

impl<'d> Sizes<'d> {
    fn fragment(&mut self, name: &'d Name) -> Result<usize, ServerError> {
        match self.known.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = format!("The fragment {name} spreads itself.");
                return Err(coded("VALIDATION_FAILED", ServerError::new(message, None)));
            }
            None => {}
        }
        // An unknown fragment is the library's to refuse.
        let Some(fragment) = self.fragments.get(name) else { return Ok(1) };
        self.known.insert(name, None);
        self.open += 1;
        if self.open > MAX_NESTING {
            let message = format!("The document nests deeper than {MAX_NESTING} fragments.");
            return Err(coded("TOO_COMPLEX", ServerError::new(message, None)));
        }
        let size = self.set(&fragment.node.selection_set.node)?;
        self.open -= 1;
        self.known.insert(name, Some(size));
        Ok(size)
    }

    fn set(&mut self, set: &'d SelectionSet) -> Result<usize, ServerError> {
        let mut sum = 0_usize;
        for selection in &set.items {
            let inside = match &selection.node {
                Selection::Field(it) => self.set(&it.node.selection_set.node)?,
                Selection::InlineFragment(it) => self.set(&it.node.selection_set.node)?,
                Selection::FragmentSpread(it) => self.fragment(&it.node.fragment_name.node)?,
            };
            sum = sum.saturating_add(inside).saturating_add(1);
        }
        Ok(sum)
    }
}
