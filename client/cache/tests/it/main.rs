//! Tests of the public interface of the cache, with a library of shelves, books and loans.

mod cases;
mod fuzz;
mod laws;
#[path = "../../examples/library/mod.rs"]
mod library;
mod oracle;
mod predicting;
mod races;
mod reading;
mod watching;
mod world;
