//! Each rule accepts a good example and reports a planted violation.

use super::*;

const ARCHITECTURE: &str = "\
## Words
| `Kept` | another table |

### Retired words
| retired | instead |
|---|---|
| `Told`, `Said` | a noun such as `Update` |
| `PATIENCE` | `SEND_TIMEOUT` |
| `doors` | `admit` |

## Modules
| `Free` | another table |
";

/// Checks one file, and expects one violation, or none if `expected` is empty.
#[track_caller]
fn check(path: &str, text: &str, expected: &str) {
    let faults = check_files(&[("ARCHITECTURE.md", ARCHITECTURE.to_owned()), (path, text.into())]);
    assert_eq!(faults.len(), usize::from(!expected.is_empty()), "{faults:#?}");
    assert!(faults.join("\n").contains(expected), "{faults:#?}");
}

/// Checks code below a header of one line, so that the code begins on line 2.
#[track_caller]
fn check_code(code: &str, expected: &str) {
    check("server/src/x.rs", &format!("//! A module of tests.\n{code}"), expected);
}

#[test]
fn a_restricted_word_is_reported_outside_of_its_places() {
    let query = "//! A module of tests.\nuse sqlx::query;";
    check("server/src/store/sqlite/mod.rs", query, "");
    check("server/src/feed/mod.rs", query, "feed/mod.rs:2: sqlx: only `store`");
    check("server/src/config.rs", "//! A SQLite file.", "config.rs:1: sqlite");
    check("server/src/commands/mod.rs", "//! Names async_graphql here.", "async_graphql");
    check("server/src/domain/id.rs", "//! A module that uses tokio.", "`domain` is pure");
    check("client/cache/src/lib.rs", "//! An Appointment is cached.", "appointment");
    check(
        "client/cache/src/lib.rs",
        "//! Calls now_or_never in its tests.\nfn f() { x::now(); }",
        "no clock",
    );
    check("web/src/x.rs", "//! Fetches all items.\nfn f() { fetch_with_str(); }", "client only");
    check("README.md", &["see /wo", "rk/main"].concat(), "a developer's machine");
}

#[test]
fn a_file_has_a_header_and_a_limited_length() {
    let long = format!("//! A module of tests.\n{}", "\n".repeat(400));
    check("server/src/x.rs", "use std::fmt;", "x.rs:1: header");
    check("server/src/x.rs", &long, "x.rs:401: file length: file exceeds 400 lines; split it");
    check("server/src/x/tests.rs", &long, "");
}

#[test]
fn a_line_has_at_most_100_columns() {
    check_code(&format!("// {}", "ü".repeat(97)), "");
    check_code(&format!("// {}", "ü".repeat(98)), "x.rs:2: line length: 101 columns");
    check("README.md", &"x".repeat(101), "");
}

