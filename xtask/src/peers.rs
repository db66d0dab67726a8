//! `cargo xtask peers`: exported models, asked by the runtimes that they are exported for.

use std::process::Command;

use super::{cargo, environment, run};

pub fn peers(arguments: &[String]) -> Result<(), String> {
    let python = environment()?;
    run(cargo(&["build", "--release", "--package", "skiff-cli"]))?;
    let (script, page) = match arguments.first().map(String::as_str) {
        Some("onnx") => ("python/tests/onnx_cases.py", "docs/onnx.md"),
        _ => return Err("expected the name of a target: onnx".to_owned()),
    };
    let mut command = Command::new(python);
    command.args(["-B", script, "target/release/skiff", page]).args(&arguments[1..]);
    command.env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
    run(command)
}
