//! The cache as its users see it: through its public interface, with a library of shelves and books.

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
