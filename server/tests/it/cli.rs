//! The command line: a command that fails prints one sentence, exits with 1, and leaves no files.

use std::path::Path;
use std::process::{Command, Output};

use appointments_server::config::Cli;
use clap::CommandFactory;
use serde_json::json;

use crate::database::TestDatabase;
use crate::process::{self, BINARY, query};
use crate::world::Subscription;

fn run(arguments: &[&str], database: &Path) -> Output {
    Command::new(BINARY).args(arguments).arg("--database").arg(database).output().unwrap()
}

/// Checks that the binary fails with a sentence that contains `expected`.
#[track_caller]
fn expect_failure(arguments: &[&str], database: &Path, expected: &str) {
    let output = run(arguments, database);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.starts_with("error: ") && error.lines().count() == 1, "one sentence: {error}");
    assert!(error.contains(expected), "{error}");
    assert!(output.stdout.is_empty());
}

const SERVE: &[&str] = &["--listen", "127.0.0.1:0"];

#[test]
fn a_missing_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("nowhere/it.db");
    expect_failure(SERVE, &missing, "nowhere does not exist");
    assert!(!missing.parent().unwrap().exists());
}

#[test]
fn a_folder_is_not_a_database() {
    let folder = tempfile::tempdir().unwrap();
    expect_failure(SERVE, folder.path(), "is not a file");
}

#[test]
fn another_file_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    std::fs::write(&file, "dear diary").unwrap();
    expect_failure(SERVE, &file, "is not a database of appointments-server");
    assert_eq!(std::fs::read(&file).unwrap(), b"dear diary");
}

#[tokio::test]
async fn another_programs_database_is_not_changed() {
    use sqlx::{ConnectOptions, Connection};
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut theirs = options.connect().await.unwrap();
    sqlx::query("create table diary (entry text)").execute(&mut theirs).await.unwrap();
    theirs.close().await.unwrap();
    let before = std::fs::read(&file).unwrap();
    expect_failure(SERVE, &file, "is not a database of appointments-server");
    assert_eq!(std::fs::read(&file).unwrap(), before, "not a byte has changed");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    use sqlx::{ConnectOptions, Connection};
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    assert!(run(&["migrate"], &file).status.success());
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
    let mut later = options.connect().await.unwrap();
    let newer =
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
        values (9999, 'from the future', true, zeroblob(48), 0)";
    sqlx::query(newer).execute(&mut later).await.unwrap();
    later.close().await.unwrap();
    expect_failure(SERVE, &file, "was written by a newer version");
    expect_failure(&["migrate"], &file, "was written by a newer version");
}

/// Root ignores permissions, so tests that run as root run the binary as `nobody`.
#[test]
fn a_read_only_file_is_an_error() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    assert!(run(&["migrate"], &file).status.success());
    let fresh = folder.path().join("fresh.db");
    let is_root = std::fs::metadata(folder.path()).unwrap().uid() == 0;
    // The build folder may be inaccessible to `nobody`, so copy the binary.
    let binary = folder.path().join("binary");
    std::fs::copy(BINARY, &binary).unwrap();
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&file, 0o444);
    mode(&binary, 0o555);
    mode(folder.path(), 0o555);
    for database in [&file, &fresh] {
        let mut command = Command::new(&binary);
        command.args(SERVE).arg("--database").arg(database);
        if is_root {
            command.uid(65_534).gid(65_534);
        }
        let output = command.output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains("cannot be written by this user"), "{error}");
    }
    mode(folder.path(), 0o755);
    assert!(!fresh.exists());
}

#[test]
fn a_port_in_use_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    expect_failure(&["--listen", &address], &file, "Could not listen on");
    assert!(!file.exists(), "nothing was created");
}

#[test]
fn a_public_address_needs_allow_anonymous() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    expect_failure(&["--listen", "0.0.0.0:0"], &file, "--allow-anonymous");
    assert!(!file.exists(), "nothing was created");
}

