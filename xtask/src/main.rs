//! `cargo xtask …`: everything that a developer or CI runs.

fn main() {}
