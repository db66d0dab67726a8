//! `cargo xtask peers`: exported models, asked by the runtimes that they are exported for.

use std::process::Command;

use super::{cargo, environment, run};

pub fn peers(arguments: &[String]) -> Result<(), String> {
    let python = environment()?;
    run(cargo(&["build", "--release", "--package", "skiff-cli"]))?;
    const COMMAND: &str = "target/release/skiff";
    let mut command = Command::new(python);
    match arguments.first().map(String::as_str) {
        Some("onnx") => command.args(["-B", "python/tests/onnx_cases.py", COMMAND, "docs/onnx.md"]),
        Some(language @ ("c" | "python")) => command.args(["-B", "python/tests/source_cases.py", language, COMMAND]),
        _ => return Err("expected the name of a target: onnx, c, python".to_owned()),
    };
    command.args(&arguments[1..]);
    command.env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
    run(command)
}
