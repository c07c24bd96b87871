//! Checks for texts. A text is stored byte for byte or refused; it is never trimmed or cut.

use email_address::{EmailAddress, Options};
use unicode_segmentation::UnicodeSegmentation;

/// Checks an appointment's title: 1 to 255 characters, not blank.
pub(super) fn check_title(text: String) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("Enter a title.".into());
    }
    check_length(text, 255, 64)
}

/// Checks a calendar's name: 1 to 255 characters, not blank.
pub(super) fn check_name(text: String) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("Enter a name.".into());
    }
    check_length(text, 255, 64)
}

/// Checks a description: at most 8,192 characters.
pub(super) fn check_description(text: String) -> Result<String, String> {
    check_length(text, 8_192, 8)
}

/// Checks a location: at most 1,024 characters.
pub(super) fn check_location(text: String) -> Result<String, String> {
    check_length(text, 1_024, 16)
}

/// Checks an attendee's name: at most 255 characters.
pub(super) fn check_attendee_name(text: String) -> Result<String, String> {
    check_length(text, 255, 64)
}

/// Checks an e-mail address (RFC 5321 and RFC 6531) without a display name.
pub(super) fn check_email(text: String) -> Result<String, String> {
    let options = Options::default().without_display_text();
    match EmailAddress::parse_with_options(&text, options) {
        Ok(_) => Ok(text),
        Err(_) => Err("Enter an e-mail address such as ada@example.org.".into()),
    }
}

/// Checks that a text has at most `limit` characters and no control characters.
///
/// A character is what a person counts as one (a grapheme of UAX #29), so a family emoji is one. A
/// single grapheme can carry any number of combining marks, so `bytes_per_character` also limits
/// the size.
fn check_length(text: String, limit: usize, bytes_per_character: usize) -> Result<String, String> {
    // Counting graphemes is slow, and a text of `limit` bytes has at most `limit` graphemes.
    let is_too_long = text.len() > limit
        && (text.len() > limit * bytes_per_character || text.graphemes(true).nth(limit).is_some());
    if is_too_long {
        return Err(format!("Use at most {limit} characters."));
    }
    if text.chars().any(|it| it.is_control() && it != '\n' && it != '\t') {
        return Err("Remove the control characters; only line breaks and tabs are allowed.".into());
    }
    Ok(text)
}
