//! Downloads GraphiQL from npm into `server/graphiql`. The server's build includes it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::page::gzip;
use crate::run::{Result, root, run_command, target};

/// The last GraphiQL that is one file, and the React that this version needs.
const PACKAGES: [&str; 3] = ["graphiql@4.1.2", "react@18.3.1", "react-dom@18.3.1"];

/// A file's path in its package, and its name in `server/graphiql`.
const FILES: [(&str, &str); 4] = [
    ("react/umd/react.production.min.js", "react.js"),
    ("react-dom/umd/react-dom.production.min.js", "react-dom.js"),
    ("graphiql/graphiql.min.js", "graphiql.js"),
    ("graphiql/graphiql.min.css", "graphiql.css"),
];

/// Downloads the files and writes them compressed.
pub(crate) fn download() -> Result<()> {
    let folder = target()?.join("graphiql");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"]).arg(&folder);
    run_command(npm.args(PACKAGES))?;
    let modules = folder.join("node_modules");
    let destination = root().join("server/graphiql");
    let failed = |error: std::io::Error| error.to_string();
    for (from, to) in FILES {
        let content = fs::read_to_string(modules.join(from)).map_err(failed)?;
        // The server does not serve source maps.
        let lines = content.lines().filter(|it| !it.contains("sourceMappingURL="));
        write(&destination, to, &lines.collect::<Vec<_>>().join("\n"))?;
    }
    write(&destination, "licences.txt", &licences(&modules, "")?)
}

/// Writes a file with gzip only, as every browser accepts it.
fn write(folder: &Path, name: &str, content: &str) -> Result<()> {
    let failed = |error: std::io::Error| format!("{name}: {error}");
    let gzip = gzip(content.as_bytes()).map_err(failed)?;
    println!("{name}: {} bytes, {} compressed", content.len(), gzip.len());
    fs::write(folder.join(format!("{name}.gz")), gzip).map_err(failed)
}

/// Returns the licences of all packages in the bundle, each below the package's name.
fn licences(modules: &Path, scope: &str) -> Result<String> {
    let mut names: Vec<String> = fs::read_dir(modules)
        .map_err(|error| error.to_string())?
        .filter_map(|it| it.ok()?.file_name().into_string().ok())
        .filter(|it| !it.starts_with('.'))
        .collect();
    names.sort();
    let mut all = String::new();
    for name in names {
        let package = modules.join(&name);
        if name.starts_with('@') {
            all += &licences(&package, &format!("{name}/"))?;
            continue;
        }
        let texts = ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "license", "License"];
        let text = texts
            .into_iter()
            .find_map(|it| fs::read_to_string(package.join(it)).ok())
            .unwrap_or_else(|| "See its package.".to_owned());
        all += &format!("{scope}{name}\n\n{}\n\n\n", text.trim());
    }
    Ok(all)
}
