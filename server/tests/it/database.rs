//! Where a world is kept: a file in a folder, or a database of PostgreSQL.

use std::path::PathBuf;

use appointments_server::store::{IfMissing, OpenOptions};
use tempfile::TempDir;

use crate::cluster::Cluster;

/// A database with nothing in it, which goes with this.
pub struct Home {
    folder: TempDir,
    cluster: Option<Cluster>,
}

impl Home {
    /// In the database of this run of the tests: a file, or with `TEST_STORE=postgres` a server's.
    pub async fn any() -> Self {
        match on_postgres() {
            true => Self::postgres().await.expect("PostgreSQL, as TEST_STORE says"),
            false => Self::file(),
        }
    }

    pub fn file() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), cluster: None }
    }

    /// `None` where there is no PostgreSQL, which was said.
    pub async fn postgres() -> Option<Self> {
        Some(Self { cluster: Some(Cluster::start().await?), ..Self::file() })
    }

    /// As `--database` takes it.
    pub fn database(&self) -> PathBuf {
        match &self.cluster {
            Some(cluster) => PathBuf::from(&cluster.url),
            None => self.folder.path().join("appointments.db"),
        }
    }

    pub fn open_options(&self) -> OpenOptions {
        let Ok(database) = self.database().to_str().unwrap().parse();
        OpenOptions { database, connections: 8, if_missing: IfMissing::Create }
    }

    /// The server of the database.
    pub fn cluster(&mut self) -> &mut Cluster {
        self.cluster.as_mut().expect("a database of PostgreSQL")
    }
}

/// Whether this run of the tests is on PostgreSQL.
fn on_postgres() -> bool {
    std::env::var("TEST_STORE").is_ok_and(|it| it == "postgres")
}
