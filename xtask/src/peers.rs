//! `cargo xtask peers`: exported models asked by the runtimes that they are exported for, the server's page in a
//! browser, folders exchanged with MLflow, models in the clusters of other engines, and models trained again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::embed::npm;
use super::{FULL, cargo, environment, environment_of, root, run, run_in, wheel};

/// The command that is asked.
const COMMAND: &str = "target/release/skiff";

/// What can be asked.
const PEERS: [&str; 22] = [
    "onnx",
    "pmml",
    "c",
    "go",
    "java",
    "javascript",
    "python",
    "rust",
    "duckdb",
    "postgres",
    "page",
    "mlflow",
    "spark",
    "ray",
    "datafusion",
    "ballista",
    "rebuild",
    "image",
    "registry",
    "wandb",
    "schemathesis",
    "triton",
];

pub fn peers(arguments: &[String]) -> Result<(), String> {
    if !arguments.first().is_some_and(|name| PEERS.contains(&name.as_str())) {
        return Err(format!("expected the name of a peer: {}", PEERS.join(", ")));
    }
    if arguments.first().is_some_and(|name| name == "mlflow") {
        return mlflow(&arguments[1..]);
    }
    if arguments.first().is_some_and(|name| name == "schemathesis") {
        return schemathesis();
    }
    if arguments.first().is_some_and(|name| name == "triton") {
        return triton();
    }
    if let Some(engine @ ("datafusion" | "ballista")) = arguments.first().map(String::as_str) {
        return sql(engine, &arguments[1..]);
    }
    let python = match arguments.first().map(String::as_str) {
        Some("pmml") => environment_of("target/pmml", "python/tests/requirements-pmml.txt")?,
        _ => environment()?,
    };
    run(cargo(&[&["build", "--release", "--package", "skiff-cli"], &FULL[..]].concat()))?;
    let mut command = Command::new(&python);
    match arguments.first().map(String::as_str) {
        Some("onnx") => {
            let old = recorded_onnx("old", &["--older"], &arguments[1..])?;
            let converted = recorded_onnx("converted", &["--convert"], &arguments[1..])?;
            command.args(["-B", "python/tests/onnx_cases.py", COMMAND, "docs/onnx.md"]);
            command.arg("--old").arg(old).arg("--converted").arg(converted)
        }
        Some("pmml") => {
            let mut pipelines = Command::new(&python);
            pipelines.args(["-B", "-W", "ignore", "python/tests/pmml_pipelines.py", COMMAND]);
            run(pipelines)?;
            command.args(["-B", "python/tests/pmml_cases.py", COMMAND, "docs/pmml.md"])
        }
        Some(language @ ("c" | "duckdb" | "go" | "java" | "javascript" | "postgres" | "python" | "rust")) => {
            command.args(["-B", "python/tests/source_cases.py", language, COMMAND])
        }
        Some("page") => {
            wheel(&python, "release")?;
            // The tests are not skipped where there is no Chromium.
            command.env("SKIFF_CHROMIUM", "required");
            command.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "python/tests/test_page.py"])
        }
        Some(engine @ ("spark" | "ray")) => {
            wheel(&python, "release")?;
            let packages: &[&str] = if engine == "spark" { &["pyspark", "mlflow", "psutil"] } else { &["ray[data]"] };
            let mut install = Command::new(&python);
            install.args(["-m", "pip", "install", "--quiet"]).args(packages);
            run(install)?;
            let mut example = Command::new(&python);
            example.args([
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "python/tests/test_docs.py",
                "-k",
                if engine == "spark" { "Spark" } else { "Ray" },
            ]);
            run(example)?;
            if engine == "spark" {
                let mut speed = Command::new(&python);
                speed.args(["-B", "benches/spark.py", "docs/scale.md"]);
                run(speed)?;
            }
            command.args(["-B", "python/tests/scale_cases.py", engine, "docs/scale.md"])
        }
        Some("rebuild") => {
            wheel(&python, "release")?;
            command.args(["-B", "python/tests/rebuild_cases.py", COMMAND, "docs/rebuild.md"])
        }
        Some(peer @ ("registry" | "wandb")) => {
            let (packages, script) = match peer {
                "registry" => (&["oras", "azure-storage-blob"][..], "oci_registry.py"),
                _ => (&["wandb"][..], "wandb_artifacts.py"),
            };
            let mut install = Command::new(&python);
            install.args(["-m", "pip", "install", "--quiet"]).args(packages);
            run(install)?;
            if peer == "registry" {
                azure(&python)?;
            }
            command.args(["-B", &format!("python/tests/{script}"), COMMAND])
        }
        Some("image") => {
            // A build of its own: scripts and macros that run while it is built cannot be static.
            let target = "x86_64-unknown-linux-gnu";
            let mut build = cargo(&["build", "--release", "--package", "skiff-cli", "--target", target]);
            build.env("RUSTFLAGS", "-C target-feature=+crt-static");
            run(build)?;
            command.args(["-B", "python/tests/image_run.py", &format!("target/{target}/release/skiff")])
        }
        other => return Err(format!("no test of the peer {other:?}")),
    };
    command.args(&arguments[1..]);
    command.env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
    run(command)
}

