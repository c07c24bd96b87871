//! `schema.graphql` is what the server serves, to the byte.

use appointments_server::graphql;

const HINT: &str = "run `cargo xtask schema`";

#[test]
fn the_file_is_what_the_server_prints() {
    let file = include_str!("../../schema.graphql");
    assert!(file == graphql::sdl(), "schema.graphql differs from the server's: {HINT}");
}

/// cynic's parser refuses a backslash in a description.
#[test]
fn the_text_is_plain() {
    let sdl = graphql::sdl();
    assert!(!sdl.contains('\\') && !sdl.contains('\t'), "{sdl}");
    assert!(sdl.lines().all(|it| it == it.trim_end()), "{sdl}");
}

#[test]
fn the_file_is_a_schema_to_another_parser() {
    let file = include_str!("../../schema.graphql");
    async_graphql::parser::parse_schema(file).unwrap();
}
