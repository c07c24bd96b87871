//! Splits Rust source into words, literals, punctuation and comments.
//!
//! The checks need to know what is code: a string may hold a comment, and a comment may hold code.

/// The class of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identifier, a keyword or a number.
    Word,
    /// A string, a character or a lifetime.
    Literal,
    /// One character of punctuation.
    Punctuation,
    /// A line comment without its line break, or a block comment.
    Comment,
}

/// A piece of source text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'s> {
    pub(super) kind: Kind,
    pub(super) text: &'s str,
    /// Counted from 1.
    pub(super) line: usize,
    /// Only spaces precede the token on its line.
    pub(super) begins_line: bool,
}

/// Splits a source file. Text that does not compile gives tokens too.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = source;
    let mut line = 1;
    let mut begins_line = true;
    while let Some(first) = rest.chars().next() {
        let mut length = first.len_utf8();
        if !first.is_whitespace() {
            let kind;
            (kind, length) = token(rest);
            tokens.push(Token { kind, text: &rest[..length], line, begins_line });
        }
        let (text, after) = rest.split_at(length);
        line += text.matches('\n').count();
        begins_line = first == '\n' || begins_line && first.is_whitespace();
        rest = after;
    }
    tokens
}

/// Returns the class and the length of the token at the beginning of `text`.
fn token(text: &str) -> (Kind, usize) {
    if text.starts_with("//") {
        return (Kind::Comment, text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return (Kind::Comment, block_comment(text));
    }
    if let Some(length) = string(text).or_else(|| character(text)) {
        return (Kind::Literal, length);
    }
    let name = text.strip_prefix("r#").unwrap_or(text);
    let name = name.trim_start_matches(|it: char| it.is_alphanumeric() || it == '_');
    let first = text.chars().next().map_or(0, char::len_utf8);
    match text.len() - name.len() {
        0 => (Kind::Punctuation, first),
        length => (Kind::Word, length),
    }
}

/// Returns the length of a block comment. Rust nests them.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        at += 2;
        if rest.starts_with(b"/*") {
            depth += 1;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        } else {
            at -= 1;
        }
    }
    text.len()
}

/// Returns the length of a string of any kind, if one is at the beginning of `text`.
fn string(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|it| text.starts_with(it))?;
    let mut quoted = &text[prefix.len()..];
    if prefix.ends_with('r') {
        let unhashed = quoted.trim_start_matches('#');
        let hashes = quoted.len() - unhashed.len();
        let content = unhashed.strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = content.find(&end).map_or(content.len(), |it| it + end.len());
        return Some(text.len() - content.len() + length);
    }
    quoted = quoted.strip_prefix('"')?;
    Some(text.len() - quoted.len() + quoted_length(quoted, b'"'))
}

/// Returns the length of a character or a lifetime, if one is at the beginning of `text`.
fn character(text: &str) -> Option<usize> {
    let quoted = text.strip_prefix("b'").or_else(|| text.strip_prefix('\''))?;
    let opening = text.len() - quoted.len();
    let mut characters = quoted.chars();
    let first = characters.next()?;
    if first == '\\' || characters.next() == Some('\'') {
        return Some(opening + quoted_length(quoted, b'\''));
    }
    let after = quoted.trim_start_matches(|it: char| it.is_alphanumeric() || it == '_');
    Some(text.len() - after.len())
}

/// Returns the length of quoted text with its closing quote. A backslash escapes one character.
fn quoted_length(text: &str, quote: u8) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if byte == quote && !is_escaped {
            return at + 1;
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    text.len()
}
