//! Documents: compiles the text of an operation into a plan, once, and fills variables into it.
//!
//! The words of this module are explained in `plan.rs`.

mod bind;
mod compile;
mod complete;
pub(crate) mod json;
mod plan;

use std::sync::Arc;

use hashbrown::HashMap;

pub(crate) use bind::{Bound, FieldSet, Listing, StoredSlot, includes};
pub(crate) use plan::{Case, Plan, Role, Slot};

use crate::error::OperationError;
use crate::record::Names;
use crate::rules::Rules;

/// The maximum depth of nested selections. A deeper document is an error.
const MAX_DEPTH: usize = 64;
/// The number of variable sets that are kept for each operation.
const MAX_BOUND_PER_OPERATION: usize = 64;

/// The compiled operations, each with its latest variables filled in.
#[derive(Default)]
pub(crate) struct Plans {
    plans: HashMap<Box<str>, CompiledOperation>,
}

struct CompiledOperation {
    plan: Arc<Plan>,
    /// The plan with variables filled in, by the variables' JSON; the latest comes last.
    bound: Vec<(Box<str>, Arc<Bound>)>,
}

impl Plans {
    /// Returns the plan of the operation `text` with `variables`, which are JSON.
    ///
    /// # Errors
    ///
    /// The operation does not fit the schema, or the variables are not JSON.
    pub(crate) fn bound(
        &mut self,
        text: &str,
        variables: &str,
        rules: &Rules,
        names: &mut Names,
    ) -> Result<Arc<Bound>, OperationError> {
        if !self.plans.contains_key(text) {
            let plan = Arc::new(plan(text, rules, names)?);
            self.plans.insert(text.into(), CompiledOperation { plan, bound: Vec::new() });
        }
        let Some(known) = self.plans.get_mut(text) else {
            return Err(OperationError::Document("no operation".to_owned()));
        };
        if let Some((_, bound)) = known.bound.iter().find(|(it, _)| **it == *variables) {
            return Ok(bound.clone());
        }
        let values = serde_json::from_str(variables)
            .map_err(|error| OperationError::Variables(error.to_string()))?;
        let bound = Arc::new(Bound::new(known.plan.clone(), values, rules, names));
        if known.bound.len() == MAX_BOUND_PER_OPERATION {
            known.bound.remove(0);
        }
        known.bound.push((variables.into(), bound.clone()));
        Ok(bound)
    }
}

/// Completes and compiles an operation.
fn plan(text: &str, rules: &Rules, names: &mut Names) -> Result<Plan, OperationError> {
    let parse = |text: &str| {
        cynic_parser::parse_executable_document(text)
            .map_err(|error| OperationError::Document(error.to_string()))
    };
    let (completed, added) = complete::complete(text, &parse(text)?, rules, names)?;
    compile::compile(&completed, &parse(&completed)?, added, rules, names)
}

#[cfg(test)]
mod tests;
