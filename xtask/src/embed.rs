//! `cargo xtask embed`: the libraries for other languages, built as their users get them, and tried there with all recorded
//! cases.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{FULL, cargo, root, run, run_in};

/// What the examples ask.
const MODEL: &str = "examples/iris-svc.joblib";

pub fn embed(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [language] if language == "java" => java(),
        [language] if language == "node" => node(),
        _ => Err("expected the name of a language: java, node".to_owned()),
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
    copy(&root().join("target/release/deps").join(library("skiff_node")), &package.join("skiff.node"))?;
    let folder = root().join("target/node");
    run_in(&folder, npm(&["pack", "--silent", "./package"]))?;
    run_in(
        &project,
        npm(&["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", &format!("../{PACKED}")]),
    )?;
    run_in(&project, npm(&["exec", "--", "tsc"]))?;
    for script in [project.join("out/use.js"), package.join("example.js")] {
        let mut command = Command::new("node");
        command.arg(script).arg(MODEL).env("NODE_PATH", project.join("node_modules"));
        run(command)?;
    }
    eprintln!("the package is target/node/{PACKED}");
    Ok(())
}

/// Puts the classes and the library in one jar, and runs the example with it.
fn java() -> Result<(), String> {
    tests("skiff-java", "java")?;
    let sources = root().join("crates/skiff-java/java");
    let folder = root().join("target/java");
    // `Native.resource` says where it looks for the library; Java says how it calls this system.
    let native = folder.join("jar/native").join(java_platform()?);
    fs::create_dir_all(&native).map_err(|error| format!("{}: {error}", native.display()))?;
    let library = library("skiff_java");
    copy(&root().join("target/release/deps").join(&library), &native.join(&library))?;
    let mut compile = Command::new("javac");
    compile.args(["--release", "11", "-d", "target/java/jar"]);
    compile.args(files_in(&sources.join("io/github/skiffml"))?);
    run(compile)?;
    let mut jar = Command::new("jar");
    jar.args(["--create", "--file", "target/java/skiff-0.1.0.jar", "-C", "target/java/jar", "."]);
    run(jar)?;
    let mut example = Command::new("java");
    example.args(["-cp", "target/java/skiff-0.1.0.jar", "crates/skiff-java/java/Example.java", MODEL]);
    run(example)?;
    eprintln!("the jar is target/java/skiff-0.1.0.jar");
    Ok(())
}

/// `linux-amd64`, from the properties of the Java on this machine.
fn java_platform() -> Result<String, String> {
    let shown = Command::new("java").args(["-XshowSettings:properties", "-version"]).output();
    let shown = String::from_utf8_lossy(&shown.map_err(|error| format!("java: {error}"))?.stderr).into_owned();
    let property = |name: &str| {
        let line = shown.lines().find_map(|line| line.trim().strip_prefix(name)?.trim().strip_prefix("= "));
        line.map(str::to_owned).ok_or_else(|| format!("java: no property {name}"))
    };
    let system = property("os.name")?.split(' ').next().unwrap_or_default().to_lowercase();
    Ok(format!("{system}-{}", property("os.arch")?))
}

pub(super) fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.args(arguments);
    command
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(|_| ()).map_err(|error| format!("{}: {error}", from.display()))
}

/// Copies the files of a folder.
fn copy_all(from: &Path, to: &Path) -> Result<(), String> {
    files_in(from)?.iter().try_for_each(|path| copy(path, &to.join(path.file_name().unwrap_or_default())))
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    entries.map_err(|error| format!("{}: {error}", folder.display()))
}

/// The file name of a shared library on this system.
fn library(name: &str) -> String {
    format!("{}{name}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}