#[test]
fn a_retired_word_cannot_be_defined() {
    check_code("struct Told;", "x.rs:2: retired word: `Told` is retired; use a noun such as");
    check_code("\npub(crate) type Said<'a> = &'a str;", "x.rs:3: retired word: `Said`");
    check_code("mod doors;", "use `admit`");
    check_code("const PATIENCE: u64 = 1;", "use `SEND_TIMEOUT`");
    check_code("static mut X: u8 = 0; fn doors() {}", "`doors`");
    check_code("enum E<T> { A(T), #[x(y)] B { z: u8 }, Told }", "`Told`");
    check_code("enum E { Told = 1, Other }", "`Told`");
    // Uses, parts of names, fields, strings, comments and other tables do not count.
    check_code("enum E { A(Told), B { Told: Told } }\nfn f(told: *const Told) {}", "");
    check_code("struct ToldTwice; struct Kept; struct Free; // struct Told;", "");
    check_code(r##"const A: &str = r#"" struct Told; "#; /* struct /* */ Told; */"##, "");
    check_code("const A: [char; 3] = ['\"', '\\'', 'x']; const B: &'static str = \"\\\"\";", "");
}

#[test]
fn the_table_of_retired_words_must_exist() {
    let faults = check_files(&[("ARCHITECTURE.md", "## Words\n| `a` | b |".to_owned())]);
    assert!(faults[0].contains("add a table of names below `### Retired words`"), "{faults:?}");
}

#[test]
fn a_question_returns_bool() {
    check_code("fn is_done(&mut self) { x() -> bool }", "x.rs:2: question name: `is_done`");
    check_code("trait T { fn has_room(f: impl Fn() -> bool); }", "`has_room`");
    check_code("fn can_go<F>(f: F) -> u8 where F: Fn() -> bool {}", "`can_go`");
    check_code("fn is_done<F: Fn(u8) -> bool>(f: F) -> usize { 0 }", "`is_done`");
    check_code("fn is_done<F: Fn(u8) -> u8>(f: F) -> bool { true }", "");
    check_code("fn has_room(&self) -> Result<Option<bool>, (u8, [u8; 2])>;", "");
    check_code("async fn can_go(a: [u8; 2]) -> impl Fn(&str) -> bool {}", "");
    check_code("fn is_live() -> Signal<bool> {}\nfn island() {}\nfn this_is() {}", "");
    check_code("// fn is_done() {}\nconst A: &str = \"fn is_done() {}\";", "");
}

#[test]
fn a_doc_comment_has_at_least_three_words() {
    check_code("/// Its id.\nstruct A;", "x.rs:2: short doc");
    check_code("///\nstruct A;", "x.rs:2: short doc");
    check_code("/** A thing. */\nstruct A;", "x.rs:2: short doc");
    check_code("/// A thing\n/// with room.\nstruct A;", "");
    check_code("// Its id.\nstruct A; //// A row", "");
    check_code("const A: &str = \"\n/// Its id.\n\";", "");
    check("server/src/x.rs", "//! Tests.", "x.rs:1: short doc");
}

#[test]
fn a_doc_comment_names_its_subject() {
    check_code("/// It is the first.\nstruct A;", "x.rs:2: doc without subject: begin with a");
    check_code("/// It's the first one.\nstruct A;", "in place of \"It\"");
    check_code("/// The same, each time it changes.\nfn a() {}", "in place of \"The same\"");
    check_code("/// What the server sent.\nstruct A;", "\"What\"");
    check_code("/// Items are sorted.\n/// What is not sorted is new.\nstruct A;", "");
    check_code("// What the server sent.\nstruct A;", "");
}

#[test]
fn a_comment_is_not_in_parentheses() {
    check_code("// (An aside.)", "x.rs:2: parentheses");
    check_code("fn a() {} // (An aside.)", "x.rs:2: parentheses");
    check_code("// (An aside\n// on two lines).", "x.rs:2: parentheses");
    check_code("/// (A long aside.)\nstruct A;", "x.rs:2: parentheses");
    check_code("// (a) before (b)\n// before (c)", "");
    check_code("fn a() {} // (An aside.\nfn b() {} // Another.)", "");
    check_code("const A: &str = \"// (x)\";", "");
}

#[test]
fn a_dependency_has_one_version_and_a_reason() {
    let files = |reasons: &str, member: &str| {
        vec![
            ("Cargo.toml", "[workspace.dependencies]\n# why\nserde = \"1\"\n".to_owned()),
            ("ARCHITECTURE.md", reasons.to_owned()),
            ("server/Cargo.toml", format!("[dependencies]\n{member}\n\n[lints]\nx = 1\n")),
        ]
    };
    let check = |reasons, member| check_dependencies(&files(reasons, member)).join("\n");
    assert_eq!(check("- `serde`: JSON", "serde.workspace = true"), "");
    assert_eq!(
        check("", "serde.workspace = true"),
        "Cargo.toml:3: dependency: say in ARCHITECTURE.md why `serde` is needed"
    );
    assert_eq!(
        check("- `serde`: JSON", "serde = \"1\""),
        "server/Cargo.toml:2: dependency: move the version of `serde = \"1\"` to the workspace"
    );
}

#[test]
fn both_databases_have_the_same_migrations() {
    let file = |path| (path, String::new());
    let sqlite = file("migrations/sqlite/0001_a.sql");
    assert!(check_migrations(std::slice::from_ref(&sqlite)).is_empty(), "one is enough");
    assert_eq!(check_migrations(&[sqlite, file("migrations/postgres/0001_b.sql")]).len(), 1);
}

#[test]
fn a_link_has_a_target() {
    let check = |text: &str| check_links(Path::new("."), &[("README.md", text.to_owned())]);
    assert!(check("[a](https://example.org) [b](#words) [c](src/main.rs#x)").is_empty());
    assert!(check("text\n[c](src/nowhere.rs)")[0].starts_with("README.md:2: link:"));
}
