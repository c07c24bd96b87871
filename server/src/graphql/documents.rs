//! Documents: parsed once for each text, and none that costs more to look at than to answer.
//!
//! What comes over the wire is looked at by recursion, here and in the library, before any of its
//! limits applies. So three things are bounded before: how deep brackets nest (the parser would
//! overflow the stack), how large it is once fragments are put in their places (two spreads in each of
//! thirty fragments are a billion), and fragments that spread themselves.

use std::sync::Arc;

use async_graphql::ServerError;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::document_size::{MAX_NESTING, check_size};
use super::error::coded;

/// Bytes of text whose documents are kept; a document takes up to a hundred times its text.
const KEPT: u64 = 256 * 1024;
/// A longer text is parsed each time.
const LONGEST: usize = 16 * 1024;

/// The documents that were parsed, and found to be valid.
#[derive(Clone)]
pub(super) struct Documents {
    known: Arc<Cache<String, Arc<ExecutableDocument>, TextLength>>,
    /// How many fields may have another name than their own.
    max_aliases: usize,
}

#[derive(Clone)]
struct TextLength;

impl Weighter<String, Arc<ExecutableDocument>> for TextLength {
    fn weight(&self, text: &String, _: &Arc<ExecutableDocument>) -> u64 {
        text.len() as u64
    }
}

impl Documents {
    pub(super) fn new(max_aliases: usize) -> Self {
        Self { known: Arc::new(Cache::with_weighter(512, KEPT, TextLength)), max_aliases }
    }

    /// The document of a text.
    pub(super) fn parse(&self, text: &str) -> Result<Arc<ExecutableDocument>, ServerError> {
        if let Some(known) = self.known.get(text) {
            return Ok(known);
        }
        if text.trim().is_empty() {
            let message = "The request has no query.";
            return Err(coded("PARSE_FAILED", ServerError::new(message, None)));
        }
        match nesting(text) {
            Some(depth) if depth <= MAX_NESTING => {}
            Some(_) => {
                let message = format!("The document nests deeper than {MAX_NESTING} brackets.");
                return Err(coded("TOO_COMPLEX", ServerError::new(message, None)));
            }
            None => {
                let message = "A string of the document does not end.";
                return Err(coded("PARSE_FAILED", ServerError::new(message, None)));
            }
        }
        let document =
            parse_query(text).map_err(|error| coded("PARSE_FAILED", ServerError::from(error)))?;
        check_size(&document, self.max_aliases)?;
        Ok(Arc::new(document))
    }

    /// Keeps a document that was found to be valid.
    pub(super) fn keep(&self, text: String, document: Arc<ExecutableDocument>) {
        if text.len() <= LONGEST {
            self.known.insert(text, document);
        }
    }
}

/// How deep brackets nest, outside of strings and comments. `None` for a string that does not end:
/// the parser would go back and read what follows as something else.
fn nesting(text: &str) -> Option<usize> {
    let (mut depth, mut deepest, mut rest) = (0_usize, 0, text);
    while let Some(at) = rest.find(['[', '(', '{', ']', ')', '}', '"', '#']) {
        let mark = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        match mark {
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => depth = depth.saturating_sub(1),
            b'#' => rest = rest.find(['\n', '\r']).map_or("", |end| &rest[end..]),
            _ => rest = after_string(rest)?,
        }
        deepest = deepest.max(depth);
    }
    Some(deepest)
}

/// What comes after a string whose first quote was read.
fn after_string(mut rest: &str) -> Option<&str> {
    if let Some(block) = rest.strip_prefix("\"\"") {
        rest = block;
        loop {
            rest = &rest[rest.find(['"', '\\'])?..];
            if let Some(after) = rest.strip_prefix("\"\"\"") {
                return Some(after);
            }
            // In a block three quotes are escaped, and nothing else is.
            rest = rest.strip_prefix("\\\"\"\"").unwrap_or(&rest[1..]);
        }
    }
    loop {
        rest = &rest[rest.find(['"', '\\', '\n', '\r'])?..];
        let mut letters = rest.chars();
        match letters.next()? {
            '"' => return Some(letters.as_str()),
            '\\' => letters.next()?, // whatever it is, it does not end the string
            _ => return None,
        };
        rest = letters.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<usize>) {
        assert_eq!(nesting(text), expected, "{text}");
    }

    #[test]
    fn brackets_are_counted_where_the_parser_sees_them() {
        check("{ a(b: [[1]]) { c } }", Some(4));
        check("# [[[\n{ a }", Some(1));
        check("# [[[\r{ a }", Some(1));
        check(r#"{ a(b: "[[\"[[") }"#, Some(2));
        check(r#"{ a(b: "\\") [[ }"#, Some(3));
        check(r#"{ a(b: """[[ " \""" [[ """) }"#, Some(2));
        // In a block a backslash does not escape another one.
        check(r#"{ a(b: """\\""" [[[ """) [[ }"#, Some(3));
        check(r#"{ a(b: """\é[[""") }"#, Some(2));
        check(r#"{ a(b: "") [[ }"#, Some(3));
    }

    #[test]
    fn a_string_that_does_not_end_is_not_read_past() {
        for text in [r#"["""a" [[["#, "[\"a\n[[[", "[\"a", "[\"\"\"a\\\"\"\"", "\"\\"] {
            check(text, None);
        }
    }
}
