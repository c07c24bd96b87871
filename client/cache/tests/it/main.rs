//! The cache as its users see it: through its public interface, with a library of shelves and books.

#[path = "../../examples/library/mod.rs"]
mod library;
mod smoke;
