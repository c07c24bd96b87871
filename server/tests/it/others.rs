//! Other people's clients, as their packages are, under Node.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::world::{PATIENCE, World};

/// What a script prints, line by line; nothing if its packages are not installed, which is said.
async fn run(script: &str, arguments: &[&str]) -> Option<Vec<String>> {
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
        .env("URL", arguments[0])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let done = tokio::time::timeout(PATIENCE * 2, node.wait_with_output()).await;
    let done = done.expect("it should come to an end").unwrap();
    assert!(done.status.success(), "{script}: {}", done.status);
    let lines = String::from_utf8(done.stdout).unwrap();
    Some(lines.lines().map(str::to_owned).collect())
}

fn json(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|it| serde_json::from_str(it).unwrap()).collect()
}

#[tokio::test]
async fn every_audit_of_graphql_over_http() {
    let world = World::new().await;
    let Some(audits) = run("audits.mjs", &[&world.url("/graphql")]).await else { return };
    let audits = json(&audits);
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
    let heard = json(&heard);
    let said = |at: usize| (heard[at]["kind"].clone(), heard[at]["revision"].clone());
    assert_eq!(heard[0]["appointment"]["title"], "One");
    assert_eq!(said(2), ("CREATED".into(), 3.into()));
    assert_eq!(said(3), ("BOOKMARK".into(), 3.into()));
}

/// A block of docs/recipes.md, as people paste it.
async fn recipe(name: &str) {
    const RECIPES: &str = include_str!("../../../docs/recipes.md");
    let begin = format!("\n```js {name}\n");
    let (_, block) = RECIPES.split_once(&begin).expect("a recipe of that name");
    let (block, _) = block.split_once("\n```").unwrap();
    // Where its packages are found.
    let script = format!(".run-{name}.mjs");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(&script);
    std::fs::write(&file, block).unwrap();
    let world = World::new().await;
    let printed = run(&script, &[&world.url("/graphql")]).await;
    std::fs::remove_file(file).unwrap();
    let Some(printed) = printed else { return };
    let mut printed: Vec<&str> = printed.iter().map(String::as_str).collect();
    printed.dedup();
    assert_eq!(
        printed,
        ["Mine", "Mine Theirs 2"],
        "before the answer, and after a lost connection"
    );
    assert_eq!(world.revision().await, 2);
}

#[tokio::test]
async fn the_recipe_for_graphql_ws() {
    recipe("graphql-ws").await;
}

#[tokio::test]
async fn the_recipe_for_apollo() {
    recipe("apollo").await;
}

#[tokio::test]
async fn the_recipe_for_urql() {
    recipe("urql").await;
}
