//! The GraphQL contract as Rust types: operations, responses, and the cache's policy.

pub(crate) mod calendar_operations;
pub(crate) mod operations;
pub(crate) mod policy;
pub(crate) mod response;
