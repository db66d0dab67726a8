//! `cargo xtask embed`: the libraries for other languages, built as their users get them, and tried there with all recorded
//! cases.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{FULL, cargo, root, run, run_in};

pub fn embed(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [language] if language == "node" => node(),
        _ => Err("expected the name of a language: node".to_owned()),
    }
}

/// The tests of a crate with every recorded case, where the language must be there.
fn tests(package: &str, required: &str) -> Result<(), String> {
    // With the command and its features, so that the crates that it shares with this one are built once.
    let selected = ["test", "--release", "--package", "skiff-cli", "--package", package];
    let mut command = cargo(&[&selected[..], &FULL, &["--test", required, "--", "--nocapture"]].concat());
    command.env(format!("SKIFF_{}", required.to_uppercase()), "required").env("SKIFF_CASES", "");
    run(command)
}

/// What `npm pack` writes, by the version in package.json, which a test compares with the workspace's.
const PACKED: &str = "skiff-node-0.1.0.tgz";

/// Packs the npm package and installs it in a project, whose use of its types the TypeScript compiler checks.
fn node() -> Result<(), String> {
    tests("skiff-node", "node")?;
    let sources = root().join("crates/skiff-node");
    let (package, project) = (root().join("target/node/package"), root().join("target/node/project"));
    for folder in [&package, &project] {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    copy_all(&sources.join("npm"), &package)?;
    copy_all(&sources.join("tests/types"), &project)?;
    // The tests have built it.
    let prefix = if cfg!(windows) { "" } else { "lib" };
    let library = format!("{prefix}skiff_node{}", std::env::consts::DLL_SUFFIX);
    copy(&root().join("target/release/deps").join(library), &package.join("skiff.node"))?;
    let folder = root().join("target/node");
    run_in(&folder, npm(&["pack", "--silent", "./package"]))?;
    run_in(
        &project,
        npm(&["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", &format!("../{PACKED}")]),
    )?;
    run_in(&project, npm(&["exec", "--", "tsc"]))?;
    let model = root().join("examples/iris-svc.joblib");
    for script in [project.join("out/use.js"), package.join("example.js")] {
        let mut command = Command::new("node");
        command.arg(script).arg(&model).env("NODE_PATH", project.join("node_modules"));
        run(command)?;
    }
    eprintln!("the package is target/node/{PACKED}");
    Ok(())
}

fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.args(arguments);
    command
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(|_| ()).map_err(|error| format!("{}: {error}", from.display()))
}

/// Copies the files of a folder.
fn copy_all(from: &Path, to: &Path) -> Result<(), String> {
    let entries = fs::read_dir(from).map_err(|error| format!("{}: {error}", from.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| format!("{}: {error}", from.display()))?.path();
        copy(&path, &to.join(path.file_name().unwrap_or_default()))?;
    }
    Ok(())
}
