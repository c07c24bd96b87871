//! [`Prepared`]: compiled operations with their variables.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use cynic::{Operation, StreamingOperation};
use serde::Serialize;

use crate::document::Bound;
use crate::record::Names;

/// An operation with its variables, prepared by [`Cache::prepare`](crate::Cache::prepare).
///
/// It works only with the cache that prepared it. `F` is the fragment of the operation. Cloning is
/// cheap, and the type is `Send` and `Sync` whatever `F` is.
pub struct Prepared<F> {
    bound: Arc<Bound>,
    variables: Arc<str>,
    operation_name: Option<Arc<str>>,
    fragment: PhantomData<fn() -> F>,
}

impl<F> Prepared<F> {
    pub(crate) fn new(bound: Arc<Bound>, variables: &str, name: Option<&str>) -> Self {
        let (variables, operation_name) = (variables.into(), name.map(Into::into));
        Self { bound, variables, operation_name, fragment: PhantomData }
    }

    /// Returns the compiled operation for the cache with these names.
    ///
    /// # Panics
    ///
    /// Panics if another cache prepared the operation: its numbers would name other fields here.
    pub(crate) fn bound(&self, names: &Names) -> &Arc<Bound> {
        assert!(
            self.bound.cache == names.id,
            "this operation was prepared by another cache; prepare it with this one"
        );
        &self.bound
    }

    /// Returns the compiled operation without checking the cache. Predictions check it later.
    pub(crate) fn bound_unchecked(&self) -> &Arc<Bound> {
        &self.bound
    }

    /// Returns the document to send: the program's document with `__typename`, keys, revisions and
    /// the other fields that the cache needs.
    pub fn document(&self) -> &str {
        &self.bound.plan.text
    }

    /// Returns the variables as a JSON object.
    pub fn variables(&self) -> &str {
        &self.variables
    }

    /// Returns the body of the HTTP request as JSON: `{"query": …, "operationName": …,
    /// "variables": …}`. An operation without a name has no `operationName`.
    pub fn body(&self) -> String {
        let text = |it: &str| serde_json::Value::from(it).to_string();
        let mut body = format!("{{\"query\":{}", text(self.document()));
        if let Some(name) = &self.operation_name {
            body.push_str(&format!(",\"operationName\":{}", text(name)));
        }
        body.push_str(&format!(",\"variables\":{}}}", self.variables));
        body
    }
}

impl<F> Clone for Prepared<F> {
    fn clone(&self) -> Self {
        Self {
            bound: self.bound.clone(),
            variables: self.variables.clone(),
            operation_name: self.operation_name.clone(),
            fragment: PhantomData,
        }
    }
}

impl<F> fmt::Debug for Prepared<F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.body())
    }
}

/// An operation that [`Cache::prepare`](crate::Cache::prepare) accepts.
///
/// Cynic's `Operation` and `StreamingOperation` implement it.
pub trait CynicOperation {
    /// The type that the response's data is read into.
    type Fragment;

    /// Returns the GraphQL document.
    fn text(&self) -> &str;

    /// Returns the variables as a JSON object.
    ///
    /// # Errors
    ///
    /// Fails if the variables cannot be serialized.
    fn variables(&self) -> serde_json::Result<String>;

    /// Returns the operation's name. `None` means that the document has one anonymous operation.
    fn name(&self) -> Option<&str>;
}

impl<F, V: Serialize> CynicOperation for Operation<F, V> {
    type Fragment = F;

    fn text(&self) -> &str {
        &self.query
    }

    fn variables(&self) -> serde_json::Result<String> {
        serde_json::to_string(&self.variables)
    }

    fn name(&self) -> Option<&str> {
        self.operation_name.as_deref()
    }
}

impl<F, V: Serialize> CynicOperation for StreamingOperation<F, V> {
    type Fragment = F;

    fn text(&self) -> &str {
        self.query()
    }

    fn variables(&self) -> serde_json::Result<String> {
        serde_json::to_string(Self::variables(self))
    }

    fn name(&self) -> Option<&str> {
        self.operation_name()
    }
}
