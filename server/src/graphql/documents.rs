//! Parsed documents, kept by their text: clients send the same few over and over.

use std::sync::Arc;

use async_graphql::ServerError;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;
use quick_cache::sync::Cache;

/// Documents that are kept: more than an application has.
const KEPT: usize = 512;
/// A longer text is parsed each time, so that what is kept stays below a few megabytes.
const LONGEST: usize = 16 * 1024;

/// The documents that were parsed.
#[derive(Clone)]
pub(super) struct Documents(Arc<Cache<String, Arc<ExecutableDocument>>>);

impl Documents {
    pub(super) fn new() -> Self {
        Self(Arc::new(Cache::new(KEPT)))
    }

    /// The document of a text. It is the caller's own: variables are pruned from it.
    pub(super) fn parse(&self, text: &str) -> Result<ExecutableDocument, ServerError> {
        if let Some(known) = self.0.get(text) {
            return Ok((*known).clone());
        }
        let document = parse_query(text)?;
        if text.len() <= LONGEST {
            self.0.insert(text.to_owned(), Arc::new(document.clone()));
        }
        Ok(document)
    }
}
