//! Rules of this repository that the compiler does not check.
//!
//! Each violation is one line: `path:line: rule: what to do`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::run::Result;

mod absences;
mod comments;
mod lexer;
mod words;

/// The greatest number of lines of a source file. Tests may be longer.
const MAX_LINES: usize = 400;

/// The greatest number of columns of a line of Rust. rustfmt does not wrap comments and strings.
const MAX_COLUMNS: usize = 100;

/// A path from the root of the repository, and the text of the file.
type File<'p> = (&'p str, String);

/// Checks every file that git tracks or would add.
pub(crate) fn check(root: &Path) -> Result<()> {
    let listing = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("git: {error}"))?;
    let listing = String::from_utf8_lossy(&listing.stdout).into_owned();
    let files: Vec<File<'_>> = listing
        .lines()
        .filter(|it| !root.join(it).is_symlink())
        .filter_map(|it| Some((it, fs::read_to_string(root.join(it)).ok()?)))
        .collect();
    let mut faults = check_files(&files);
    faults.extend(check_dependencies(&files));
    faults.extend(check_migrations(&files));
    faults.extend(check_links(root, &files));
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!("tidy check failed: {} violations\n  {}", faults.len(), faults.join("\n  ")))
}

/// Formats a violation.
fn fault(path: &str, line: usize, rule: &str, advice: &str) -> String {
    format!("{path}:{line}: {rule}: {advice}")
}

/// Checks each file by itself.
fn check_files(files: &[File<'_>]) -> Vec<String> {
    let retired = words::retired(text_of(files, "ARCHITECTURE.md"));
    let mut faults = Vec::from_iter(words::check_table(&retired));
    for (path, text) in files {
        faults.extend(absences::check(path, text));
        if path.ends_with(".rs") {
            let tokens = lexer::tokens(text);
            faults.extend(check_size(path, text));
            faults.extend(words::check(path, &tokens, &retired));
            faults.extend(comments::check(path, &tokens));
        }
    }
    faults
}

/// Checks the header, the length and the width of a source file.
fn check_size(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//!") {
        faults.push(fault(path, 1, "header", "begin the file with `//!` and its purpose"));
    }
    let lines = text.lines().count();
    let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
    if lines > MAX_LINES && !is_test {
        let advice = format!("file exceeds {MAX_LINES} lines; split it");
        faults.push(fault(path, lines, "file length", &advice));
    }
    for (index, line) in text.lines().enumerate() {
        let columns = line.chars().count();
        if columns > MAX_COLUMNS {
            let advice = format!("{columns} columns; wrap at {MAX_COLUMNS}");
            faults.push(fault(path, index + 1, "line length", &advice));
        }
    }
    faults
}

/// Checks that the workspace has all versions, and ARCHITECTURE.md a reason for each dependency.
fn check_dependencies(files: &[File<'_>]) -> Vec<String> {
    let reasons = text_of(files, "ARCHITECTURE.md");
    let mut faults = Vec::new();
    for (line, entry) in section(text_of(files, "Cargo.toml"), "[workspace.dependencies]") {
        let name = entry.split(" = ").next().unwrap_or_default();
        if !entry.contains("path = ") && !reasons.contains(&format!("`{name}`")) {
            let advice = format!("say in ARCHITECTURE.md why `{name}` is needed");
            faults.push(fault("Cargo.toml", line, "dependency", &advice));
        }
    }
    for (path, manifest) in files.iter().filter(|(path, _)| path.ends_with("/Cargo.toml")) {
        for part in ["[dependencies]", "[dev-dependencies]", "[build-dependencies]"] {
            for (line, entry) in section(manifest, part) {
                if !entry.contains("workspace") {
                    let advice = format!("move the version of `{entry}` to the workspace");
                    faults.push(fault(path, line, "dependency", &advice));
                }
            }
        }
    }
    faults
}

/// Returns the text of a file, or no text if the file does not exist.
fn text_of<'t>(files: &'t [File<'_>], name: &str) -> &'t str {
    files.iter().find(|(path, _)| *path == name).map_or("", |(_, text)| text)
}

/// Returns the entries of a section of a manifest, with their line numbers.
fn section<'t>(manifest: &'t str, name: &str) -> impl Iterator<Item = (usize, &'t str)> {
    let lines = manifest.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines
        .skip_while(move |(_, line)| *line != name)
        .skip(1)
        .take_while(|(_, line)| !line.starts_with('['))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// Checks that both databases have the same migrations, in the same order.
fn check_migrations(files: &[File<'_>]) -> Vec<String> {
    let names = |database: &str| -> Vec<&str> {
        let folder = format!("migrations/{database}/");
        files.iter().filter_map(|(path, _)| path.strip_prefix(&folder)).collect()
    };
    let sqlite = names("sqlite");
    let postgres = names("postgres");
    if postgres.is_empty() || sqlite == postgres {
        return Vec::new();
    }
    let advice = format!("use the same names for sqlite {sqlite:?} and postgres {postgres:?}");
    vec![fault("migrations", 1, "migrations", &advice)]
}

/// Checks that links to files of the repository have a target.
fn check_links(root: &Path, files: &[File<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".md")) {
        let folder = root.join(path).parent().map(Path::to_owned).unwrap_or_default();
        for (index, line) in text.lines().enumerate() {
            for link in line.split("](").skip(1).filter_map(|it| it.split(')').next()) {
                let target = link.split('#').next().unwrap_or_default();
                let is_outside = link.contains("://") || target.is_empty();
                if !is_outside && !folder.join(target).exists() {
                    let advice = format!("`{link}` does not exist; correct the link");
                    faults.push(fault(path, index + 1, "link", &advice));
                }
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests;
