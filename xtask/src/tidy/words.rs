//! Rules for names: no item has a retired name, and `is_`, `has_` and `can_` return `bool`.

use super::fault;
use super::lexer::{Kind, Token};

/// The heading in ARCHITECTURE.md above the table of retired words.
const HEADING: &str = "### Retired words";

/// A name that is no longer used, and what to use in its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Retired<'t> {
    name: &'t str,
    instead: &'t str,
}

/// Reads the table of retired words from ARCHITECTURE.md.
pub(super) fn retired(architecture: &str) -> Vec<Retired<'_>> {
    let section = architecture.lines().skip_while(|it| *it != HEADING).skip(1);
    let rows = section.take_while(|it| !it.starts_with('#')).filter_map(|row| {
        let (names, instead) = row.strip_prefix('|')?.split_once('|')?;
        Some((names, instead.trim().trim_end_matches('|').trim_end()))
    });
    rows.flat_map(|(names, instead)| {
        names.split('`').skip(1).step_by(2).map(move |name| Retired { name, instead })
    })
    .collect()
}

/// Checks that the table of retired words is there.
pub(super) fn check_table(retired: &[Retired<'_>]) -> Option<String> {
    let is_missing = retired.is_empty();
    is_missing.then(|| format!("ARCHITECTURE.md: add a table of names below `{HEADING}`"))
}

/// Checks the names that a file defines.
pub(super) fn check(path: &str, tokens: &[Token<'_>], retired: &[Retired<'_>]) -> Vec<String> {
    let code: Vec<_> = tokens.iter().filter(|it| it.kind != Kind::Comment).copied().collect();
    let mut faults = Vec::new();
    for (at, name) in definitions(&code) {
        if let Some(found) = retired.iter().find(|it| it.name == name.text) {
            let advice = format!("`{}` is retired; use {}", found.name, found.instead);
            faults.push(fault(path, name.line, "retired word", &advice));
        }
        let is_function = code[at - 1].text == "fn";
        if is_function && is_question(name.text) && !returns_bool(&code[at + 1..]) {
            let advice = format!("`{}` must return bool; name an action with a verb", name.text);
            faults.push(fault(path, name.line, "question name", &advice));
        }
    }
    faults
}

/// Finds the names of items and of enum variants, each with its position in the code.
fn definitions<'s>(code: &[Token<'s>]) -> Vec<(usize, Token<'s>)> {
    let mut names = Vec::new();
    for at in 1..code.len() {
        let is_pointer = at > 1 && code[at - 2].text == "*";
        if code[at].kind != Kind::Word || is_pointer {
            continue;
        }
        match code[at - 1].text {
            "fn" | "struct" | "union" | "trait" | "type" | "mod" | "const" | "static" => {
                names.push((at, code[at]));
            }
            "enum" => {
                names.push((at, code[at]));
                names.extend(variants(code, at));
            }
            _ => (),
        }
    }
    names
}

/// Finds the variants of the enum whose name is at `name`.
fn variants<'s>(code: &[Token<'s>], name: usize) -> Vec<(usize, Token<'s>)> {
    let mut names = Vec::new();
    let mut depth = 0;
    for at in name..code.len() {
        let token = code[at];
        match token.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth -= 1;
                if depth <= 0 && token.text == "}" {
                    break;
                }
            }
            _ if depth == 1 && token.kind == Kind::Word => {
                // A variant follows the opening brace, a comma or an attribute.
                if matches!(code[at - 1].text, "{" | "," | "]") {
                    names.push((at, token));
                }
            }
            _ => (),
        }
    }
    names
}

fn is_question(name: &str) -> bool {
    ["is_", "has_", "can_"].iter().any(|it| name.starts_with(it))
}

/// Whether the signature that begins after a function's name returns a `bool`. The `bool` may be
/// inside another type, as in `Result<bool>`, `Signal<bool>` or `impl Fn() -> bool`.
fn returns_bool(signature: &[Token<'_>]) -> bool {
    let mut angles = 0;
    let mut brackets = 0;
    let mut has_arguments = false;
    for (at, token) in signature.iter().enumerate() {
        let is_arrow = at > 0 && signature[at - 1].text == "-";
        match token.text {
            "<" => angles += 1,
            ">" if !is_arrow => angles -= 1,
            "(" | "[" => brackets += 1,
            ")" | "]" => {
                brackets -= 1;
                has_arguments |= brackets == 0 && angles == 0;
            }
            "bool" if has_arguments => return true,
            "{" | ";" | "where" if has_arguments && brackets == 0 => return false,
            _ => (),
        }
    }
    false
}
