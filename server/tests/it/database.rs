//! Databases for tests: a SQLite file in a temporary folder, or a PostgreSQL database.

use std::path::PathBuf;

use appointments_server::store::{IfMissing, OpenOptions};
use tempfile::TempDir;

use crate::cluster::Cluster;

/// An empty database, which is deleted when this is dropped.
pub struct TestDatabase {
    folder: TempDir,
    cluster: Option<Cluster>,
}

impl TestDatabase {
    /// Creates a database of the kind that this run tests: SQLite, or PostgreSQL if
    /// `TEST_STORE=postgres` is set.
    pub async fn selected() -> Self {
        if is_postgres_selected() {
            Self::postgres().await.expect("PostgreSQL, because of TEST_STORE")
        } else {
            Self::sqlite()
        }
    }

    pub fn sqlite() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), cluster: None }
    }

    /// Returns `None` if PostgreSQL is not available.
    pub async fn postgres() -> Option<Self> {
        Some(Self { cluster: Some(Cluster::start().await?), ..Self::sqlite() })
    }

    /// Returns the value of `--database`.
    pub fn location(&self) -> PathBuf {
        match &self.cluster {
            Some(cluster) => PathBuf::from(&cluster.url),
            None => self.folder.path().join("appointments.db"),
        }
    }

    pub fn open_options(&self) -> OpenOptions {
        let Ok(database) = self.location().to_str().unwrap().parse();
        OpenOptions { database, connections: 8, if_missing: IfMissing::Create }
    }

    /// Returns the PostgreSQL server.
    pub fn cluster(&mut self) -> &mut Cluster {
        self.cluster.as_mut().expect("a database of PostgreSQL")
    }
}

/// Returns whether this run tests PostgreSQL.
fn is_postgres_selected() -> bool {
    std::env::var("TEST_STORE").is_ok_and(|it| it == "postgres")
}
