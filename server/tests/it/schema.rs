//! Checks that `schema.graphql` equals the server's schema, byte by byte.

use appointments_server::graphql;

const HINT: &str = "run `cargo xtask schema`";

#[test]
fn the_file_equals_the_servers_schema() {
    let file = include_str!("../../schema.graphql");
    assert!(file == graphql::sdl(), "schema.graphql differs from the server's: {HINT}");
}

/// cynic's parser rejects a backslash in a description.
#[test]
fn the_schema_has_no_special_characters() {
    let sdl = graphql::sdl();
    assert!(!sdl.contains('\\') && !sdl.contains('\t'), "{sdl}");
    assert!(sdl.lines().all(|it| it == it.trim_end()), "{sdl}");
}

#[test]
fn another_parser_accepts_the_file() {
    let file = include_str!("../../schema.graphql");
    async_graphql::parser::parse_schema(file).unwrap();
}
