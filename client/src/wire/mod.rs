//! The GraphQL contract as Rust types: operations, responses, and the policy of the cache.

pub(crate) mod calendar_operations;
pub(crate) mod operations;
pub(crate) mod policy;
pub(crate) mod prepare;
pub(crate) mod response;