#[test]
fn an_invalid_log_filter_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    expect_failure(&["--listen", "127.0.0.1:0", "--log", "a=b=c"], &file, "--log");
    expect_failure(&["--listen", "127.0.0.1:0", "--log", "wran"], &file, "is not a level");
}

#[test]
fn restore_bump_needs_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    expect_failure(&["restore-bump"], &file, "There is no database");
    assert!(!file.exists());
}

#[test]
fn the_schema_is_printed() {
    let output = Command::new(BINARY).arg("schema").output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), appointments_server::graphql::sdl());
}

#[test]
fn every_flag_has_an_environment_variable() {
    for command in ["serve", "seed", "migrate", "backup", "copy", "restore-bump"] {
        let output = Command::new(BINARY).args([command, "--help"]).output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        let flags =
            help.lines().filter(|it| it.trim_start().starts_with("--") && !it.contains("--help"));
        let variables = help.matches("[env: ").count();
        assert_eq!(flags.count(), variables, "{help}");
    }
}

/// Checks each row of the table in docs/operating.md: flag, variable and default.
#[test]
fn the_operators_guide_lists_every_setting() {
    const PAGE: &str = include_str!("../../../docs/operating.md");
    let mut serve = Cli::command();
    serve.build();
    let serve = serve.find_subcommand("serve").unwrap();
    let mut settings = 0;
    for setting in serve.get_arguments().filter(|it| it.get_env().is_some()) {
        let (flag, variable) = (setting.get_long().unwrap(), setting.get_env().unwrap());
        let default = setting.get_default_values().iter().map(|it| it.to_str().unwrap());
        let default =
            default.filter(|it| *it != "false").map(|it| format!("`{it}` ")).collect::<String>();
        let row = format!("| `--{flag}` | `{}` | {default}| ", variable.to_str().unwrap());
        assert!(PAGE.contains(&row), "no row begins with {row}");
        settings += 1;
    }
    assert_eq!(PAGE.matches("\n| `--").count(), settings, "a row for an unknown setting");
}

/// Checks that the unit's binary and environment variables exist.
#[test]
fn the_systemd_unit_matches_the_binary() {
    const UNIT: &str = include_str!("../../../deploy/appointments-server.service");
    let set = UNIT.lines().filter_map(|it| it.strip_prefix("Environment=")?.split_once('='));
    let mut command = Command::new(BINARY);
    command.envs(set.filter(|(name, _)| *name != "APPOINTMENTS_DATABASE"));
    let folder = tempfile::tempdir().unwrap();
    let done = command.arg("migrate").env("APPOINTMENTS_DATABASE", folder.path().join("it.db"));
    assert!(done.output().unwrap().status.success());
    let run = UNIT.lines().find_map(|it| it.strip_prefix("ExecStart=")).unwrap();
    assert_eq!(Path::new(run).file_name(), Path::new(BINARY).file_name());
    assert!(UNIT.contains("Type=notify"), "see observability.rs");
}

#[tokio::test]
async fn seeding_twice_creates_the_demo_data_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    let seed = ["seed", "--from", "2026-10-21", "--weeks", "2"];
    let first = run(&seed, &file);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let output = String::from_utf8(first.stdout).unwrap();
    assert_eq!(output, "3 calendars with 264 appointments, from 2026-10-19 on\n");
    assert_eq!(String::from_utf8(run(&seed, &file).stdout).unwrap(), output);
    let process = process::start(&file).await;
    let query = "{ calendars { nodes { name overlaps appointmentsInRange(range: {
        start: \"2026-10-01T00:00:00Z\", end: \"2026-12-01T00:00:00Z\" }) { revision
        appointments { id } } } } }";
    let sent =
        appointments_testing::http_client().post(&process.url).json(&json!({ "query": query }));
    let response: serde_json::Value = sent.send().await.unwrap().json().await.unwrap();
    let nodes = response["data"]["calendars"]["nodes"].as_array().unwrap();
    let sizes: Vec<_> = nodes
        .iter()
        .map(|it| {
            let range = &it["appointmentsInRange"];
            let count = range["appointments"].as_array().unwrap().len();
            (it["name"].as_str().unwrap(), range["revision"].as_u64().unwrap(), count)
        })
        .collect();
    let expected = [("Ada", 8, 8), ("Clinic", 240, 240), ("Team", 16, 16)];
    assert_eq!(sizes, expected, "seeded twice, stored once");
}

