//! Registers the contract, so that fragments are checked against it when they are compiled.

fn main() {
    let schema = cynic_codegen::register_schema("appointments");
    let registered = schema.from_sdl_file("schema.graphql").and_then(|it| it.as_default());
    if let Err(error) = registered {
        panic!("schema.graphql: {error}"); // a build script has no other way to say it
    }
}
