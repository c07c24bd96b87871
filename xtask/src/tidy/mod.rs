//! The rules of the house that no compiler knows, written as absences.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::run::Result;

/// A source file past this holds two ideas.
const LONGEST: usize = 400;

/// A word that may stand in some places only.
struct Absence {
    /// Looked for in any case; the pieces are put together so that this file does not name it.
    word: &'static [&'static str],
    /// Where the rule holds.
    within: &'static str,
    /// Where it may stand all the same.
    but: &'static [&'static str],
    why: &'static str,
}

const ABSENCES: &[Absence] = &[
    Absence {
        word: &["sqlx"],
        within: "server/src/",
        but: &["server/src/store/"],
        why: "only `store` knows it",
    },
    Absence {
        word: &["sqlite"],
        within: "server/src/",
        but: &[
            "server/src/store/sqlite/",
            "server/src/store/mod.rs",
            "server/src/store/error.rs",
            "server/src/store/copy_to_postgres/",
        ],
        why: "nothing else may know which store it is",
    },
    Absence {
        word: &["pgpool"],
        within: "server/src/",
        but: &["server/src/store/postgres/"],
        why: "nothing else may know which store it is",
    },
    Absence {
        word: &["async_graphql"],
        within: "server/src/",
        but: &["server/src/graphql/", "server/src/http/"],
        why: "only `graphql`, and the handlers that carry it, know it",
    },
    Absence { word: &["tokio"], within: "server/src/domain/", but: &[], why: "`domain` is pure" },
    Absence {
        word: &["::now"],
        within: "server/src/domain/",
        but: &[],
        why: "`domain` has no clock of its own",
    },
    Absence {
        word: &["tokio"],
        within: "client/cache/src/",
        but: &[],
        why: "the cache has no executor",
    },
    Absence {
        word: &["::now"],
        within: "client/cache/src/",
        but: &[],
        why: "the cache has no clock",
    },
    Absence {
        word: &["appointment"],
        within: "client/cache/src/",
        but: &[],
        why: "the cache knows GraphQL and nothing else",
    },
    Absence {
        word: &["target_family"],
        within: "client/",
        but: &["client/src/runtime", "client/src/transport", "client/Cargo.toml"],
        why: "platforms differ in `runtime` and `transport` only",
    },
    Absence {
        word: &["websocket"],
        within: "web/src/",
        but: &[],
        why: "the page has no other way for data than the client",
    },
    Absence {
        word: &["fetch"],
        within: "web/src/",
        but: &[],
        why: "the page has no other way for data than the client",
    },
    Absence { word: &["/wo", "rk/"], within: "", but: &[], why: "a path of somebody's machine" },
    Absence { word: &["/ro", "ot/"], within: "", but: &[], why: "a path of somebody's machine" },
];

/// Checks every file that git knows.
pub(crate) fn check(root: &Path) -> Result<()> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("git: {error}"))?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let files: Vec<(&str, String)> = listed
        .lines()
        .filter(|it| !root.join(it).is_symlink())
        .filter_map(|it| Some((it, fs::read_to_string(root.join(it)).ok()?)))
        .collect();
    let mut wrong: Vec<String> = files.iter().flat_map(|(path, text)| file(path, text)).collect();
    wrong.extend(dependencies(&files));
    wrong.extend(migrations(&files));
    wrong.extend(links(root, &files));
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("the house is not tidy\n  {}", wrong.join("\n  ")))
}

/// What is wrong with one file.
fn file(path: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for absence in ABSENCES {
        let word = absence.word.concat();
        let holds =
            path.starts_with(absence.within) && !absence.but.iter().any(|it| path.starts_with(it));
        for (line, _) in
            text.lines().enumerate().filter(|(_, it)| holds && it.to_lowercase().contains(&word))
        {
            wrong.push(format!("{path}:{}: {word}: {}", line + 1, absence.why));
        }
    }
    if path.ends_with(".rs") {
        if !text.starts_with("//!") {
            wrong.push(format!("{path}: begins without `//!`: what is this file for?"));
        }
        let lines = text.lines().count();
        let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
        if lines > LONGEST && !is_test {
            wrong.push(format!("{path}: {lines} lines: does it hold two ideas?"));
        }
    }
    wrong
}

/// Versions stand in the workspace, and each dependency has its reason in ARCHITECTURE.md.
fn dependencies(files: &[(&str, String)]) -> Vec<String> {
    let text = |name| files.iter().find(|(path, _)| *path == name).map_or("", |(_, it)| it);
    let reasons = text("ARCHITECTURE.md");
    let mut wrong = Vec::new();
    let mut ours = section(text("Cargo.toml"), "[workspace.dependencies]");
    for line in ours.by_ref().filter(|it| !it.contains("path = ")) {
        let name = line.split(" = ").next().unwrap_or_default();
        if !reasons.contains(&format!("`{name}`")) {
            wrong.push(format!("ARCHITECTURE.md: why is there `{name}`?"));
        }
    }
    for (path, manifest) in files.iter().filter(|(path, _)| path.ends_with("/Cargo.toml")) {
        for part in ["[dependencies]", "[dev-dependencies]", "[build-dependencies]"] {
            for line in section(manifest, part).filter(|it| !it.contains("workspace")) {
                wrong.push(format!("{path}: {line}: versions stand in the workspace"));
            }
        }
    }
    wrong
}

/// The entries of a manifest's section.
fn section<'t>(manifest: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    let lines = manifest.lines().skip_while(move |it| *it != name).skip(1);
    let lines = lines.take_while(|it| !it.starts_with('['));
    lines.filter(|it| !it.is_empty() && !it.starts_with('#'))
}

/// Both stores have the same migrations, in the same order.
fn migrations(files: &[(&str, String)]) -> Vec<String> {
    let of = |store: &str| -> Vec<&str> {
        let folder = format!("migrations/{store}/");
        files.iter().filter_map(|(path, _)| path.strip_prefix(&folder)).collect()
    };
    let (one, other) = (of("sqlite"), of("postgres"));
    if other.is_empty() || one == other {
        return Vec::new();
    }
    vec![format!("migrations: {one:?} for one store and {other:?} for the other")]
}

/// Links inside of the repository lead somewhere.
fn links(root: &Path, files: &[(&str, String)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".md")) {
        let folder = root.join(path).parent().map(Path::to_owned).unwrap_or_default();
        for link in text.split("](").skip(1).filter_map(|it| it.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            let is_outside = link.contains("://") || target.is_empty();
            if !is_outside && !folder.join(target).exists() {
                wrong.push(format!("{path}: the link {link} leads nowhere"));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests;
