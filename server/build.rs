//! Registers with cargo what the binary embeds, and lists the files of the calendar page.
//!
//! Migrations: `migrate!` does not notice new files by itself. The page: embedded if
//! `cargo xtask page` has built it.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// The folder of the built page. It does not exist in a published package of this crate.
const PAGE: &str = "../web/dist";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=migrations");
    let mut files = String::new();
    if let Ok(folder) = fs::canonicalize(PAGE) {
        println!("cargo:rerun-if-changed={PAGE}");
        let mut names: Vec<String> = fs::read_dir(&folder)?
            .filter_map(|it| it.ok()?.file_name().into_string().ok())
            .filter(|it| !it.starts_with('.') && !it.ends_with(".br") && !it.ends_with(".gz"))
            .collect();
        names.sort();
        for name in names {
            let bytes = |ending: &str| {
                let path = folder.join(format!("{name}{ending}")).display().to_string();
                format!("include_bytes!({path:?})")
            };
            let (plain, brotli, gzip) = (bytes(""), bytes(".br"), bytes(".gz"));
            let encodings =
                format!("(Some(\"br\"), {brotli}), (Some(\"gzip\"), {gzip}), (None, {plain})");
            writeln!(files, "    File {{ name: {name:?}, encodings: &[{encodings}] }},")?;
        }
    }
    let generated = format!("pub(super) const FILES: &[File] = &[\n{files}];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("page.rs"), generated)?;
    Ok(())
}
