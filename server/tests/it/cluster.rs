//! PostgreSQL for tests: a server of their own from the installed binaries, or a new database on
//! the server that `DATABASE_URL` names.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection, query};
use tempfile::TempDir;
use uuid::Uuid;

use crate::world::TEST_TIMEOUT;

/// A database, and its server if it was started here. The server stops when this is dropped.
pub struct Cluster {
    server: Option<Server>,
    /// The URL of an empty database.
    pub url: String,
}

/// A PostgreSQL server that was started here.
struct Server {
    folder: TempDir,
    port: u16,
    running: Option<Child>,
}

impl Cluster {
    /// Returns `None`, and prints why, if PostgreSQL is not available. In CI that is a failure.
    pub async fn start() -> Option<Self> {
        if let Ok(url) = std::env::var("DATABASE_URL") {
            return Some(Self { server: None, url: fresh_database(&url).await });
        }
        let Some(binaries) = binaries() else {
            let reason = "PostgreSQL is not installed, and no DATABASE_URL is set";
            assert!(std::env::var_os("CI_NEEDS_POSTGRES").is_none(), "{reason}");
            println!("SKIPPED: {reason}");
            return None;
        };
        let template = template(&binaries);
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        run(Command::new("cp").arg("-r").arg(&template).arg(&data));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        give_to_postgres(folder.path());
        let mut server = Server { folder, port, running: None };
        server.start().await;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        Some(Self { server: Some(server), url })
    }

    /// Returns whether tests may stop and start the server.
    pub fn can_restart(&self) -> bool {
        self.server.is_some()
    }

    /// Stops the server as in a crash.
    pub async fn crash(&mut self) {
        let server = self.server.as_mut().expect("a server started here");
        server.stop(Signal::QUIT);
    }

    /// Starts the server again.
    pub async fn recover(&mut self) {
        self.server.as_mut().expect("a server started here").start().await;
    }

    /// Runs a query that returns one number, bypassing the store.
    pub async fn query_number(&self, sql: &str) -> i64 {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    /// Runs a statement, bypassing the store.
    pub async fn execute(&self, sql: &str) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    }
}

impl Server {
    async fn start(&mut self) {
        let data = self.folder.path().join("data");
        let binaries = binaries().expect("PostgreSQL is installed");
        let mut command = Command::new(binaries.join("postgres"));
        command.arg("-D").arg(&data).arg("-p").arg(self.port.to_string());
        command.arg("-k").arg(self.folder.path());
        for setting in [
            "listen_addresses=127.0.0.1",
            "fsync=off",
            "shared_buffers=32MB",
            "max_connections=200",
        ] {
            command.args(["-c", setting]);
        }
        as_postgres(&mut command).stdout(Stdio::null()).stderr(Stdio::null());
        self.running = Some(command.spawn().unwrap());
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres", self.port);
        let begin = Instant::now();
        while PgConnection::connect(&url).await.is_err() {
            assert!(begin.elapsed() < TEST_TIMEOUT, "PostgreSQL does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn stop(&mut self, how: Signal) {
        let Some(mut running) = self.running.take() else { return };
        let id = Pid::from_raw(running.id().try_into().unwrap()).unwrap();
        // The process may have ended already.
        let _ = kill_process(id, how);
        running.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop(Signal::QUIT);
    }
}

/// Creates a database on a running server.
async fn fresh_database(url: &str) -> String {
    let name = format!("appointments_test_{}", Uuid::now_v7().simple());
    let mut connection = PgConnection::connect(url).await.expect("what DATABASE_URL names");
    let create = format!("create database {name}");
    query(sqlx::AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    let (server, _) = url.rsplit_once('/').expect("a database in DATABASE_URL");
    format!("{server}/{name}")
}

/// Returns the folder of `postgres` and `initdb`.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    // Debian does not put them into PATH.
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|it| it.path().join("bin")));
    folders.into_iter().find(|it| it.join("postgres").exists() && it.join("initdb").exists())
}

/// Returns the folder of an empty cluster, which is created once for all tests.
fn template(binaries: &Path) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres");
    fs::create_dir_all(&folder).unwrap();
    let lock = fs::File::create(folder.join("lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let template = folder.join("template");
    let made = folder.join("made");
    if !made.exists() {
        let _ = fs::remove_dir_all(&template);
        // Root's folders may be inaccessible to `postgres`, so create it elsewhere and copy it.
        let elsewhere = tempfile::tempdir().unwrap();
        give_to_postgres(elsewhere.path());
        let data = elsewhere.path().join("data");
        let mut initdb = Command::new(binaries.join("initdb"));
        initdb.arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "-N"]);
        run(as_postgres(&mut initdb));
        run(Command::new("cp").arg("-r").arg(&data).arg(&template));
        fs::File::create(&made).unwrap().write_all(b"complete\n").unwrap();
    }
    template
}

/// Runs a command as the user `postgres` if this is root, since PostgreSQL refuses to run as root.
fn as_postgres(command: &mut Command) -> &mut Command {
    if let Some((user, group)) = postgres_user() {
        command.uid(user).gid(group);
    }
    command.current_dir("/")
}

fn give_to_postgres(folder: &Path) {
    if postgres_user().is_some() {
        run(Command::new("chown").args(["-R", "postgres:postgres"]).arg(folder));
    }
}

/// Returns the ids of the user `postgres`, if this is root.
fn postgres_user() -> Option<(u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let id = |what| {
        let output = Command::new("id").args([what, "postgres"]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    Some((id("-u")?, id("-g")?))
}

#[track_caller]
fn run(command: &mut Command) {
    let done = command.stdin(Stdio::null()).output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}
