//! Tells cargo that a new migration changes the binary: `migrate!` sees only those it knew.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
