//! Parses documents, caches them by their text, and rejects those that are expensive to check.
//!
//! This module and the library visit a document recursively before any limit of the library
//! applies. So three things are checked first: the nesting of brackets (the parser would overflow
//! the stack), the size with all fragments expanded, and fragments that spread themselves.

use std::sync::Arc;

use async_graphql::ServerError;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::document_size::{MAX_NESTING, check_size};
use super::error::with_code;

/// The cache's size in bytes of text. A parsed document takes up to a hundred times its text.
const CACHE_SIZE: u64 = 256 * 1024;
/// The longest text that is cached, in bytes.
const MAX_CACHED_TEXT: usize = 16 * 1024;

/// A cache of valid documents. Clones share it.
#[derive(Clone)]
pub(super) struct Documents {
    cache: Arc<Cache<String, Arc<ExecutableDocument>, TextLength>>,
    /// The maximum number of aliases in a document.
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
        Self { cache: Arc::new(Cache::with_weighter(512, CACHE_SIZE, TextLength)), max_aliases }
    }

    /// Returns the document of a text, from the cache or parsed.
    pub(super) fn parse(&self, text: &str) -> Result<Arc<ExecutableDocument>, ServerError> {
        if let Some(document) = self.cache.get(text) {
            return Ok(document);
        }
        if text.trim().is_empty() {
            let message = "The request has no query.";
            return Err(with_code("PARSE_FAILED", ServerError::new(message, None)));
        }
        match nesting(text) {
            Some(depth) if depth <= MAX_NESTING => {}
            Some(_) => {
                let message = format!("The document nests deeper than {MAX_NESTING} brackets.");
                return Err(with_code("TOO_COMPLEX", ServerError::new(message, None)));
            }
            None => {
                let message = "The document has an unterminated string.";
                return Err(with_code("PARSE_FAILED", ServerError::new(message, None)));
            }
        }
        let document = parse_query(text)
            .map_err(|error| with_code("PARSE_FAILED", ServerError::from(error)))?;
        check_size(&document, self.max_aliases)?;
        Ok(Arc::new(document))
    }

    /// Caches a document that has proved to be valid.
    pub(super) fn insert(&self, text: String, document: Arc<ExecutableDocument>) {
        if text.len() <= MAX_CACHED_TEXT {
            self.cache.insert(text, document);
        }
    }
}

/// Returns the deepest nesting of brackets outside of strings and comments.
///
/// `None` means that a string does not end. The parser would backtrack and read it differently.
fn nesting(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut deepest = 0;
    let mut rest = text;
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

/// Returns the text after a string. `rest` begins after the string's first quote.
fn after_string(mut rest: &str) -> Option<&str> {
    if let Some(block) = rest.strip_prefix("\"\"") {
        rest = block;
        loop {
            rest = &rest[rest.find(['"', '\\'])?..];
            if let Some(after) = rest.strip_prefix("\"\"\"") {
                return Some(after);
            }
            // In a block string only three quotes can be escaped.
            rest = rest.strip_prefix("\\\"\"\"").unwrap_or(&rest[1..]);
        }
    }
    loop {
        rest = &rest[rest.find(['"', '\\', '\n', '\r'])?..];
        let mut letters = rest.chars();
        match letters.next()? {
            '"' => return Some(letters.as_str()),
            // An escaped character does not end the string.
            '\\' => letters.next()?,
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
        // In a block string a backslash does not escape a backslash.
        check(r#"{ a(b: """\\""" [[[ """) [[ }"#, Some(3));
        check(r#"{ a(b: """\é[[""") }"#, Some(2));
        check(r#"{ a(b: "") [[ }"#, Some(3));
    }

    #[test]
    fn an_unterminated_string_has_no_nesting() {
        for text in [r#"["""a" [[["#, "[\"a\n[[[", "[\"a", "[\"\"\"a\\\"\"\"", "\"\\"] {
            check(text, None);
        }
    }
}
