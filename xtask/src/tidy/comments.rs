//! Rules for comments: a doc comment is a sentence of its own, and no comment is an aside.

use super::fault;
use super::lexer::{Kind, Token};

/// A doc comment that begins so cannot be read without its item. "The same" is checked beside them.
const PRONOUNS: &[&str] = &[
    "It",
    "Its",
    "They",
    "Their",
    "Them",
    "What",
    "Who",
    "Whoever",
    "Whose",
    "Which",
    "Why",
    "He",
    "She",
    "Nobody",
    "Somebody",
    "Everybody",
    "Nothing",
    "So",
];

/// The markers of doc comments, and of other comments after them.
const MARKERS: [&str; 6] = ["///", "//!", "/**", "/*!", "//", "/*"];

/// Comments of one kind on consecutive lines.
struct Block<'s> {
    marker: &'s str,
    text: String,
    line: usize,
    last_line: usize,
}

impl Block<'_> {
    fn is_doc(&self) -> bool {
        self.marker.len() == 3
    }
}

/// Checks the comments of a file.
pub(super) fn check(path: &str, tokens: &[Token<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    for block in blocks(tokens) {
        if block.is_doc() && block.text.split_whitespace().count() < 3 {
            let advice = "say in a sentence what the item is or does";
            faults.push(fault(path, block.line, "short doc", advice));
        } else if block.is_doc()
            && let Some(word) = pronoun(&block.text)
        {
            let advice = format!("begin with a subject or a verb in place of \"{word}\"");
            faults.push(fault(path, block.line, "doc without subject", &advice));
        }
        if is_in_parentheses(&block.text) {
            let advice = "remove the parentheses, or delete the comment";
            faults.push(fault(path, block.line, "parentheses", advice));
        }
    }
    faults
}

/// Joins comments on consecutive lines. A comment behind code stands alone.
fn blocks<'s>(tokens: &[Token<'s>]) -> Vec<Block<'s>> {
    let mut blocks: Vec<Block<'s>> = Vec::new();
    let mut is_open = false;
    for token in tokens {
        if token.kind != Kind::Comment {
            is_open = false;
            continue;
        }
        let (marker, text) = split(token.text);
        let last = blocks.last_mut().filter(|it| {
            is_open && it.marker == marker && it.last_line + 1 == token.line && token.begins_line
        });
        if let Some(block) = last {
            block.text.push('\n');
            block.text.push_str(text);
            block.last_line = token.line;
        } else {
            let line = token.line;
            blocks.push(Block { marker, text: text.to_owned(), line, last_line: line });
        }
        is_open = token.begins_line;
    }
    blocks
}

/// Splits a comment into its marker and its text.
fn split(comment: &str) -> (&'static str, &str) {
    // Rows such as `//////` and `/***/` are not docs.
    let is_row = comment.starts_with("////") || comment.starts_with("/***") || comment == "/**/";
    let skipped = if is_row { 4 } else { 0 };
    let marker = MARKERS.iter().skip(skipped).find(|it| comment.starts_with(**it));
    let marker = marker.copied().unwrap_or_default();
    let text = comment[marker.len()..].trim();
    (marker, if marker.starts_with("/*") { text.trim_end_matches("*/").trim_end() } else { text })
}

/// Returns the pronoun that a text begins with.
fn pronoun(text: &str) -> Option<&'static str> {
    let end = text.find(|it: char| !it.is_alphabetic()).unwrap_or(text.len());
    let (first, rest) = text.split_at(end);
    if first == "The" && rest.trim_start().starts_with("same") {
        return Some("The same");
    }
    PRONOUNS.iter().find(|it| **it == first).copied()
}

/// Whether the first parenthesis of a text closes at its end.
fn is_in_parentheses(text: &str) -> bool {
    let text = text.trim();
    let mut depth = 0;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => (),
        }
        if depth == 0 {
            return at > 0 && text[at..].trim_end_matches('.') == ")";
        }
    }
    false
}
