//! An appointments service over GraphQL that loses nothing and tells every change at once.
//!
//! The rooms, in the order a mutation walks through them: [`http`] takes a request, [`auth`] says
//! who asks, [`graphql`] translates, [`commands`] decide by the rules of [`domain`] in one
//! transaction of the [`store`], and the [`feed`] tells everybody who follows the calendar.
//! [`queries`] answer from the store. [`server`] puts the rooms together.

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
