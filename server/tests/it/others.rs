//! Other people's clients, as their packages are, under Node.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::world::{PATIENCE, World};

/// What a script prints, line by line; nothing if its packages are not installed, which is said.
async fn run(script: &str, arguments: &[&str]) -> Option<Vec<Value>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    if !folder.join("node_modules").exists() {
        assert!(std::env::var_os("CI_NEEDS_CLIENTS").is_none(), "npm ci in server/tests/clients");
        println!("SKIPPED: other clients are not installed (npm ci in server/tests/clients)");
        return None;
    }
    let node = Command::new("node")
        .current_dir(folder)
        .arg(script)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let done = tokio::time::timeout(PATIENCE * 2, node.wait_with_output()).await;
    let done = done.expect("it should come to an end").unwrap();
    assert!(done.status.success(), "{script}: {}", done.status);
    let lines = String::from_utf8(done.stdout).unwrap();
    Some(lines.lines().map(|it| serde_json::from_str(it).unwrap()).collect())
}

#[tokio::test]
async fn every_audit_of_graphql_over_http() {
    let world = World::new().await;
    let Some(audits) = run("audits.mjs", &[&world.url("/graphql")]).await else { return };
    let failed: Vec<&Value> = audits.iter().filter(|it| it["status"] != "ok").collect();
    println!("{} audits, {} not ok", audits.len(), failed.len());
    assert!(audits.len() >= 60 && failed.is_empty(), "{failed:#?}");
}

#[tokio::test]
async fn graphql_sse_hears_every_change() {
    let world = World::new().await;
    for (title, slot) in [("One", "09:00-10:00"), ("Two", "10:00-11:00"), ("Three", "11:00-12:00")]
    {
        world.book(title, slot).await;
    }
    let Some(heard) = run("sse.mjs", &[&world.url("/graphql"), "4"]).await else { return };
    let said = |at: usize| (heard[at]["kind"].clone(), heard[at]["revision"].clone());
    assert_eq!(heard[0]["appointment"]["title"], "One");
    assert_eq!(said(2), (json!("CREATED"), json!(3)));
    assert_eq!(said(3), (json!("BOOKMARK"), json!(3)));
}
