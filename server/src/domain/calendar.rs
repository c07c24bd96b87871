//! Calendars: each has its own change log, conflict check and permissions.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CalendarId, Maybe, Revision, Zone};

/// A calendar at one revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// The calendar's id; it never changes.
    pub id: CalendarId,
    /// The revision of the last change of the calendar itself; 0 if there was none.
    pub revision: Revision,
    /// Whether requests without a calendar id use this calendar.
    pub is_default: bool,
    /// The fields that users edit.
    #[serde(flatten)]
    pub content: CalendarContent,
}

/// The fields of a calendar that users edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarContent {
    /// 1 to 255 characters, not blank.
    pub name: String,
    /// The chosen color. `None` means a color derived from the id.
    pub color: Option<Color>,
    /// The default zone of new appointments.
    pub time_zone: Zone,
    /// Whether appointments may overlap.
    pub overlaps: OverlapPolicy,
}

/// Whether appointments of a calendar may overlap. Cancelled appointments never conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OverlapPolicy {
    /// Appointments may overlap.
    Allow,
    /// A second appointment at the same time is refused.
    Reject,
}

/// The fields of a calendar that an update changes. `None` keeps the current value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "each field is the one of `CalendarContent`")]
pub struct CalendarEdits {
    pub name: Option<String>,
    pub color: Maybe<Color>,
    pub time_zone: Option<Zone>,
    pub overlaps: Option<OverlapPolicy>,
}

/// A color: red, green and blue, each 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color(u8, u8, u8);

impl Calendar {
    /// The chosen color, or one derived from the id.
    pub fn color(&self) -> Color {
        self.content.color.unwrap_or_else(|| {
            let sum: usize = self.id.0.as_bytes().iter().map(|it| usize::from(*it)).sum();
            PALETTE[sum % PALETTE.len()]
        })
    }
}

/// Colors that are easy to tell apart, each with a contrast of at least 4.5:1 against white.
const PALETTE: [Color; 8] = [
    Color(0x1d, 0x4e, 0xd8),
    Color(0xb9, 0x1c, 0x1c),
    Color(0x15, 0x80, 0x3d),
    Color(0x7e, 0x22, 0xce),
    Color(0xa1, 0x62, 0x07),
    Color(0x0f, 0x76, 0x6e),
    Color(0xbe, 0x18, 0x5d),
    Color(0x47, 0x55, 0x69),
];

impl CalendarContent {
    /// Returns the content after `edits`.
    pub fn with_edits(&self, edits: CalendarEdits) -> Self {
        Self {
            name: edits.name.unwrap_or_else(|| self.name.clone()),
            color: edits.color.apply_to(&self.color),
            time_zone: edits.time_zone.unwrap_or(self.time_zone),
            overlaps: edits.overlaps.unwrap_or(self.overlaps),
        }
    }
}

impl Color {
    /// Parses `#rrggbb` in either case. The error is a sentence for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        let byte = |at: usize| {
            let digits = text.get(at..at + 2)?;
            let hex = digits.bytes().all(|it| it.is_ascii_hexdigit());
            hex.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
        };
        let color = || Some(Self(byte(1)?, byte(3)?, byte(5)?));
        (text.len() == 7 && text.starts_with('#'))
            .then(color)
            .flatten()
            .ok_or_else(|| "Use a color such as #1d4ed8.".into())
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        color.to_string()
    }
}

impl TryFrom<String> for Color {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}