#[tokio::test]
async fn restore_bump_resets_subscribers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    let process = process::start(&file).await;
    let mut subscription = Subscription::new(&process.url, json!({})).await;
    assert_eq!(subscription.next_summary().await, "BOOKMARK 0");
    assert_eq!(process.terminate().await.unwrap(), Some(0));
    assert!(run(&["restore-bump"], &file).status.success());
    let process = process::start(&file).await;
    let mut subscription = Subscription::new(&process.url, json!({ "after": 0 })).await;
    let event = subscription.next_event().await.unwrap();
    assert_eq!(event["kind"], "RESET");
    assert!(event["revision"].as_u64() > Some(1_000_000_000), "{event}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_running_server_is_consistent() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("it.db"), folder.path().join("copy.db"));
    let process = process::start(&file).await;
    let create = r#"mutation { createAppointment(input: { title: "It", 
        startsAt: "2026-11-23T09:00:00Z", endsAt: "2026-11-23T10:00:00Z" }) {
        error { message } } }"#;
    let range = r#"{ appointmentsInRange(
        range: { start: "2026-11-23T00:00:00Z", end: "2026-11-24T00:00:00Z" }) {
        revision appointments { id } } }"#;
    let writes = async {
        for _ in 0..200 {
            query(&process.url, create).await;
        }
    };
    let backup = async {
        // Back up in the middle of the writes.
        while query(&process.url, range).await["data"]["appointmentsInRange"]["revision"].as_u64()
            < Some(50)
        {}
        tokio::task::block_in_place(|| run(&["backup", copy.to_str().unwrap()], &file))
    };
    let (done, ()) = tokio::join!(backup, writes);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    expect_failure(&["backup", copy.to_str().unwrap()], &file, "already exists");
    expect_failure(
        &["backup", "elsewhere.db"],
        &folder.path().join("nothing.db"),
        "There is no database",
    );
    assert!(!folder.path().join("copy.db.partial").exists());
    let restored = process::start(&copy).await;
    let found = query(&restored.url, range).await["data"]["appointmentsInRange"].clone();
    let count = found["appointments"].as_array().unwrap().len();
    assert_eq!(found["revision"], json!(count), "the log matches the appointments");
    assert!(count > 0, "{count}");
    println!("{count} of 200 appointments were in the backup");
}

/// Rows, logs, ledger and directory are copied, so subscribers resume and retries are recognised.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_copied_to_postgresql_and_clients_resume() {
    let Some(database) = TestDatabase::postgres().await else { return };
    let to = database.location();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    assert!(run(&["seed", "--from", "2026-11-23", "--weeks", "2"], &file).status.success());
    let before = process::start(&file).await;
    let create = r#"mutation { createAppointment(input: { title: "“Ünïcode”\n\t\\ 👩‍👩‍👧", 
        startsAt: "2026-11-23T09:00:00Z", endsAt: "2026-11-23T09:30:00Z",
        mutationId: "01a204ed-0000-7000-8000-000000000001" })
        { appointment { id revision title } error { message } } }"#;
    let made = query(&before.url, create).await;
    assert_eq!(made["data"]["createAppointment"]["error"], json!(null), "{made}");
    let delete = format!(
        "mutation {{ deleteAppointment(input: {{ id: {} }}) {{ revision }} }}",
        query(&before.url, create).await["data"]["createAppointment"]["appointment"]["id"]
    );
    query(&before.url, &delete).await;
    let all = r#"{ calendars { nodes { id name revision overlaps appointmentsInRange(
        range: { start: "2026-11-01T00:00:00Z", end: "2027-01-01T00:00:00Z" }) { revision
        appointments { id title description location startsAt endsAt timeZone status
        attendees { email name response } revision createdAt updatedAt } } } } }"#;
    let was = query(&before.url, all).await;
    assert_eq!(before.terminate().await.unwrap(), Some(0));

    let copy = |from: &Path| {
        Command::new(BINARY)
            .arg("copy")
            .arg("--from")
            .arg(from)
            .arg("--to")
            .arg(&to)
            .output()
            .unwrap()
    };
    let done = tokio::task::block_in_place(|| copy(&file));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let output = String::from_utf8(done.stdout).unwrap();
    assert!(output.contains("rows copied") && output.contains("compared"), "{output}");
    let again = tokio::task::block_in_place(|| copy(&file));
    assert_eq!(again.status.code(), Some(1));
    let error = String::from_utf8(again.stderr).unwrap();
    assert!(error.contains("already contains calendars"), "{error}");

    let after = process::start(&to).await;
    assert_eq!(query(&after.url, all).await, was);
    assert_eq!(query(&after.url, create).await, made, "a retry returns the first result");
    let mut subscription = Subscription::new(&after.url, json!({ "after": 0 })).await;
    let mut events = Vec::new();
    while events.last().is_none_or(|it: &String| !it.starts_with("BOOKMARK")) {
        events.push(subscription.next_summary().await);
    }
    assert!(events.iter().any(|it| it.starts_with("DELETED")), "the log was copied: {events:?}");
}

