//! The calendar page, built: wasm from the browser's compiler, bound, shrunk, hashed, compressed, into `web/dist`, from
//! where the server's build takes it into the binary.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::run::{Result, checked, root, target};
use crate::wasm::{Compiler, TARGET};

/// What the page is called where it is built.
const NAME: &str = "appointments-page";
/// What wasm-opt may take for granted, as Rust does.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Builds it. `false`: there is nothing to do it with, which was said.
pub(crate) fn build() -> Result<bool> {
    let Some(compiler) = Compiler::find() else {
        eprintln!("The page is left out. {}", Compiler::MISSING);
        return Ok(false);
    };
    let folder = target()?.join("page");
    let mut cargo = compiler.cargo("build");
    cargo.args(["--profile", "page", "--package", NAME, "--target", TARGET, "--target-dir"]);
    checked(cargo.arg(&folder))?;
    let wasm = folder.join(TARGET).join("page").join(format!("{NAME}.wasm"));
    let stamp = stamp(&wasm)?;
    if fs::read_to_string(root().join("web/dist/.built")).is_ok_and(|it| it == stamp) {
        return Ok(true);
    }
    let bound = folder.join("bound");
    let mut bindgen = Bindgen::new();
    let bindgen = bindgen.input_path(&wasm).typescript(false).remove_name_section(true);
    let bindgen = bindgen.web(true).and_then(|it| it.out_name("page").generate(&bound));
    bindgen.map_err(|error| format!("wasm-bindgen: {error:#}"))?;
    shrink(&bound.join("page_bg.wasm"))?;
    pack(&bound)?;
    fs::write(root().join("web/dist/.built"), stamp).map_err(|error| error.to_string())?;
    Ok(true)
}

/// What it is made from; the same is not made again.
fn stamp(wasm: &Path) -> Result<String> {
    let mut all = Sha256::new();
    for file in [wasm, &root().join("web/page.css"), &root().join("web/index.html")] {
        all.update(read(file.to_owned())?);
    }
    all.update(root().join("web/node_modules").exists().to_string());
    Ok(hex(&all.finalize()))
}

fn hex(hash: &[u8]) -> String {
    hash.iter().take(8).map(|it| format!("{it:02x}")).collect()
}

/// Shrinks it, where wasm-opt is installed.
fn shrink(wasm: &Path) -> Result<()> {
    let installed = root().join("web/node_modules/.bin/wasm-opt");
    let Some(program) = [installed, "wasm-opt".into()].into_iter().find(|it| is_new_enough(it))
    else {
        eprintln!(
            "The page is larger than it need be: there is no wasm-opt (`npm ci` in web, or binaryen 116)."
        );
        return Ok(());
    };
    checked(Command::new(program).arg("-Oz").args(FEATURES).arg(wasm).arg("-o").arg(wasm))
}

/// Older ones (Debian 12 has 108) break what wasm-bindgen does with tables.
fn is_new_enough(wasm_opt: &Path) -> bool {
    let said = Command::new(wasm_opt).arg("--version").output();
    let said = said.map(|it| String::from_utf8_lossy(&it.stdout).into_owned()).unwrap_or_default();
    let version = said.split_whitespace().find_map(|it| it.parse::<u32>().ok());
    version.is_some_and(|it| it >= 116)
}

/// Names each file after its content, so that it can be kept for ever, and writes it with its compressed forms.
fn pack(bound: &Path) -> Result<()> {
    let (web, dist) = (root().join("web"), root().join("web/dist"));
    let failed = |error: std::io::Error| format!("{}: {error}", dist.display());
    fs::create_dir_all(&dist).map_err(failed)?;
    for old in
        fs::read_dir(&dist).map_err(failed)?.flatten().filter(|it| it.file_name() != ".gitkeep")
    {
        fs::remove_file(old.path()).map_err(failed)?;
    }
    let wasm = read(bound.join("page_bg.wasm"))?;
    let wasm = write(&dist, "page", "wasm", &wasm)?;
    let mut script = text(bound.join("page.js"))?;
    // It begins by itself: the page's policy allows no script inside of the document.
    script.push_str(&format!(
        "\n__wbg_init({{ module_or_path: new URL('{wasm}', import.meta.url) }});\n"
    ));
    let script = write(&dist, "page", "js", script.as_bytes())?;
    let style = write(&dist, "page", "css", &read(web.join("page.css"))?)?;
    let index = text(web.join("index.html"))?;
    let index = index.replace("{{script}}", &format!("/assets/{script}"));
    let index = index.replace("{{style}}", &format!("/assets/{style}"));
    let index = index.replace("{{wasm}}", &format!("/assets/{wasm}"));
    write_as(&dist, "index.html", index.as_bytes())
}

fn write(dist: &Path, stem: &str, kind: &str, content: &[u8]) -> Result<String> {
    let hash = hex(&Sha256::digest(content));
    let name = format!("{stem}-{hash}.{kind}");
    write_as(dist, &name, content)?;
    Ok(name)
}

/// A file, with its compressed forms beside it.
fn write_as(dist: &Path, name: &str, content: &[u8]) -> Result<()> {
    let failed = |error: std::io::Error| format!("{name}: {error}");
    let mut small = Vec::new();
    let mut brotli = brotli::CompressorWriter::new(&mut small, 4096, 11, 22);
    brotli.write_all(content).and_then(|()| brotli.flush()).map_err(failed)?;
    drop(brotli);
    let gzip = gzip(content).map_err(failed)?;
    println!("{name}: {} bytes, {} in brotli", content.len(), small.len());
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
