//! Tells cargo of what is taken into the binary: migrations, of which `migrate!` sees only those it knew; and the
//! calendar page, if it was built (`cargo xtask page`).

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// Where the page is built. (In a package of this crate alone there is none.)
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
            let forms =
                format!("(Some(\"br\"), {brotli}), (Some(\"gzip\"), {gzip}), (None, {plain})");
            writeln!(files, "    File {{ name: {name:?}, forms: &[{forms}] }},")?;
        }
    }
    let generated = format!("pub(super) const FILES: &[File] = &[\n{files}];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("page.rs"), generated)?;
    Ok(())
}