/// sqlx creates its own table before the first migration.
#[tokio::test]
async fn an_interrupted_first_start_is_repeated() {
    use sqlx::{ConnectOptions, Connection};
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let mut half = options.connect().await.unwrap();
    let table =
        "create table _sqlx_migrations (version bigint primary key, description text not null,
        installed_on timestamp not null default current_timestamp, success boolean not null,
        checksum blob not null, execution_time bigint not null)";
    sqlx::query(table).execute(&mut half).await.unwrap();
    half.close().await.unwrap();
    assert!(run(&["migrate"], &file).status.success());
}

#[test]
fn the_ledger_must_not_be_shorter_than_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    expect_failure(
        &["--listen", "127.0.0.1:0", "--mutation-retention", "1h"],
        &file,
        "--mutation-retention",
    );
    assert!(!file.exists());
}

#[test]
fn a_boolean_variable_accepts_common_spellings() {
    for (value, code) in [("1", 1), ("true", 1), ("yes", 1), ("maybe", 2)] {
        let output = Command::new(BINARY)
            .env("APPOINTMENTS_ALLOW_ANONYMOUS", value)
            .args(["--listen", "127.0.0.1:0", "--database", "/nowhere/it.db"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{value}");
    }
}

#[tokio::test]
async fn the_log_has_mutation_ids_but_no_user_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.db");
    let mut child = tokio::process::Command::new(BINARY)
        .args(["--listen", "127.0.0.1:0", "--log", "debug", "--log-format", "json", "--database"])
        .arg(&file)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let url = {
        use tokio::io::{AsyncBufReadExt, BufReader};
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if let Some(url) = line.trim().strip_prefix("GraphQL ") {
                break url.trim().to_owned();
            }
        }
    };
    let id = crate::world::new_id();
    let query =
        "mutation Make($input: CreateAppointmentInput!) { createAppointment(input: $input) {
        appointment { id } } }";
    let input = json!({ "title": "a secret", "mutationId": id,
        "attendees": [{ "email": "ada@example.org" }],
        "startsAt": "2026-11-23T10:00:00Z", "endsAt": "2026-11-23T11:00:00Z" });
    let body = json!({ "query": query, "operationName": "Make", "variables": { "input": input } });
    appointments_testing::http_client().post(&url).json(&body).send().await.unwrap();
    child.kill().await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    let spans: Vec<serde_json::Value> = log
        .lines()
        .map(|it| serde_json::from_str::<serde_json::Value>(it).unwrap()["span"].clone())
        .filter(|it| it["mutation_id"] == json!(id))
        .collect();
    assert!(spans.iter().all(|it| it["name"] == "request" && it["operation"] == "Make"));
    assert!(!spans.is_empty(), "{log}");
    assert!(!log.contains("secret") && !log.contains("ada@"), "{log}");
}
