//! `cargo xtask peers`: exported models asked by the runtimes that they are exported for, the server's page in a
//! browser, folders exchanged with MLflow, models in the clusters of other engines, and models trained again.

use std::process::Command;

use super::{FULL, cargo, environment, environment_of, run, wheel};

/// The command that is asked.
const COMMAND: &str = "target/release/skiff";

pub fn peers(arguments: &[String]) -> Result<(), String> {
    if arguments.first().is_some_and(|name| name == "mlflow") {
        return mlflow(&arguments[1..]);
    }
    if arguments.first().is_some_and(|name| name == "schemathesis") {
        return schemathesis();
    }
    let python = match arguments.first().map(String::as_str) {
        Some("pmml") => environment_of("target/pmml", "python/tests/requirements-pmml.txt")?,
        _ => environment()?,
    };
    let features = match arguments.first().map(String::as_str) {
        Some("registry" | "wandb") => &FULL[..],
        _ => &[],
    };
    run(cargo(&[&["build", "--release", "--package", "skiff-cli"], features].concat()))?;
    let mut command = Command::new(&python);
    match arguments.first().map(String::as_str) {
        Some("onnx") => command.args(["-B", "python/tests/onnx_cases.py", COMMAND, "docs/onnx.md"]),
        Some("pmml") => {
            let mut pipelines = Command::new(&python);
            pipelines.args(["-B", "-W", "ignore", "python/tests/pmml_pipelines.py", COMMAND]);
            run(pipelines)?;
            command.args(["-B", "python/tests/pmml_cases.py", COMMAND, "docs/pmml.md"])
        }
        Some(
            language @ ("c" | "duckdb" | "go" | "java" | "javascript" | "postgres" | "python" | "rust"),
        ) => command.args(["-B", "python/tests/source_cases.py", language, COMMAND]),
        Some("page") => {
            wheel(&python, "release")?;
            // The tests are not skipped where there is no Chromium.
            command.env("SKIFF_CHROMIUM", "required");
            command.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "python/tests/test_page.py"])
        }
        Some(engine @ ("spark" | "ray")) => {
            wheel(&python, "release")?;
            let package = if engine == "spark" { "pyspark" } else { "ray[data]" };
            let mut install = Command::new(&python);
            install.args(["-m", "pip", "install", "--quiet", package]);
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
            command.args(["-B", "python/tests/scale_cases.py", engine, "docs/scale.md"])
        }
        Some("rebuild") => {
            wheel(&python, "release")?;
            command.args(["-B", "python/tests/rebuild_cases.py", COMMAND, "docs/rebuild.md"])
        }
        Some(peer @ ("registry" | "wandb")) => {
            let (package, script) =
                if peer == "registry" { ("oras", "oci_registry.py") } else { ("wandb", "wandb_artifacts.py") };
            let mut install = Command::new(&python);
            install.args(["-m", "pip", "install", "--quiet", package]);
            run(install)?;
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
        _ => return Err("expected the name of a target: onnx, c, duckdb, go, java, javascript, pmml, postgres, python, rust, page, mlflow, spark, ray, rebuild, image, registry, wandb, schemathesis".to_owned()),
    };
    command.args(&arguments[1..]);
    command.env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
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
