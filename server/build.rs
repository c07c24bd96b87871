//! Lists the files that the binary embeds: migrations, and the calendar page.
//!
//! The migrations are always embedded, the page if `cargo xtask page` has built it.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// The folder of the built page. It does not exist in a published package of this crate.
const PAGE: &str = "../web/dist";

fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("migrations.rs"), migrations()?)?;
    fs::write(Path::new(&out).join("page.rs"), page()?)?;
    Ok(())
}

/// Lists the migrations of each database: number, description and content.
fn migrations() -> Result<String, Box<dyn Error>> {
    println!("cargo:rerun-if-changed=migrations");
    let mut generated = String::new();
    for (constant, folder) in [("SQLITE", "sqlite"), ("POSTGRES", "postgres")] {
        writeln!(generated, "const {constant}: &[File] = &[")?;
        for (name, path) in files(&fs::canonicalize("migrations")?.join(folder))? {
            let stem = name.strip_suffix(".sql").ok_or("a migration is an .sql file")?;
            let (number, words) = stem.split_once('_').ok_or("a migration has a number")?;
            let number: i64 = number.parse()?;
            let description = words.replace('_', " ");
            writeln!(generated, "    ({number}, {description:?}, include_str!({path:?})),")?;
        }
        writeln!(generated, "];")?;
    }
    Ok(generated)
}

/// Lists the files of the calendar page, with their encodings.
fn page() -> Result<String, Box<dyn Error>> {
    let mut generated = "pub(super) const FILES: &[File] = &[\n".to_owned();
    if let Ok(folder) = fs::canonicalize(PAGE) {
        println!("cargo:rerun-if-changed={PAGE}");
        let is_encoding = |name: &str| name.ends_with(".br") || name.ends_with(".gz");
        for (name, path) in files(&folder)? {
            if name.starts_with('.') || is_encoding(&name) {
                continue;
            }
            let bytes = |ending: &str| format!("include_bytes!({:?})", format!("{path}{ending}"));
            let (plain, brotli, gzip) = (bytes(""), bytes(".br"), bytes(".gz"));
            let encodings =
                format!("(Some(\"br\"), {brotli}), (Some(\"gzip\"), {gzip}), (None, {plain})");
            writeln!(generated, "    File {{ name: {name:?}, encodings: &[{encodings}] }},")?;
        }
    }
    generated.push_str("];\n");
    Ok(generated)
}

/// Returns names and paths of the files in a folder, sorted.
fn files(folder: &Path) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| "a file name is not UTF-8")?;
        files.push((name, entry.path().display().to_string()));
    }
    files.sort();
    Ok(files)
}
