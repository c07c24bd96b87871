//! A PostgreSQL server of a test's own, from the binaries that are installed; or a database of the one that `DATABASE_URL` names.

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

use crate::world::PATIENCE;

/// A server that ends with this.
pub struct Cluster {
    server: Option<Server>,
    /// A database with nothing in it.
    pub url: String,
}

/// One that was started here.
struct Server {
    folder: TempDir,
    port: u16,
    running: Option<Child>,
}

impl Cluster {
    /// `None` where there is none to be had, which is said. In CI that is a failure.
    pub async fn start() -> Option<Self> {
        if let Ok(url) = std::env::var("DATABASE_URL") {
            return Some(Self { server: None, url: fresh_database(&url).await });
        }
        let Some(binaries) = binaries() else {
            let what = "PostgreSQL is not installed, and no DATABASE_URL is set";
            assert!(std::env::var_os("CI_NEEDS_POSTGRES").is_none(), "{what}");
            println!("SKIPPED: {what}");
            return None;
        };
        let template = template(&binaries);
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        run(Command::new("cp").arg("-r").arg(&template).arg(&data));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        own(folder.path());
        let mut server = Server { folder, port, running: None };
        server.start().await;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        Some(Self { server: Some(server), url })
    }

    /// Whether it may be stopped.
    pub fn is_ours(&self) -> bool {
        self.server.is_some()
    }

    /// It goes away, as in a crash.
    pub async fn crash(&mut self) {
        let server = self.server.as_mut().expect("a server of our own");
        server.stop(Signal::QUIT);
    }

    /// It comes back.
    pub async fn recover(&mut self) {
        self.server.as_mut().expect("a server of our own").start().await;
    }

    /// A number that it answers.
    pub async fn number(&self, sql: &str) -> i64 {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    /// Asks it something, past the store.
    pub async fn run(&self, sql: &str) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    }
}

impl Server {
    async fn start(&mut self) {
        let data = self.folder.path().join("data");
        let binaries = binaries().expect("as before");
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
            assert!(begin.elapsed() < PATIENCE, "PostgreSQL does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn stop(&mut self, how: Signal) {
        let Some(mut running) = self.running.take() else { return };
        let id = Pid::from_raw(running.id().try_into().unwrap()).unwrap();
        // (It may have ended.)
        let _ = kill_process(id, how);
        running.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop(Signal::QUIT);
    }
}

/// A new database of a server that is there already.
async fn fresh_database(url: &str) -> String {
    let name = format!("appointments_test_{}", Uuid::now_v7().simple());
    let mut connection = PgConnection::connect(url).await.expect("what DATABASE_URL names");
    let create = format!("create database {name}");
    query(sqlx::AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
    let (server, _) = url.rsplit_once('/').expect("a database in DATABASE_URL");
    format!("{server}/{name}")
}

/// Where `postgres` and `initdb` are.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    // Debian keeps them out of the way.
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|it| it.path().join("bin")));
    folders.into_iter().find(|it| it.join("postgres").exists() && it.join("initdb").exists())
}

/// A cluster with nothing in it, made once for all tests.
fn template(binaries: &Path) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres");
    fs::create_dir_all(&folder).unwrap();
    let lock = fs::File::create(folder.join("lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let (template, made) = (folder.join("template"), folder.join("made"));
    if !made.exists() {
        let _ = fs::remove_dir_all(&template);
        // Root's own folder may be closed to others, so it is made elsewhere and brought here.
        let elsewhere = tempfile::tempdir().unwrap();
        own(elsewhere.path());
        let data = elsewhere.path().join("data");
        let mut initdb = Command::new(binaries.join("initdb"));
        initdb.arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "-N"]);
        run(as_postgres(&mut initdb));
        run(Command::new("cp").arg("-r").arg(&data).arg(&template));
        fs::File::create(&made).unwrap().write_all(b"whole\n").unwrap();
    }
    template
}

/// PostgreSQL refuses root, so as root it is run as its own user.
fn as_postgres(command: &mut Command) -> &mut Command {
    if let Some((user, group)) = postgres_user() {
        command.uid(user).gid(group);
    }
    command.current_dir("/")
}

fn own(folder: &Path) {
    if postgres_user().is_some() {
        run(Command::new("chown").args(["-R", "postgres:postgres"]).arg(folder));
    }
}

/// Its ids, if this is root.
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
