//! Each rule finds what it is there to find.

use super::*;

#[track_caller]
fn check(path: &str, text: &str, expected: &str) {
    let wrong = file(path, text).join("\n");
    assert_eq!(wrong.is_empty(), expected.is_empty(), "{wrong}");
    assert!(wrong.contains(expected), "{wrong}");
}

#[test]
fn a_word_stands_where_it_may() {
    check("server/src/store/sqlite/mod.rs", "//! x\nuse sqlx::query;", "");
    check("server/src/feed/mod.rs", "//! x\nuse sqlx::query;", "feed/mod.rs:2: sqlx: only `store`");
    check("server/src/config.rs", "//! A SQLite file.", "config.rs:1: sqlite");
    check("server/src/commands/mod.rs", "//! x\nuse async_graphql::ID;", "async_graphql");
    check("server/src/domain/id.rs", "//! x\nuse tokio::time;", "`domain` is pure");
    check("client/cache/src/lib.rs", "//! An Appointment.", "appointment");
    check("README.md", &["see /wo", "rk/main"].concat(), "somebody's machine");
}

#[test]
fn a_file_says_what_it_is_for_and_holds_one_idea() {
    check("server/src/x.rs", "use std::fmt;", "what is this file for");
    check("server/src/x.rs", &("//! x\n".to_owned() + &"\n".repeat(400)), "401 lines");
    check("server/src/x/tests.rs", &("//! x\n".to_owned() + &"\n".repeat(400)), "");
}

#[test]
fn a_dependency_has_its_reason_and_its_version_once() {
    let files = |reasons: &str, member: &str| {
        vec![
            ("Cargo.toml", "[workspace.dependencies]\n# why\nserde = \"1\"\n".to_owned()),
            ("ARCHITECTURE.md", reasons.to_owned()),
            ("server/Cargo.toml", format!("[dependencies]\n{member}\n\n[lints]\nx = 1\n")),
        ]
    };
    let wrong = |reasons, member| dependencies(&files(reasons, member)).join("\n");
    assert_eq!(wrong("- `serde`: JSON", "serde.workspace = true"), "");
    assert!(wrong("", "serde.workspace = true").contains("why is there `serde`?"));
    assert!(wrong("- `serde`: JSON", "serde = \"1\"").contains("versions stand in the workspace"));
}

#[test]
fn both_stores_have_the_same_migrations() {
    let file = |path| (path, String::new());
    let one = [file("migrations/sqlite/0001_a.sql")];
    assert!(migrations(&one).is_empty(), "one store has nothing to agree with");
    let two = [file("migrations/sqlite/0001_a.sql"), file("migrations/postgres/0001_b.sql")];
    assert_eq!(migrations(&two).len(), 1);
}
