//! Builds the calendar page into `web/dist`. The server's build includes it in the binary.
//!
//! The steps: compile to wasm, generate the bindings, shrink, name files by hash, compress.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::run::{Result, root, run_command, target};
use crate::wasm::{Compiler, TARGET};

/// The page's package.
const NAME: &str = "appointments-page";
/// Features of wasm that rustc uses, so that wasm-opt may use them too.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Builds the page. Prints a message and returns `false` if there is no compiler for it.
pub(crate) fn build() -> Result<bool> {
    let Some(compiler) = Compiler::find() else {
        eprintln!("SKIPPED the page. {}", Compiler::HOW_TO_INSTALL);
        return Ok(false);
    };
    let folder = target()?.join("page");
    let mut cargo = compiler.cargo("build");
    cargo.args(["--profile", "page", "--package", NAME, "--target", TARGET, "--target-dir"]);
    run_command(cargo.arg(&folder))?;
    let wasm = folder.join(TARGET).join("page").join(format!("{NAME}.wasm"));
    let stamp = stamp(&wasm)?;
    if fs::read_to_string(root().join("web/dist/.built")).is_ok_and(|it| it == stamp) {
        return Ok(true);
    }
    let bound = folder.join("bound");
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&wasm).typescript(false).remove_name_section(true);
    bindgen
        .web(true)
        .and_then(|it| it.out_name("page").generate(&bound))
        .map_err(|error| format!("wasm-bindgen: {error:#}"))?;
    shrink(&bound.join("page_bg.wasm"))?;
    pack(&bound)?;
    fs::write(root().join("web/dist/.built"), stamp).map_err(|error| error.to_string())?;
    Ok(true)
}

/// Returns a hash of the page's sources. A page with the same hash is not built again.
fn stamp(wasm: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    for file in [wasm, &root().join("web/page.css"), &root().join("web/index.html")] {
        hash.update(read(file.to_owned())?);
    }
    // With node_modules there is a wasm-opt, and the page becomes smaller.
    hash.update(root().join("web/node_modules").exists().to_string());
    Ok(hex(&hash.finalize()))
}

fn hex(hash: &[u8]) -> String {
    hash.iter().take(8).map(|it| format!("{it:02x}")).collect()
}

/// Shrinks a wasm file with wasm-opt. Prints a message if wasm-opt is not installed.
fn shrink(wasm: &Path) -> Result<()> {
    let installed = root().join("web/node_modules/.bin/wasm-opt");
    let Some(program) = [installed, "wasm-opt".into()].into_iter().find(|it| is_new_enough(it))
    else {
        eprintln!("SKIPPED wasm-opt: run `npm ci` in web, or install binaryen 116.");
        return Ok(());
    };
    run_command(Command::new(program).arg("-Oz").args(FEATURES).arg(wasm).arg("-o").arg(wasm))
}

/// Whether wasm-opt is version 116 or later. Older versions, such as 108 in Debian 12, break the
/// tables that wasm-bindgen makes.
fn is_new_enough(wasm_opt: &Path) -> bool {
    let Ok(output) = Command::new(wasm_opt).arg("--version").output() else {
        return false;
    };
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = output.split_whitespace().find_map(|it| it.parse::<u32>().ok());
    version.is_some_and(|it| it >= 116)
}

/// Writes each file and its compressed forms into `web/dist`. A file's name contains a hash of its
/// content, so browsers may cache it for ever.
fn pack(bound: &Path) -> Result<()> {
    let web = root().join("web");
    let dist = web.join("dist");
    let failed = |error: std::io::Error| format!("{}: {error}", dist.display());
    fs::create_dir_all(&dist).map_err(failed)?;
    for old in fs::read_dir(&dist).map_err(failed)?.flatten() {
        if old.file_name() != ".gitkeep" {
            fs::remove_file(old.path()).map_err(failed)?;
        }
    }
    let wasm = read(bound.join("page_bg.wasm"))?;
    let wasm = write(&dist, "page", "wasm", &wasm)?;
    let mut script = text(bound.join("page.js"))?;
    // The script starts itself: the page's security policy allows no script in the document.
    script.push_str(&format!(
        "\n__wbg_init({{ module_or_path: new URL('{wasm}', import.meta.url) }});\n"
    ));
    let script = write(&dist, "page", "js", script.as_bytes())?;
    let style = write(&dist, "page", "css", &read(web.join("page.css"))?)?;
    let index = text(web.join("index.html"))?
        .replace("{{script}}", &format!("/assets/{script}"))
        .replace("{{style}}", &format!("/assets/{style}"))
        .replace("{{wasm}}", &format!("/assets/{wasm}"));
    write_as(&dist, "index.html", index.as_bytes())
}

/// Writes a file with a hash in its name, and returns that name.
fn write(dist: &Path, stem: &str, kind: &str, content: &[u8]) -> Result<String> {
    let hash = hex(&Sha256::digest(content));
    let name = format!("{stem}-{hash}.{kind}");
    write_as(dist, &name, content)?;
    Ok(name)
}

/// Writes a file with its brotli and gzip forms.
fn write_as(dist: &Path, name: &str, content: &[u8]) -> Result<()> {
    let failed = |error: std::io::Error| format!("{name}: {error}");
    let mut small = Vec::new();
    let mut brotli = brotli::CompressorWriter::new(&mut small, 4096, 11, 22);
    brotli.write_all(content).and_then(|()| brotli.flush()).map_err(failed)?;
    drop(brotli);
    let gzip = gzip(content).map_err(failed)?;
    println!("{name}: {} bytes, {} with brotli", content.len(), small.len());
    for (ending, content) in [("", content), (".br", &small), (".gz", &gzip)] {
        fs::write(dist.join(format!("{name}{ending}")), content).map_err(failed)?;
    }
    Ok(())
}

pub(crate) fn gzip(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(content)?;
    gzip.finish()
}

fn read(path: PathBuf) -> Result<Vec<u8>> {
    fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}

fn text(path: PathBuf) -> Result<String> {
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
}
