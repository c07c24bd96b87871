//! Operations that are ready: completed, compiled, and with their variables in place.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use cynic::{Operation, StreamingOperation};
use serde::Serialize;

use crate::document::Bound;
use crate::record::Names;

/// A cynic operation with its variables, as one cache follows it: it is used with the cache that prepared it.
/// Cheap to clone.
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

    /// With the numbers of the cache that has these names.
    ///
    /// # Panics
    ///
    /// If that is not the one that prepared it; a mistake in the program that would read nonsense.
    pub(crate) fn bound(&self, names: &Names) -> &Arc<Bound> {
        assert!(
            self.bound.cache == names.id,
            "an operation is used with the cache that prepared it"
        );
        &self.bound
    }

    /// As it is given to a prediction, which looks whose it is when it is made.
    pub(crate) fn unchecked(&self) -> &Arc<Bound> {
        &self.bound
    }

    /// The document to send: the author's, with `__typename` and what else the cache must know in it.
    pub fn document(&self) -> &str {
        &self.bound.plan.text
    }

    /// The variables, as JSON.
    pub fn variables(&self) -> &str {
        &self.variables
    }

    /// What to send to a server, as JSON: `{"query": …, "variables": …}`.
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

/// What can be prepared: cynic's operations of every kind.
pub trait CynicOperation {
    /// What it selects.
    type Fragment;

    /// The document, as cynic writes it.
    fn text(&self) -> &str;

    /// The variables, as JSON.
    ///
    /// # Errors
    ///
    /// What serde_json says of them.
    fn variables(&self) -> serde_json::Result<String>;

    /// The operation's name.
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