/// What the recorded cases are in an environment of its own: that of the oldest onnxruntime, or of skl2onnx.
fn recorded_onnx(name: &str, options: &[&str], families: &[String]) -> Result<PathBuf, String> {
    let python = environment_of(&format!("target/onnx/{name}"), &format!("python/tests/requirements-onnx-{name}.txt"))?;
    let found = root().join(format!("target/onnx/{name}.json"));
    let mut command = Command::new(python);
    command.args(["-B", "python/tests/onnx_cases.py", COMMAND, "docs/onnx.md"]).args(options).args(families);
    command.arg("--record").arg(&found).env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
    run(command)?;
    Ok(found)
}

/// Tests and asks `skiff-sql`, which has a workspace of its own.
fn sql(engine: &str, arguments: &[String]) -> Result<(), String> {
    let python = environment()?;
    wheel(&python, "release")?;
    run(cargo(&[&["build", "--release", "--package", "skiff-cli"], &FULL[..]].concat()))?;
    for step in ["test", "build"] {
        run_in(&root().join("sql"), cargo(&[step, "--workspace"]))?;
    }
    let mut command = Command::new(&python);
    command.args(["-B", "python/tests/sql_cases.py", engine, "sql/target/debug/skiff-sql", COMMAND, "docs/scale.md"]);
    command.args(arguments).env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
    run(command)
}

/// Exchanges model folders with MLflow, which has an environment of its own.
fn mlflow(arguments: &[String]) -> Result<(), String> {
    let python = environment_of("target/mlflow", "python/tests/requirements-mlflow.txt")?;
    wheel(&python, "release")?;
    run(cargo(&[&["build", "--release", "--package", "skiff-cli"], &FULL[..]].concat()))?;
    let mut command = Command::new(&python);
    command.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "python/tests/mlflow_cases.py"]).args(arguments);
    run(command)
}

/// Asks the server by its OpenAPI document; schemathesis has an environment of its own.
fn schemathesis() -> Result<(), String> {
    let python = environment_of("target/schemathesis", "python/tests/requirements-schemathesis.txt")?;
    run(cargo(&[&["build", "--release", "--package", "skiff-cli"], &FULL[..]].concat()))?;
    let mut command = Command::new(&python);
    command.args(["-B", "python/tests/schemathesis_cases.py", COMMAND, "docs/serve.md"]);
    run(command)
}

/// Keeps models in Azurite, the emulator of Azure's Blob Storage, which is an npm package.
fn azure(python: &Path) -> Result<(), String> {
    let folder = root().join("target/azurite");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    run_in(&folder, npm(&["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "azurite@3"]))?;
    let mut command = Command::new(python);
    command.args(["-B", "python/tests/azure_registry.py", COMMAND, "target/azurite/node_modules/.bin/azurite-blob"]);
    run(command)
}

/// Asks a real Triton and the server the same; Triton, from a wheel, and what it runs have an environment of their own.
fn triton() -> Result<(), String> {
    let triton = environment_of("target/triton", "python/tests/requirements-triton.txt")?;
    let python = environment()?;
    run(cargo(&[&["build", "--release", "--package", "skiff-cli"], &FULL[..]].concat()))?;
    wheel(&python, "release")?;
    let mut command = Command::new(&python);
    command.args(["-B", "python/tests/triton_cases.py", COMMAND]).arg(triton).arg("docs/serve.md");
    run(command)
}
