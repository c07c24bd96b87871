//! Third-party GraphQL clients under Node, Python and bash, and the recipes for them.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::world::{TEST_TIMEOUT, World};

/// Returns the folder of their packages.
fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// Returns whether packages are installed, and prints how to install them. In CI, missing ones
/// fail.
fn has(packages: &str, how: &str) -> bool {
    let has = clients().join(packages).exists();
    if !has {
        assert!(std::env::var_os("CI_NEEDS_CLIENTS").is_none(), "{how} in server/tests/clients");
        println!("SKIPPED: other clients are not installed ({how} in server/tests/clients)");
    }
    has
}

fn has_node() -> bool {
    has("node_modules", "npm ci")
}

/// Runs a program, and returns the lines that it prints.
async fn run(folder: &Path, program: &str, arguments: &[&str], url: &str) -> Vec<String> {
    let running = Command::new(program)
        .current_dir(folder)
        .args(arguments)
        .env("URL", url)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let done = tokio::time::timeout(TEST_TIMEOUT * 2, running.wait_with_output()).await;
    let done = done.expect("an end in time").unwrap();
    assert!(done.status.success(), "{program} {arguments:?}: {}", done.status);
    let lines = String::from_utf8(done.stdout).unwrap();
    lines.lines().map(str::to_owned).collect()
}

fn json(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|it| serde_json::from_str(it).unwrap()).collect()
}

#[tokio::test]
async fn all_audits_of_graphql_over_http_pass() {
    let world = World::new().await;
    if !has_node() {
        return;
    }
    let url = world.url("/graphql");
    let audits = json(&run(&clients(), "node", &["audits.mjs", &url], &url).await);
    let failed: Vec<&Value> = audits.iter().filter(|it| it["status"] != "ok").collect();
    println!("{} audits, {} not ok", audits.len(), failed.len());
    assert!(audits.len() >= 60 && failed.is_empty(), "{failed:#?}");
}

#[tokio::test]
async fn graphql_sse_receives_every_change() {
    let world = World::new().await;
    for (title, slot) in [("One", "09:00-10:00"), ("Two", "10:00-11:00"), ("Three", "11:00-12:00")]
    {
        world.book(title, slot).await;
    }
    if !has_node() {
        return;
    }
    let url = world.url("/graphql");
    let received = json(&run(&clients(), "node", &["sse.mjs", &url, "4"], &url).await);
    let event = |at: usize| (received[at]["kind"].clone(), received[at]["revision"].clone());
    assert_eq!(received[0]["appointment"]["title"], "One");
    assert_eq!(event(2), ("CREATED".into(), 3.into()));
    assert_eq!(event(3), ("BOOKMARK".into(), 3.into()));
}

/// A program from docs/recipes.md, in a folder of its own.
struct Recipe {
    folder: PathBuf,
    file: String,
}

impl Recipe {
    /// Writes the block that starts with this language and name to a file.
    fn paste(begin: &str, file: &str) -> Self {
        const RECIPES: &str = include_str!("../../../docs/recipes.md");
        let (_, block) = RECIPES.split_once(&format!("\n```{begin}\n")).expect("such a recipe");
        let (block, _) = block.split_once("\n```").unwrap();
        // Inside the folder of its packages, so that it finds them.
        let folder = clients().join(format!(".run-{}", file.replace('.', "-")));
        std::fs::create_dir_all(&folder).unwrap();
        let recipe = Self { folder, file: file.to_owned() };
        recipe.write(file, block);
        recipe
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.join(file), text).unwrap();
    }

    /// Runs the program against a new server, and checks its output: its own appointment before the
    /// response, and another one after a lost connection.
    async fn expect_works(self, program: &str) {
        let world = World::new().await;
        let mut printed = run(&self.folder, program, &[&self.file], &world.url("/graphql")).await;
        printed.dedup();
        assert_eq!(printed, ["Mine", "Mine Theirs 2"]);
        assert_eq!(world.revision().await, 2);
    }
}

impl Drop for Recipe {
    fn drop(&mut self) {
        // Leftovers are ignored by git and overwritten by the next run.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn the_recipe_for_graphql_ws() {
    if has_node() {
        Recipe::paste("js graphql-ws", "graphql-ws.mjs").expect_works("node").await;
    }
}

#[tokio::test]
async fn the_recipe_for_apollo() {
    if has_node() {
        Recipe::paste("js apollo", "apollo.mjs").expect_works("node").await;
    }
}

#[tokio::test]
async fn the_recipe_for_urql() {
    if has_node() {
        Recipe::paste("js urql", "urql.mjs").expect_works("node").await;
    }
}

#[tokio::test]
async fn the_recipe_for_relay() {
    if !has_node() {
        return;
    }
    let recipe = Recipe::paste("js relay", "relay.js");
    recipe.write("schema.graphql", &appointments_server::graphql::sdl());
    // As `npm pkg set` writes it. The compiler must ignore git, since this folder is inside a
    // repository.
    recipe.write(
        "package.json",
        r#"{"type": "module", "relay": {"src": ".", "schema": "schema.graphql",
            "language": "javascript", "noSourceControl": true}}"#,
    );
    let compiler = clients().join("node_modules/.bin/relay-compiler");
    run(&recipe.folder, compiler.to_str().unwrap(), &[], "").await;
    recipe.expect_works("node").await;
}

#[tokio::test]
async fn the_recipe_for_python() {
    if has("venv", "python3 -m venv venv && venv/bin/pip install -r requirements.txt") {
        let python = clients().join("venv/bin/python");
        Recipe::paste("python gql", "recipe.py").expect_works(python.to_str().unwrap()).await;
    }
}

#[tokio::test]
async fn the_recipe_for_curl() {
    let is_installed = std::process::Command::new("curl").arg("--version").output().is_ok();
    if !is_installed {
        assert!(std::env::var_os("CI_NEEDS_CLIENTS").is_none(), "curl is not installed");
        println!("SKIPPED: curl is not installed");
        return;
    }
    Recipe::paste("bash curl", "curl.sh").expect_works("bash").await;
}
