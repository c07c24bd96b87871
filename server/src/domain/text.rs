//! What may be written in a text. Texts are stored byte for byte, or refused.

use email_address::{EmailAddress, Options};
use unicode_segmentation::UnicodeSegmentation;

/// Titles and names: 1 to 255 characters, not blank.
pub(super) fn title(text: String) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("must not be blank".into());
    }
    free(text, 255, 64)
}

pub(super) fn description(text: String) -> Result<String, String> {
    free(text, 8_192, 8)
}

pub(super) fn location(text: String) -> Result<String, String> {
    free(text, 1_024, 16)
}

pub(super) fn person(text: String) -> Result<String, String> {
    free(text, 255, 64)
}

/// A well-formed address (RFC 5321, internationalised by RFC 6531), without a display name.
pub(super) fn email(text: String) -> Result<String, String> {
    let options = Options::default().without_display_text();
    match EmailAddress::parse_with_options(&text, options) {
        Ok(_) => Ok(text),
        Err(_) => Err("must be an e-mail address such as ada@example.org".into()),
    }
}

/// A text of at most `limit` characters as a person counts them (UAX #29): a family emoji is one.
///
/// One such character may carry any number of combining marks, so their bytes are bounded too, at
/// `bytes` for each on average.
fn free(text: String, limit: usize, bytes: usize) -> Result<String, String> {
    // Counting graphemes is slow; no text of `limit` bytes has more of them.
    let too_long = text.len() > limit
        && (text.len() > limit * bytes || text.graphemes(true).nth(limit).is_some());
    if too_long {
        return Err(format!("must have at most {limit} characters; it is never cut"));
    }
    if text.chars().any(|it| it.is_control() && it != '\n' && it != '\t') {
        return Err("must have no control characters but newline and tab".into());
    }
    Ok(text)
}
