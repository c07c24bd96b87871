//! Registers the GraphQL contract, so that cynic checks fragments against it at compile time.

fn main() {
    let schema = cynic_codegen::register_schema("appointments");
    let registered = schema.from_sdl_file("schema.graphql").and_then(|it| it.as_default());
    if let Err(error) = registered {
        // A build script reports an error by a panic.
        panic!("schema.graphql: {error}");
    }
}
