//! The address of a database.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The address of a database: a SQLite file or a PostgreSQL URL.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL URL, which may contain a password.
    Server(String),
}

impl Database {
    pub(super) fn server(url: &str) -> Self {
        Self::Server(url.to_owned())
    }
}

impl From<&Path> for Database {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

/// Parses `postgres://…` and `postgresql://…` as a server, and anything else as a file.
impl FromStr for Database {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let is_server = text.starts_with("postgres://") || text.starts_with("postgresql://");
        Ok(if is_server { Self::Server(text.to_owned()) } else { Self::File(text.into()) })
    }
}

/// Writes the address without the password and without the query, which may contain one too.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(url) => {
                let url = url.split('?').next().unwrap_or_default();
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                let (credentials, host) = rest.rsplit_once('@').unwrap_or(("", rest));
                match credentials.split(':').next() {
                    Some("") | None => write!(f, "{scheme}://{host}"),
                    Some(user) => write!(f, "{scheme}://{user}@{host}"),
                }
            }
        }
    }
}

/// Hides the password as well, because settings may be logged.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_displayed() {
        for (text, expected) in [
            ("appointments.db", "appointments.db"),
            ("postgres://db.example.org/it", "postgres://db.example.org/it"),
            (
                "postgres://ada:s3:cr@et@db.example.org:5433/it",
                "postgres://ada@db.example.org:5433/it",
            ),
            ("postgresql://ada@[::1]/it?password=secret", "postgresql://ada@[::1]/it"),
        ] {
            let Ok(database) = text.parse::<Database>();
            assert_eq!(database.to_string(), expected);
            assert_eq!(format!("{database:?}"), expected);
        }
    }
}
