//! What is said to people: one sentence each. Pure, but for the zone, which is given.

use appointments_client::{Connection, DateTime, Refusal};
use chrono::NaiveDateTime;

/// Shows an instant as clocks on the wall do.
pub(crate) type Wall = fn(DateTime) -> NaiveDateTime;

/// Why something was taken back, and what is in the way.
pub(crate) fn refused(title: &str, refusal: &Refusal, wall: Wall) -> String {
    let title = if title.is_empty() { "The appointment" } else { title };
    match refusal {
        Refusal::SlotTaken { conflicts, count, .. } => {
            let what = match conflicts.first() {
                Some(it) => {
                    let name = it.appointment.as_ref().map_or("Something", |it| &it.title);
                    let (start, end) = (wall(it.starts_at), wall(it.ends_at));
                    format!(
                        "{name} is there from {} to {}",
                        start.format("%H:%M"),
                        end.format("%H:%M")
                    )
                }
                None => "the time is taken".to_owned(),
            };
            let more = if *count > 1 { format!(", and {} more", count - 1) } else { String::new() };
            format!("{title} was taken back: {what}{more}.")
        }
        Refusal::Conflict { current, .. } => {
            format!(
                "{title} was not changed: somebody else has changed it, it is now “{}”.",
                current.title
            )
        }
        Refusal::NotFound { .. } => format!("{title} was not changed: somebody has deleted it."),
        Refusal::Invalid { problems, message } => match problems.first() {
            Some(it) => format!("{title} was taken back: {} {}.", it.field, it.message),
            None => format!("{title} was taken back: {message}"),
        },
        Refusal::CalledOff => format!("{title} was called off before it was sent."),
        other => format!("{title} was taken back: {other}."),
    }
}

/// How it stands with the server, and how many changes wait.
pub(crate) fn standing(connection: Connection, waiting: usize, wall: Wall) -> String {
    let standing = match connection {
        Connection::Live => "Live".to_owned(),
        Connection::Polling => "Live, every few seconds".to_owned(),
        Connection::Idle | Connection::Connecting => "Connecting…".to_owned(),
        Connection::Offline { since } => {
            format!("Offline since {}", wall(since).format("%H:%M:%S"))
        }
    };
    match waiting {
        0 => standing,
        1 => format!("{standing} · 1 change waits"),
        count => format!("{standing} · {count} changes wait"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(at: DateTime) -> NaiveDateTime {
        at.naive_utc()
    }

    #[test]
    fn a_refusal_says_what_is_in_the_way() {
        let message = String::new();
        let conflicts = Vec::new();
        let taken = Refusal::SlotTaken { message, conflicts, count: 3 };
        assert_eq!(
            refused("Dentist", &taken, utc),
            "Dentist was taken back: the time is taken, and 2 more."
        );
        let gone = Refusal::NotFound { message: String::new() };
        assert_eq!(
            refused("", &gone, utc),
            "The appointment was not changed: somebody has deleted it."
        );
    }

    #[test]
    fn the_badge_says_since_when() {
        let since = "2026-11-23T09:30:05Z".parse().expect("an instant");
        assert_eq!(standing(Connection::Live, 0, utc), "Live");
        assert_eq!(
            standing(Connection::Offline { since }, 3, utc),
            "Offline since 09:30:05 · 3 changes wait"
        );
    }
}
