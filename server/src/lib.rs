//! An appointments service with a GraphQL API, durable writes and live updates.
//!
//! The modules, in the order in which a mutation passes through them: [`http`] receives the
//! request, [`auth`] finds its actor, [`graphql`] translates it, [`commands`] apply the rules of
//! [`domain`] in one transaction of the [`store`], and the [`feed`] notifies the calendar's
//! subscribers. [`queries`] read from the store. [`server`] connects the modules.

pub mod auth;
pub mod clock;
pub mod commands;
pub mod config;
pub mod domain;
pub mod feed;
pub mod graphql;
pub mod http;
pub mod metrics;
pub mod queries;
pub mod seed;
pub mod server;
pub mod store;
pub mod telemetry;
